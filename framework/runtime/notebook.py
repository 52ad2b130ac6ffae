"""What the generated notebook of a task calls: its parameters in, its record out."""

from typing import Any

from framework.core.errors import FrameworkError
from framework.runtime import entrypoint
from framework.runtime.run_records import RECORD_LINE
from framework.runtime.task_values import InNotebook


def run(dbutils: Any) -> str:
    """Run one attempt as the notebook's parameters say; its record, which the notebook exits with.

    Raises FrameworkError when the task failed: only an exception makes a notebook fail.
    """
    argv = [f"--{name}={value}" for name, value in dbutils.widgets.getAll().items()]
    record = entrypoint.attempt(argv, InNotebook(dbutils))
    if error := record.error:
        raise FrameworkError(f"{error.type}: {error.message}", error.hint)
    return RECORD_LINE + record.to_json()
