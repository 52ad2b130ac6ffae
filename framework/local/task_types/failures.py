"""What an attempt raised → the error in its record: one line with its place, what to do, and the user's own frames."""

import re
from pathlib import Path

from framework.core.errors import FrameworkError, ProjectCodeError
from framework.core.task_run import TaskError
from framework.runtime import raised, spark_errors, user_frames

_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_JAVA_STACK = re.compile(r"\n+JVM stacktrace:\n.*", re.DOTALL)
_WORKSPACE = re.compile(r"/(?:Volumes|dbfs)/")
_NO_CONTEXT = {"sc", "sqlContext", "spark.sparkContext"}


def task_error(error: BaseException, root: Path, package: str = "") -> TaskError:
    """``error`` for the record; paths in its message are those from ``root``."""
    found = _described(error, _JAVA_STACK.sub("", user_frames.cut(error, package)))
    return TaskError(found.type, _relative(found.message, root), _relative(found.hint, root), found.traceback)


def is_failure(exit_: SystemExit) -> bool:
    """Whether a script that ends so has failed, as for any Python process."""
    return exit_.code not in (None, 0)


def _described(error: BaseException, trace: str) -> TaskError:
    kind, place = type(error).__name__, _place(trace)
    if isinstance(error, ProjectCodeError):
        return TaskError(kind, error.message, error.hint, error.user_traceback or trace)
    if isinstance(error, FrameworkError):
        return TaskError(kind, f"{place}{error.message}", error.hint, trace)
    if worker := spark_errors.worker_error(error):
        text, last = worker
        return TaskError(kind, f"{place}a Spark worker raised {last}", "", user_frames.cut_text(text) or trace)
    if isinstance(error, SyntaxError):
        return TaskError(kind, f"{error.filename}:{error.lineno}: {error.msg}", "", trace)
    return TaskError(kind, place + _text(error), _hint(error), trace)


def _text(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the code ended with sys.exit({error.code!r})"
    if column := spark_errors.unresolved_column(error):
        return f"there is no column '{column.name}'"
    return raised.one_line(error)


def _place(trace: str) -> str:
    frames = list(_FRAME.finditer(trace))
    return f"{frames[-1]['file']}:{frames[-1]['line']}: " if frames else ""


def _hint(error: BaseException) -> str:
    if isinstance(error, NameError | ModuleNotFoundError | FileNotFoundError):
        return _hint_at_name(error)
    if column := spark_errors.unresolved_column(error):
        return f"closest columns: {', '.join(column.near)}" if column.near else ""
    if "NO_HANDLER_FOR_EXTENSION" in str(error):
        return "DeltaTable is not available locally: use SQL (MERGE INTO, UPDATE, DELETE) or DataFrame.mergeInto"
    if spark_errors.is_missing_table(error):
        return "locally catalog.schema.table is spark_catalog.catalog__schema.table: has a task written it?"
    return ""


def _hint_at_name(error: NameError | ModuleNotFoundError | FileNotFoundError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"is the package '{(error.name or '').partition('.')[0]}' installed in the local environment?"
    if isinstance(error, FileNotFoundError) and _WORKSPACE.match(str(error.filename or "")):
        copy = f"dbutils.fs.cp('{error.filename}', 'file:/tmp/…')"
        return f"here Spark and dbutils.fs know /Volumes, Python's open does not: {copy} first works in both places"
    if isinstance(error, NameError) and error.name in _NO_CONTEXT:
        return "there is no SparkContext here, nor on serverless: use spark (the SparkSession) and DataFrames"
    return ""


def _relative(text: str, root: Path) -> str:
    return text.replace(f"{root}/", "")
