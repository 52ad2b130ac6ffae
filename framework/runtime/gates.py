"""Whether a candidate's metrics let it through: pure functions, no MLflow."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol, Self

from framework.core.errors import DataError
from framework.core.task_run import Verdict

Metrics = Mapping[str, float]


class Bounds(Protocol):
    """Inclusive bounds of a metric."""

    @property
    def min(self) -> float | None: ...
    @property
    def max(self) -> float | None: ...


@dataclass(frozen=True)
class Rival:
    """The live model measured on the same rows; ``metrics`` is None, with ``problem``, when it could not be."""

    name: str
    metrics: Metrics | None
    problem: str = ""


@dataclass(frozen=True)
class Compared:
    """What ``alias`` of ``model`` stood for when a gate looked at it; ``version`` is empty when it was nothing."""

    model: str
    alias: str
    version: str

    def to_json(self) -> str:
        """For a tag."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of ``to_json``."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return f"{self.alias} v{self.version}" if self.version else "no model"


def judge(
    metrics: Metrics, thresholds: Mapping[str, Bounds], rival: Rival | None, metric: str, lower_is_better: bool
) -> Verdict:
    """The verdict with a sentence for each reason. Ties pass; a rival that cannot be measured counts as beaten."""
    failures = [reason for name, bounds in thresholds.items() for reason in _outside(name, metrics, bounds)]
    lost, remark = _compare(metrics, rival, metric, lower_is_better) if rival else ("", "")
    failures += [lost] if lost else []
    kept = [_inside(name, metrics, bounds) for name, bounds in thresholds.items()]
    # A comparison that was won is no news beside a failure; that the rival could not be measured is.
    remarks = [remark] if remark and not (failures and rival and rival.metrics) else []
    return Verdict(not failures, (*(failures or kept), *remarks), rival.name if rival else "")


def to_json(verdict: Verdict) -> str:
    """``verdict`` for a tag."""
    # In ASCII: a store may refuse half of a surrogate pair, which a reason may quote from an error.
    return json.dumps(asdict(verdict))


def from_json(text: str) -> Verdict:
    """The inverse of ``to_json``."""
    raw = json.loads(text)
    return Verdict(raw["passed"], tuple(raw["reasons"]), raw["against"])


def measured(name: str, metrics: Metrics) -> float:
    """The metric ``name``. Raises DataError when the function did not return it."""
    if name not in metrics:
        raise DataError(
            f"the gate needs metric '{name}', which the function did not return; it returned {', '.join(metrics)}",
            "return it, or name another metric in thresholds or beats",
        )
    return metrics[name]


def _outside(name: str, metrics: Metrics, bounds: Bounds) -> list[str]:
    value = measured(name, metrics)
    if math.isnan(value):
        return [f"{name} is not a number"]
    failures = []
    if bounds.min is not None and value < bounds.min:
        failures.append(f"{name} {_distinct(value, bounds.min)} is below {bounds.min:g}")
    if bounds.max is not None and value > bounds.max:
        failures.append(f"{name} {_distinct(value, bounds.max)} is above {bounds.max:g}")
    return failures


def _inside(name: str, metrics: Metrics, bounds: Bounds) -> str:
    limits = [f"at least {bounds.min:g}"] if bounds.min is not None else []
    limits += [f"at most {bounds.max:g}"] if bounds.max is not None else []
    return f"{name} {metrics[name]:.4g} is {' and '.join(limits) or 'not bounded'}"


def _compare(metrics: Metrics, rival: Rival, metric: str, lower_is_better: bool) -> tuple[str, str]:
    """(why the candidate lost, a remark on the rival), each may be empty."""
    ours = measured(metric, metrics)
    if rival.metrics is None:
        return "", f"{rival.name} cannot score these rows and counts as beaten: {rival.problem}"
    theirs = measured(metric, rival.metrics)
    if math.isnan(ours):
        return f"{metric} is not a number, so it does not beat {rival.name}", ""
    if math.isnan(theirs):
        return "", f"{metric} of {rival.name} is not a number: it counts as beaten"
    worse = ours > theirs if lower_is_better else ours < theirs
    text = f"{metric} {_distinct(ours, theirs)} is {'worse' if worse else 'no worse'} than {theirs:.4g} of {rival.name}"
    return (text, "") if worse else ("", text)


def _distinct(value: float, other: float) -> str:
    """``value``, short, but with the digits that tell it from ``other``."""
    short = f"{value:.4g}"
    return short if short != f"{other:.4g}" or value == other else repr(value)
