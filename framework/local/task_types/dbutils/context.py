"""The context of a notebook: which job, run and file it is part of."""

import json
from pathlib import Path
from typing import Any

from framework.core.errors import FrameworkError
from framework.local.task_types.dbutils.unavailable import Unavailable
from framework.local.task_types.invocation import Invocation


class Option:
    """A value that may be missing, with the methods of Scala's."""

    def __init__(self, name: str, value: str | None) -> None:
        self._name = name
        self._value = value

    def get(self) -> str:
        """The value. Raises FrameworkError when there is none."""
        if self._value is None:
            raise FrameworkError(f"a local run has no {self._name}", "use isDefined() or getOrElse(default)")
        return self._value

    def getOrElse(self, default: Any) -> Any:  # noqa: N802
        """The value, or ``default``."""
        return default if self._value is None else self._value

    def isDefined(self) -> bool:  # noqa: N802
        """Whether there is a value."""
        return self._value is not None

    def isEmpty(self) -> bool:  # noqa: N802
        """Whether there is none."""
        return self._value is None

    def toString(self) -> str:  # noqa: N802
        """As Scala shows it."""
        return "None" if self._value is None else f"Some({self._value})"

    __str__ = toString


class Tags:
    """The context's tags, with the methods of Scala's ``Map``."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> Option:
        """The tag, if there is one."""
        return Option(f"tag '{name}'", self._values.get(name))

    def apply(self, name: str) -> str:
        """The tag. Raises FrameworkError when there is none."""
        return self.get(name).get()

    def contains(self, name: str) -> bool:
        """Whether there is the tag."""
        return name in self._values


class Context:
    """What ``dbutils.notebook.getContext()`` gives; what a local run does not have raises FrameworkError."""

    def __init__(self, invocation: Invocation, file: Path) -> None:
        inside = str(file.relative_to(invocation.root)).removesuffix(file.suffix)
        # A wheel's task has no file.
        self._path = None if inside == "." else f"/{inside}"
        known = {
            "jobId": invocation.job_id,
            "runId": invocation.task_run_id,
            "currentRunId": invocation.task_run_id,
            "multitaskParentRunId": invocation.job_run_id,
            "jobName": invocation.pipeline,
            "taskKey": invocation.task_key,
        }
        self._tags = {name: value for name, value in known.items() if value}

    def notebookPath(self) -> Option:  # noqa: N802
        """The notebook's path in the bundle, without its suffix."""
        return Option("notebook path", self._path)

    def jobId(self) -> Option:  # noqa: N802
        """The job's id."""
        return self.tags().get("jobId")

    def currentRunId(self) -> Option:  # noqa: N802
        """The id of the task's run."""
        return self.tags().get("currentRunId")

    def tags(self) -> Tags:
        """``jobId``, ``runId``, ``multitaskParentRunId`` (the job's run), ``jobName`` and ``taskKey``."""
        return Tags(self._tags)

    def toJson(self) -> str:  # noqa: N802
        """All of it."""
        ids = {"currentRunId": {"id": self._tags["currentRunId"]}}
        return json.dumps({**ids, "extraContext": {"notebook_path": self._path}, "tags": self._tags})

    safeToJson = toJson  # noqa: N815

    def __getattr__(self, name: str) -> Any:
        return getattr(Unavailable("dbutils.notebook.getContext()"), name)
