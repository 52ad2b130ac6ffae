"""The file formats of notebooks: Databricks source (``.py``, ``.sql``) and Jupyter (``.ipynb``)."""

import json
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framework.core.errors import FrameworkError
from framework.core.notebook_source import COMMENTS, header
from framework.local.task_types.notebooks.cells import Language, RawCell

SUFFIXES = (".py", ".ipynb", ".sql")

_LANGUAGES: dict[str, Language] = {".py": "python", ".sql": "sql"}


def raw_cells(file: Path) -> list[RawCell]:
    """The cells of a notebook. Raises FrameworkError when the file is none."""
    if file.suffix not in SUFFIXES:
        raise FrameworkError(
            f"{file} is no notebook that runs locally", f"Python and SQL notebooks do: {', '.join(SUFFIXES)}"
        )
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise FrameworkError(f"the notebook {file} cannot be read: {reason}") from None
    if file.suffix == ".ipynb":
        return list(_jupyter(file, text))
    language, comment = _LANGUAGES[file.suffix], COMMENTS[file.suffix]
    # Not splitlines: it also splits at characters that Python allows inside of strings.
    lines = text.split("\n")
    if lines[0].rstrip() != (first := header(file.suffix)):
        raise FrameworkError(f"{file}:1: this file is no notebook", f"the first line of one is '{first}'")
    return list(_source(file, lines[1:], comment, language))


def _source(file: Path, every: list[str], comment: str, language: Language) -> Iterator[RawCell]:
    separator = re.compile(rf"{comment} COMMAND -+\s*$")
    lines: list[str] = []
    start = 2
    for number, line in enumerate([*every, f"{comment} COMMAND ---"], start=2):
        if not separator.match(line):
            lines.append(line)
            continue
        if any(lines):
            yield RawCell("\n".join(_unmarked(lines, comment)), str(file), start, language)
        lines, start = [], number + 1


def _unmarked(lines: list[str], comment: str) -> list[str]:
    """Without ``# MAGIC`` and titles, on the same lines as before."""
    magic, title = re.compile(rf"^{comment} MAGIC ?"), f"{comment} DBTITLE"
    return ["" if line.startswith(title) else magic.sub("", line) for line in lines]


def _jupyter(file: Path, text: str) -> Iterator[RawCell]:
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise FrameworkError(f"{file}:{error.lineno}: this notebook is not JSON: {error.msg}") from None
    try:
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
        name = _language(notebook.get("metadata") or {})
    except (KeyError, TypeError, AttributeError):
        raise FrameworkError(f"{file} is no Jupyter notebook of format 4", "save it again with Jupyter") from None
    if name not in ("python", "sql"):
        raise FrameworkError(f"{file} is a notebook in {name}", "only Python and SQL notebooks run locally")
    for number, (kind, source) in enumerate(cells, start=1):
        if kind != "code" or not source.strip():
            continue
        place = f"{file} cell {number}"
        # Python reads lines for a traceback from here; the file itself has them inside JSON.
        linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
        yield RawCell(source, place, 1, "sql" if name == "sql" else "python")


def _language(metadata: dict[str, Any]) -> str:
    own = metadata.get("application/vnd.databricks.v1+notebook") or {}
    kernel = metadata.get("language_info") or {}
    return str(own.get("language") or kernel.get("name") or "python").lower()
