"""What the project's code may know about the run that it is part of."""

import datetime
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from framework.runtime import secrets
from framework.runtime.task_values import SetTaskValue, nowhere

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, kw_only=True)
class TaskContext:
    """Given to a function that has a ``context`` argument; everything has a default, so a test can make one.

    ``parameters`` are all parameters of the run as strings, ``logical_date`` is the date that the run is about,
    ``tags`` are the task's tags; ``backfill`` says that the run makes up for a date in the past.
    ``set_task_value(key, value)`` leaves a small JSON value for tasks that refer to it, such as conditions and loops.
    """

    job_run_id: str = ""
    task_run_id: str = ""
    attempt: int = 1
    project: str = ""
    pipeline: str = ""
    target: str = "local"
    task_key: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    logical_date: datetime.date | None = None
    backfill: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    set_task_value: SetTaskValue = nowhere
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("framework.task"))

    @property
    def spark(self) -> "SparkSession":
        """The session of this process."""
        from pyspark.sql import SparkSession

        return SparkSession.builder.getOrCreate()

    def secret(self, scope: str, key: str) -> str:
        """A secret of the workspace's scopes; on one's own machine of the environment, or of a file that git ignores.

        It is redacted wherever the task tells something. Raises FrameworkError when it is not there.
        """
        return secrets.secret(scope, key)
