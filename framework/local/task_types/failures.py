"""What an attempt raised → the error in its record: one line with its place, what to do, and the user's own frames."""

import re
from pathlib import Path

from framework.core.errors import FrameworkError, ProjectCodeError
from framework.core.task_run import TaskError
from framework.runtime import spark_errors, user_frames

_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_NO_CONTEXT = {"sc", "sqlContext", "spark.sparkContext"}


def task_error(error: BaseException, root: Path, package: str = "") -> TaskError:
    """``error`` for the record; paths in its message are those from ``root``."""
    found = _described(error, user_frames.cut(error, package))
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
    if isinstance(error, SystemExit):
        return TaskError(kind, f"{place}the code ended with sys.exit({error.code!r})", "", trace)
    if isinstance(error, SyntaxError):
        return TaskError(kind, f"{error.filename}:{error.lineno}: {error.msg}", "", trace)
    if column := spark_errors.unresolved_column(error):
        near = f"closest columns: {', '.join(column.near)}" if column.near else ""
        return TaskError(kind, f"{place}there is no column '{column.name}'", near, trace)
    if worker := spark_errors.worker_error(error):
        return TaskError(
            kind, f"{place}a Spark worker raised {worker[1]}", "", user_frames.cut_text(worker[0]) or trace
        )
    text = repr(error.args[0]) if isinstance(error, KeyError) and error.args else spark_errors.summary(error)
    return TaskError(kind, f"{place}{kind}: {text}".rstrip(": "), _hint(error), trace)


def _place(trace: str) -> str:
    frames = list(_FRAME.finditer(trace))
    return f"{frames[-1]['file']}:{frames[-1]['line']}: " if frames else ""


def _hint(error: BaseException) -> str:
    if isinstance(error, NameError) and error.name in _NO_CONTEXT:
        return "there is no SparkContext here, nor on serverless: use spark (the SparkSession) and DataFrames"
    if isinstance(error, ModuleNotFoundError):
        return f"is the package '{(error.name or '').partition('.')[0]}' installed in the local environment?"
    if spark_errors.is_missing_table(error):
        return "locally catalog.schema.table is spark_catalog.catalog__schema.table: has a task written it?"
    return ""


def _relative(text: str, root: Path) -> str:
    return text.replace(f"{root}/", "")
