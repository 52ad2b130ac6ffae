"""Loads a project's source files into local Delta tables, when the file is another one than was loaded before.

Parquet brings its types. Those of CSV and JSON are inferred from all values of a column: ``007`` becomes the number 7,
and one word among numbers makes the column a string. Where that matters, the source is to be a Parquet file. Damaged
rows are refused, never dropped or filled with nulls.
"""

import hashlib
import json
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING, Any

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import (
    DataError,
    FrameworkError,
    InvalidProject,
    LocalEngineError,
    ProjectCodeError,
    UsageError,
)
from framework.core.events import Listener, Note
from framework.core.identifiers import split_entrypoint
from framework.local import csv_files, source_files
from framework.resolve.resolved import ResolvedSource
from framework.runtime import project_code, spark_errors
from framework.spec.filling import from_environment

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RESULT_FILE = "sources.json"
_FINGERPRINT, _FILE = "framework.source.sha256", "framework.source.file"
_REFUSED_IN_NAMES = " ,;{}()\n\t="
_OPTIONS = {
    "csv": {
        "header": "true",
        "inferSchema": "true",
        "mode": "FAILFAST",
        "multiLine": "true",
        "escape": '"',
        "enforceSchema": "false",
    },
    "json": {"mode": "FAILFAST"},
    "parquet": {"mergeSchema": "true"},
}
_ADVICE = {
    "csv": "Is it a table with a header, in UTF-8, with commas between the values?",
    "json": "A JSON source has one object per line, in UTF-8; an array over several lines is not read.",
    "parquet": "Is the file whole? Copy or download it again.",
}


@dataclass(frozen=True, kw_only=True)
class Load:
    """One table to have in the warehouse: from ``path``, or made by ``sample``. ``sha256`` is empty for a sample."""

    table: str
    path: str
    sample: str
    sha256: str
    shown_as: str


def plan_loads(sources: Sequence[ResolvedSource], root: Path, listener: Listener) -> tuple[Load, ...]:
    """What to load. Raises InvalidProject for files that are missing, empty, unreadable or of an unknown format."""
    planned = [_planned(source, root) for source in sources]
    if findings := [finding for finding in planned if isinstance(finding, Diagnostic)]:
        raise InvalidProject(Diagnostics.of(findings))
    for source, load in zip(sources, planned, strict=True):
        if isinstance(load, Load) and load.sample:
            listener(
                Note(
                    f"{_two_parts(source)}: there is no {_shown(source.path, root)}, so a generated SAMPLE stands in "
                    "for it. The figures of this run say nothing about real data.",
                    warning=True,
                )
            )
    return tuple(load for load in planned if isinstance(load, Load))


def plan_again(
    before: Sequence[Load], sources: Sequence[ResolvedSource], root: Path, listener: Listener
) -> tuple[Load, ...]:
    """What to load for the repair of a run that had ``before``: its files with what they hold now, and what is new.

    A file that is gone is missed only where its table is not as it was loaded. Raises DataError, and as ``plan_loads``.
    """
    kept = {load.table: load for load in before if load.path}
    files = (replace(load, sha256=source_files.digest(Path(load.path)) or load.sha256) for load in kept.values())
    return (*files, *plan_loads([source for source in sources if source.table not in kept], root, listener))


def main(argv: Sequence[str]) -> int:
    """In the attempt's process: bring every table up to date and say in ``sources.json`` what was done."""
    result: dict[str, Any] = {"loaded": [], "error": None}
    try:
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.getOrCreate()
        for load in json.loads(argv[0]):
            if rows := bring_up_to_date(spark, Load(**load)):
                result["loaded"].append({"table": load["table"], "rows": rows})
    except FrameworkError as error:
        traceback.print_exc()  # into the attempt's log, with all that Spark said
        trace = error.user_traceback if isinstance(error, ProjectCodeError) else ""
        result["error"] = {"message": error.message, "hint": error.hint or trace}
    _write_result(result, Path(os.environ["FRAMEWORK_OUTBOX"]))
    return 1 if result["error"] else 0


def as_argument(loads: Sequence[Load]) -> str:
    """``loads`` as the argument of ``main``."""
    return json.dumps([asdict(load) for load in loads])


