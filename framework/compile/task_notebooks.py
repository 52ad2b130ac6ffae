"""Tasks of ours that run as a notebook: only code of a notebook can set a value that other tasks refer to.

The notebook is the same for all of them, and holds nothing: what it runs is told by its parameters.
"""

import json
from typing import Any

from framework.compile.bundle import RELEASE_PATH, Bundle
from framework.core.dynamic_values import references_in
from framework.core.notebook_source import header
from framework.resolve.resolved import ResolvedPipeline

FILE = "notebooks/task.py"
"""Where the notebook is in a release."""
PATH = f"{RELEASE_PATH}/{FILE.removesuffix('.py')}"
"""Its path in the workspace, where notebooks have no suffix."""
_TEXT = f"""{header(".py")}
# Made by `framework compile`: it runs any task whose values other tasks refer to. The task's parameters say which.
from framework.runtime.notebook import run

dbutils.notebook.exit(run(dbutils))  # noqa: F821
"""


def tasks_that_set_values(pipeline: ResolvedPipeline) -> frozenset[str]:
    """The keys of the tasks of ours to whose values conditions, loops and parameters of other tasks refer."""
    told = [
        [task.native, [parameter.value for parameter in task.params.values()], task.databricks]
        for task in pipeline.tasks
    ]
    named = (reference.split(".", 3) for reference in references_in(json.dumps(told, default=str)))
    read = {parts[1] for parts in named if parts[0] == "tasks" and parts[2:3] == ["values"]}
    return frozenset(task.task_key for task in pipeline.tasks if task.kind and task.task_key in read)


def is_notebook_of_ours(task: Any) -> bool:
    """Whether an official task runs this notebook."""
    return bool(task.notebook_task and task.notebook_task.notebook_path == PATH)


def notebook_files(bundle: Bundle) -> dict[str, str]:
    """The notebook by its path in a release, if a task of the bundle runs it."""
    jobs: Any = bundle.jobs.values()
    return {FILE: _TEXT} if any(is_notebook_of_ours(task) for job in jobs for task in job.tasks) else {}
