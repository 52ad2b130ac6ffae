"""One attempt of a task of ours that runs as a notebook: the notebook's code, and the ``dbutils`` that it is given."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from framework.core.errors import FrameworkError
from framework.local.task_types.dbutils.context import Context
from framework.local.task_types.dbutils.dbutils import DbUtils
from framework.local.task_types.dbutils.notebook import Notebook, NotebookExit
from framework.local.task_types.dbutils.secrets import Secrets
from framework.local.task_types.dbutils.task_values import TaskValues
from framework.local.task_types.dbutils.widgets import Widgets
from framework.local.task_types.files import LocalFiles
from framework.local.task_types.invocation import Invocation
from framework.local.task_types.notebooks import reading, running
from framework.local.task_types.notebooks.running import Surroundings
from framework.runtime import run_records


def main(argv: Sequence[str]) -> int:
    """Execute the notebook of the Invocation in ``argv[0]``; 0 on success, 1 on failure, and the record says why.

    The runtime keeps the record, as it does for a task that is no notebook; it opens the Spark session, too.
    """
    invocation = Invocation.from_json(argv[0])
    file = invocation.root / (invocation.file or "")
    notebook, dbutils = reading.read(file, invocation.root), _dbutils(invocation, file)
    try:
        running.run(notebook, Surroundings({"__name__": "__main__", "dbutils": dbutils}, dbutils, spark=None))
    except NotebookExit:
        return 0
    except FrameworkError:
        return 1
    return 0


def _dbutils(invocation: Invocation, file: Path) -> DbUtils:
    directory = run_records.outbox()
    if directory is None:
        raise FrameworkError(f"{run_records.OUTBOX} is not set", "tasks are started by the local run")
    return DbUtils(
        Widgets(invocation.parameters),
        TaskValues(directory, invocation.task_values),
        LocalFiles(invocation.files),
        Secrets(invocation.secrets),
        Notebook(_run_no_other, Context(invocation, file)),
    )


def _run_no_other(path: str, seconds: float, arguments: Mapping[str, str]) -> NoReturn:
    raise FrameworkError(f"a task with a kind runs no other notebook, such as {path}", "make a notebook_task of it")