def read_result(directory: Path) -> list[dict[str, Any]]:
    """The tables that ``main`` loaded. Raises DataError with what it said, or LocalEngineError when it died."""
    try:
        result = json.loads((directory / RESULT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        full = directory.exists() and disk_usage(directory).free < 1 << 20
        message = "loading the sources failed" + (": the disk is full" if full else "")
        raise LocalEngineError(message, f"See {directory / 'stderr.log'}.") from None
    if result["error"]:
        raise DataError(result["error"]["message"], result["error"]["hint"])
    return list(result["loaded"])


def bring_up_to_date(spark: "SparkSession", load: Load) -> int:
    """The rows loaded, or 0 when the table already has this file's content. One commit, or none.

    Raises DataError for data that cannot be loaded as it is, ProjectCodeError for a sample function that fails.
    """
    fingerprint = load.sha256 or _sample_fingerprint(load.sample)
    if _loaded_fingerprint(spark, load.table) == fingerprint:
        return 0
    if not load.path:
        return _write(spark, _sample_rows(spark, load), load, fingerprint)
    path = Path(load.path)
    if not path.exists():
        raise DataError(f"{load.shown_as} is gone, and {load.table} is not what was loaded from it", "Put it back.")
    with source_files.plain_path(path) as plain, _explained(load, plain):
        count = _write(spark, _file_rows(spark, load, plain), load, fingerprint)
        if source_files.digest(path) != fingerprint:
            # What was loaded may be half of this and half of that: the next run is to load it again.
            spark.sql(f"alter table {load.table} unset tblproperties ('{_FINGERPRINT}')")
            hint = "Run again when it is not being written to."
            raise DataError(f"{load.shown_as} changed while it was being loaded", hint)
    return count


def _planned(source: ResolvedSource, root: Path) -> Load | Diagnostic:
    path = source.path
    try:
        path = path if source.given else _with_environment(source)
        sha256 = source_files.digest(path)
        if sha256 is not None:
            source_files.format_of(path)
            shown = _shown(source.path, root)
            return Load(table=source.table, path=str(path.absolute()), sample="", sha256=sha256, shown_as=shown)
        if source.sample:
            return Load(table=source.table, path="", sample=source.sample, sha256="", shown_as=source.sample)
        where = "Check the path given with" if source.given else "Put the file there, or name it with"
        raise DataError(f"there is no data file {source.path}", f"{where} --source.")
    except DataError as error:
        at = None if source.given else source.location
        # What the environment says is not for showing.
        message = error.message.replace(str(path), str(source.path))
        return Diagnostic(message, at, f"sources.{_two_parts(source)}", error.hint)


def _with_environment(source: ResolvedSource) -> Path:
    """The source's file. Raises DataError for a variable of the environment that is not set, or leads elsewhere."""
    written = str(source.path)
    try:
        text = from_environment(written)
    except UsageError as error:
        if source.sample:  # as for a file that is not there
            return source.path
        hint = f"Set it, or name the file: --source {_two_parts(source)}=PATH"
        raise DataError(error.message, hint) from None
    path = Path(text)
    if text != written and ("//" in text or ".." in path.parts):
        hint = f"It has to be a path below the project's directory, or: --source {_two_parts(source)}=PATH"
        raise DataError(f"what the environment says for {written} does not lie in the project", hint)
    return path


def _two_parts(source: ResolvedSource) -> str:
    return source.table.partition(".")[2]


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _write_result(result: dict[str, Any], directory: Path) -> None:
    draft = directory / f"{RESULT_FILE}.tmp"
    draft.write_text(json.dumps(result), encoding="utf-8")
    draft.replace(directory / RESULT_FILE)


def _sample_fingerprint(entrypoint: str) -> str:
    project_code.find(entrypoint)
    file = getattr(sys.modules[split_entrypoint(entrypoint)[0]], "__file__", None)
    code = Path(file).read_bytes() if file else b""
    return f"sample {entrypoint} {hashlib.sha256(code).hexdigest()}"


def _loaded_fingerprint(spark: "SparkSession", table: str) -> str:
    # One question, not first whether the table exists: this is all that an unchanged source costs in Spark.
    try:
        properties = spark.sql(f"show tblproperties {table}").collect()
    except Exception as error:
        if spark_errors.is_missing_table(error):
            return ""
        raise
    return next((str(row["value"]) for row in properties if row["key"] == _FINGERPRINT), "")


def _sample_rows(spark: "SparkSession", load: Load) -> "DataFrame":
    import pandas as pd

    made = project_code.call(load.sample, {}, {})
    if not isinstance(made, pd.DataFrame):
        raise DataError(f"{load.sample} returned a {type(made).__name__}, not a pandas DataFrame")
    if made.empty:
        raise _no_rows(load)
    with project_code.blamed_on(load.sample, "turning into a table what "):
        return spark.createDataFrame(made)


def _file_rows(spark: "SparkSession", load: Load, plain: str) -> "DataFrame":
    path = Path(load.path)
    kind = source_files.format_of(path)
    if kind == "csv":
        csv_files.refuse_damage(source_files.data_files(path), load.shown_as)
    return spark.read.format(kind).options(**_OPTIONS[kind]).load(plain)


@contextmanager
def _explained(load: Load, plain: str) -> Iterator[None]:
    """Spark reads late: what is wrong with a file shows when the block asks for columns, for a row, or writes."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{load.shown_as} cannot be read: {error.strerror}") from error
    except Exception as error:
        if not spark_errors.is_spark_error(error):
            raise
        text = spark_errors.full_text(error)
        if "No space left on device" in text:
            raise DataError(f"the disk is full: {load.table} was not loaded", "Make room and run again.") from error
        # A file that fails in the middle fails the write, which says so first.
        failed_read = re.search(r"\[FAILED_READ_FILE[^\n]*", text)
        reason = failed_read[0].strip() if failed_read else spark_errors.summary(error)
        for prefix in ("file://", "file:", ""):
            reason = reason.replace(prefix + plain, load.shown_as)
        advice = _ADVICE[source_files.format_of(Path(load.path))]
        raise DataError(f"{load.shown_as} cannot be loaded: {reason}", advice) from error


def _write(spark: "SparkSession", rows: "DataFrame", load: Load, fingerprint: str) -> int:
    """Replace the table by ``rows`` and return their number."""
    if refused := [repr(name) for name in rows.columns if set(name) & set(_REFUSED_IN_NAMES)]:
        hint = "Rename them: no space, comma, semicolon, bracket, equals sign, tab or line break."
        raise DataError(f"{load.shown_as} has columns that a Delta table cannot have: {', '.join(refused)}", hint)
    if not rows.columns or not rows.take(1):
        raise _no_rows(load)
    spark.sql(f"create schema if not exists {load.table.rpartition('.')[0]}")
    # Table and property in one commit: a load that dies half way is done again by the next run.
    writer = rows.writeTo(load.table).using("delta").tableProperty(_FINGERPRINT, fingerprint)
    writer.tableProperty(_FILE, load.shown_as).createOrReplace()
    return int(spark.table(load.table).count())


def _no_rows(load: Load) -> DataError:
    return DataError(f"{load.table} would be empty: {load.shown_as} has no rows", "Put a file with data there.")
