"""What a run that goes on, after a kill or as a repair, takes over from what it did before."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from framework.core.job_run import TaskOutcome
from framework.local.references import Known
from framework.local.task_values import rows_of
from framework.local.units import Start, Unit
from framework.records.run_values import History, StoredAttempt


@dataclass(frozen=True, kw_only=True)
class Past:
    """Outcomes and values by task, attempts in order by unit. Empty for a new run."""

    decided: Mapping[str, TaskOutcome] = field(default_factory=dict)
    iterations: Mapping[str, Mapping[int, TaskOutcome]] = field(default_factory=dict)
    attempts: Mapping[Unit, tuple[StoredAttempt, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, history: History) -> "Past":
        """``history`` sorted."""
        iterations: dict[str, dict[int, TaskOutcome]] = defaultdict(dict)
        attempts: dict[Unit, list[StoredAttempt]] = defaultdict(list)
        for (task_key, iteration), outcome in history.outcomes.items():
            if iteration is not None:
                iterations[task_key][iteration] = outcome
        for attempt in history.attempts:
            attempts[Unit(attempt.task_key, attempt.iteration)].append(attempt)
        return cls(
            decided={key: outcome for (key, iteration), outcome in history.outcomes.items() if iteration is None},
            iterations=iterations,
            attempts={unit: tuple(made) for unit, made in attempts.items()},
            values=history.values,
        )

    def next_start(self, unit: Unit, repair: int) -> Start:
        """The attempt to make of ``unit`` in that repair (0: none yet): the lost one once more, or the next."""
        made = self.attempts.get(unit, ())
        tries = sum(attempt.repair == repair for attempt in made)
        if lost := self.lost(unit, repair):
            return Start(unit, lost.attempt, tries, lost.task_run_id)
        return Start(unit, len(made) + 1, tries + 1)

    def lost(self, unit: Unit, repair: int) -> StoredAttempt | None:
        """The attempt that was running when the run's process died."""
        made = self.attempts.get(unit, ())
        return made[-1] if made and made[-1].result is None and made[-1].repair == repair else None

    @property
    def has_lost(self) -> bool:
        """Whether something was running when the run's process died."""
        return any(made[-1].result is None for made in self.attempts.values())

    def numbered(self, job_run_id: int) -> int:
        """The highest number that is in a task run id."""
        used = [each.task_run_id for made in self.attempts.values() for each in made]
        used += [outcome.task_run_id for outcome in self.decided.values() if outcome.task_run_id]
        return max((int(each.removeprefix(str(job_run_id))) for each in used), default=0)

    def spent(self, repair: int) -> float:
        """Seconds that the run had taken, in that repair, when its process died."""
        made = [each for made in self.attempts.values() for each in made if each.repair == repair]
        times = [datetime.fromisoformat(at) for each in made for at in (each.started_at, each.ended_at) if at]
        return (max(times) - min(times)).total_seconds() if times else 0.0

    def since_start(self, unit: Unit) -> float:
        """Seconds since the last attempt of ``unit`` began, which has ended."""
        began = datetime.fromisoformat(self.attempts[unit][-1].started_at)
        return (datetime.now(UTC) - began).total_seconds()

    def tell(self, known: Known) -> None:
        """Let ``known`` know what the decided tasks left for others."""
        known.results.update({key: outcome.result for key, outcome in self.decided.items()})
        known.values.update({key: dict(values) for key, values in self.values.items() if key in self.decided})
        known.task_run_ids.update({key: o.task_run_id for key, o in self.decided.items() if o.task_run_id})
        for unit, made in self.attempts.items():
            kept = unit.iteration is None and unit.task_key in self.decided and made[-1].directory
            if kept and (rows := rows_of(Path(kept))):
                known.outputs[unit.task_key] = rows
