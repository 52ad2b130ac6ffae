"""``sql_task`` with a file: its statements in order, and the rows of the last that asks for some."""

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framework.core import durable
from framework.core.errors import FrameworkError
from framework.local.task_types import sql_statements
from framework.local.task_types.sql_statements import Statement

ROWS = 1000
"""Rows of an output that other tasks can refer to."""

LIMIT = 48 * 1024
"""Bytes of their JSON."""

FILE = "output.json"
"""In the attempt's directory: ``{"rows": [{column: value}], "truncated": bool}``."""

_logger = logging.getLogger("framework.sql")
_LEGACY = re.compile(r"\{\{\s*(\w[\w.-]*)\s*\}\}")


def run(spark: Any, file: Path, parameters: Mapping[str, str], directory: Path) -> None:
    """Run ``file`` and leave its output in ``directory``. Raises FrameworkError, with the statement that failed."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FrameworkError(f"the SQL file {file} cannot be read: {error}", "check sql_task.file.path") from None
    _refuse_unknown(text, str(file), parameters)
    every = sql_statements.parse(sql_statements.fill(text, _LEGACY, parameters), str(file), 1)
    output: dict[str, Any] | None = None
    for statement, frame in sql_statements.run(spark, every, parameters):
        if not (frame.columns and statement.asks):
            _logger.info("%s", statement.headline)
            continue
        output = sql_statements.blamed(statement, lambda f=frame: _output(f))  # type: ignore[misc]
        _report(statement, output)
    if output is not None:
        durable.keep(directory / FILE, json.dumps(output))


def _refuse_unknown(text: str, file: str, parameters: Mapping[str, str]) -> None:
    for line, code in enumerate((line.partition("--")[0] for line in text.splitlines()), 1):
        for found in _LEGACY.finditer(code):
            if found[1] not in parameters:
                known = ", ".join(sorted(parameters)) or "none"
                raise FrameworkError(f"{file}:{line}: there is no parameter '{found[1]}'", f"parameters: {known}")


def _output(frame: Any) -> dict[str, Any]:
    found = frame.limit(ROWS + 1).collect()
    rows: list[dict[str, Any]] = []
    size = 0
    for row in found[:ROWS]:
        plain = {name: _plain(value) for name, value in row.asDict(recursive=True).items()}
        size += len(json.dumps(plain)) + 2
        if size > LIMIT:
            break
        rows.append(plain)
    return {"rows": rows, "truncated": len(rows) < len(found)}


def _report(statement: Statement, output: Mapping[str, Any]) -> None:
    more = " and more" if output["truncated"] else ""
    _logger.info("%s: %s rows%s", statement.headline, f"{len(output['rows']):,}", more)


def _plain(value: Any) -> Any:
    """A value as JSON: numbers, truth and text stay, what JSON has no word for becomes text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)
