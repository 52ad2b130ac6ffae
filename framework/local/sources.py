"""Loads a project's source files into local Delta tables, when the file is another one than was loaded before."""

import hashlib
import importlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import DataError, FrameworkError, InvalidProject, LocalEngineError
from framework.core.events import Listener, Note
from framework.core.identifiers import split_entrypoint
from framework.resolve.resolved import ResolvedSource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RESULT_FILE = "sources.json"
_FINGERPRINT = "framework.source.sha256"
_READERS = {".parquet": "parquet", ".csv": "csv", ".json": "json"}


@dataclass(frozen=True, kw_only=True)
class Load:
    """One table to have in the warehouse: from ``path``, or made by ``sample``. ``sha256`` is empty for a sample."""

    table: str
    path: str
    sample: str
    sha256: str
    shown_as: str


def plan_loads(sources: Sequence[ResolvedSource], root: Path, listener: Listener) -> tuple[Load, ...]:
    """What to load. Raises InvalidProject for files that are missing, empty or of an unknown format."""
    findings = [finding for source in sources if (finding := _problem(source))]
    if findings:
        raise InvalidProject(Diagnostics.of(findings))
    return tuple(_load_of(source, root, listener) for source in sources)


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
        result["error"] = {"message": error.message, "hint": error.hint}
    (Path(os.environ["FRAMEWORK_OUTBOX"]) / RESULT_FILE).write_text(json.dumps(result), encoding="utf-8")
    return 1 if result["error"] else 0


def as_argument(loads: Sequence[Load]) -> str:
    """``loads`` as the argument of ``main``."""
    return json.dumps([asdict(load) for load in loads])


def read_result(directory: Path) -> list[dict[str, Any]]:
    """The tables that ``main`` loaded. Raises what it raised, or LocalEngineError when it died."""
    try:
        result = json.loads((directory / RESULT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LocalEngineError("loading the sources failed", f"See {directory / 'stderr.log'}.") from None
    if result["error"]:
        raise DataError(result["error"]["message"], result["error"]["hint"])
    return list(result["loaded"])


def bring_up_to_date(spark: "SparkSession", load: Load) -> int:
    """The rows loaded, or 0 when the table already has this file's content. One commit, or none."""
    fingerprint = load.sha256 or _sample_fingerprint(load.sample)
    if _loaded_fingerprint(spark, load.table) == fingerprint:
        return 0
    rows = _rows_of(spark, load)
    count = rows.count()
    if not count:
        raise DataError(f"{load.table} would be empty: {load.shown_as} has no rows", "Put a file with data there.")
    catalog_schema = load.table.rpartition(".")[0]
    spark.sql(f"create schema if not exists {catalog_schema}")
    # Table and property in one commit: a load that dies half way is done again by the next run.
    rows.writeTo(load.table).using("delta").tableProperty(_FINGERPRINT, fingerprint).createOrReplace()
    return int(count)


def _problem(source: ResolvedSource) -> Diagnostic | None:
    at = None if source.given else source.location
    shown = f"sources.{source.table.partition('.')[2]}"
    if source.path.exists():
        if source.path.suffix in _READERS:
            return None
        hint = f"A local run reads {', '.join(_READERS)}."
        return Diagnostic(f"{source.path} has a format that is not known", at, shown, hint)
    if source.sample:
        return None
    hint = "Check the path given with --source." if source.given else "Put the file there, or name it with --source."
    return Diagnostic(f"there is no data file {source.path}", at, shown, hint)


def _load_of(source: ResolvedSource, root: Path, listener: Listener) -> Load:
    shown = _shown(source.path, root)
    if source.path.exists():
        digest = _sha256(source.path)
        return Load(table=source.table, path=str(source.path.resolve()), sample="", sha256=digest, shown_as=shown)
    listener(
        Note(
            f"{source.table.partition('.')[2]}: there is no {shown}, so a generated SAMPLE stands in for it. "
            "The figures of this run say nothing about real data.",
            warning=True,
        )
    )
    return Load(table=source.table, path="", sample=source.sample, sha256="", shown_as=source.sample)


def _rows_of(spark: "SparkSession", load: Load) -> "DataFrame":
    if not load.path:
        module, function = split_entrypoint(load.sample)
        return spark.createDataFrame(getattr(importlib.import_module(module), function)())
    path = Path(load.path)
    options = {"header": "true", "inferSchema": "true"} if path.suffix == ".csv" else {}
    try:
        return spark.read.format(_READERS[path.suffix]).options(**options).load(load.path)
    except Exception as error:  # Spark's own classes differ between versions and between classic and Connect
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{load.shown_as} cannot be read as {path.suffix[1:]}: {reason}", "Is the file whole?"
        ) from error


def _loaded_fingerprint(spark: "SparkSession", table: str) -> str:
    if not spark.catalog.tableExists(table):
        return ""
    found = spark.sql(f"show tblproperties {table}").where(f"key = '{_FINGERPRINT}'").collect()
    return str(found[0]["value"]) if found else ""


def _sample_fingerprint(entrypoint: str) -> str:
    module = importlib.import_module(split_entrypoint(entrypoint)[0])
    code = Path(str(sys.modules[module.__name__].__file__)).read_bytes()
    return f"sample {entrypoint} {hashlib.sha256(code).hexdigest()}"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
