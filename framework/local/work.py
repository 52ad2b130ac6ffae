"""What a run asks of the job that it runs."""

from typing import Any, Protocol

from framework.core.job_run import TaskOutcome
from framework.local.protocol import AttemptSpec
from framework.local.references import Place, RunValues
from framework.local.units import ChildRun, Unit


class Work(Protocol):
    """What the attempts of a job's tasks do."""

    def kind(self, task: Any) -> str:
        """What results call a task."""
        ...

    def prepare(self, task: Any, unit: Unit, place: Place, values: RunValues) -> AttemptSpec | ChildRun:
        """One attempt. Raises Unfilled."""
        ...

    def known(self, outcome: TaskOutcome) -> TaskOutcome:
        """``outcome`` in the words of the user."""
        ...
