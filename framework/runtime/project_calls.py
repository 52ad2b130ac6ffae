"""A task's calls of the project's functions: inputs and parameters in, DataFrames out into tables."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from framework.core.errors import ProjectCodeError
from framework.core.task_run import TableVersion
from framework.runtime import project_code, table_writes
from framework.runtime.tables import Inputs
from framework.runtime.task import Task

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def call(entrypoint: str, inputs: Inputs, task: Task, **more: Any) -> Any:
    """Call the function with the tables, the parameters, ``more``, and the context if it asks for it.

    Raises ProjectCodeError, which says so when one of the tables is empty: a likely cause.
    """
    given = {**inputs.frames, **task.params, **more}
    try:
        return project_code.call(entrypoint, given, {"context": task.context})
    except ProjectCodeError as error:
        if not error.hint and (empty := inputs.empty()):
            error.hint = f"the table of argument '{empty[0]}' has no rows"
        raise


def frame(entrypoint: str, result: Any) -> "DataFrame":
    """``result`` if it is a DataFrame. Raises ProjectCodeError otherwise."""
    if not project_code.is_frame(result):
        raise project_code.wrong_return(entrypoint, "a Spark DataFrame", result)
    return result


def write(
    entrypoint: str | None,
    result: Any,
    table: str,
    mode: table_writes.Mode,
    task: Task,
    *,
    key: Sequence[str] = (),
    comments: Mapping[str, str] = MappingProxyType({}),
) -> TableVersion:
    """Write what the function returned. What its lazy query raises now is blamed on it, as if it had raised itself."""
    with project_code.blamed_on(entrypoint) if entrypoint else nullcontext():
        rows = frame(entrypoint, result) if entrypoint else result
        return table_writes.write(rows, table, mode, task, key=key, comments=comments)
