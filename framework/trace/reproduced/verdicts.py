"""What came of tasks that were done once more, beside what came of them the first time."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from framework.core.task_run import AttemptRecord, ModelVersion, TableVersion, Verdict
from framework.trace.reproduced.written import Compared, Written

REPRODUCED_SCHEMA = 1
Judgement = Literal["same", "differs", "unknown"]
"""unknown: it cannot be compared, or not even be done again."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing, as it was ``then`` and is ``now``."""

    what: str
    then: str
    now: str
    judgement: Judgement
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskAgain:
    """One task, or iteration of a loop. ``log`` and ``mlflow_run_id`` are of the new attempt."""

    task: str
    kind: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    log: str = ""
    mlflow_run_id: str = ""

    @property
    def judgement(self) -> Judgement:
        """The worst of its lines."""
        found = {line.judgement for line in self.lines}
        return "differs" if "differs" in found else "unknown" if "unknown" in found or not found else "same"


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """``skipped`` are tasks that are never done again, each with the reason. ``scratch`` is left when rows differ."""

    job_run_id: str
    commit: str
    tasks: tuple[TaskAgain, ...]
    skipped: Mapping[str, str]
    scratch: str = ""

    @property
    def is_same(self) -> bool:
        """Whether everything came out as it did the first time."""
        return all(each.judgement == "same" for each in self.tasks)

    def as_dict(self) -> dict[str, Any]:
        """The object of ``-o json``; fields may be added, never renamed."""
        tasks = [{**asdict(each), "judgement": each.judgement} for each in self.tasks]
        return {"schema": REPRODUCED_SCHEMA, "is_same": self.is_same, **asdict(self), "tasks": tasks}


def record_lines(then: AttemptRecord, now: AttemptRecord, tolerance: float) -> Iterator[Line]:
    """What two records of one task say: its inputs, metrics within ``tolerance``, verdict, and the trained model."""
    if now.result != "SUCCESS":
        reason = now.error.message if now.error else ""
        yield Line(what="result", then=then.result, now=now.result, judgement="differs", reason=reason)
        return
    yield _result(then, now)
    yield from _input_lines(then.inputs, now.inputs)
    for name in sorted({*then.metrics, *now.metrics}):
        yield _metric(name, then.metrics.get(name), now.metrics.get(name), tolerance)
    if then.verdict:
        yield _verdict(then.verdict, now.verdict)
    if then.model and then.model.version:
        yield _model(then.model, now.model)
    elif then.model and then.kind == "train":
        yield _trained(then.model, now.model)


def rows_line(written: Written, found: Compared | None, counts: Mapping[str, int | None], gone: str) -> Line:
    """A table's columns and rows; without a comparison, because the old version is ``gone`` or it failed, its count."""
    what = f"rows of {short(written.table)}"
    if found is None:
        then, now = counts.get(written.table), counts.get(written.scratch)
        judgement: Judgement = "differs" if None not in (then, now) and then != now else "unknown"
        reason = f"v{written.version} cannot be compared: {gone or 'the comparison failed'}"
        return Line(what=what, then=_count(then), now=_count(now), judgement=judgement, reason=reason)
    reason = "; ".join(found.columns)
    if found.only_then or found.only_now:
        reason = f"{found.only_then:,} only then, {found.only_now:,} only now"
    judgement = _judged(not reason and found.then == found.now)
    return Line(what=what, then=_count(found.then), now=_count(found.now), judgement=judgement, reason=reason)


def not_written(output: TableVersion) -> Line:
    """The line of a table that the code does not write."""
    what, reason = f"rows of {short(output.table)}", "the code does not write it"
    return Line(what=what, then=_count(output.rows), now="not written", judgement="differs", reason=reason)


def surroundings(then: AttemptRecord, now: AttemptRecord) -> Iterator[str]:
    """What else is not as it was, and may be the cause of a difference."""
    for name, known in (("framework", "the framework"), ("python", "Python"), ("spark", "Spark")):
        before, after = getattr(then.environment, name), getattr(now.environment, name)
        if before and after and before != after:
            yield f"{known} was {before}, and is {after}"
    if then.origin.project_wheel and then.origin.project_wheel != now.origin.project_wheel:
        yield f"the code is not what ran: its hash was {then.origin.project_wheel}, and is {now.origin.project_wheel}"


def not_done(task: str, kind: str, gone: Iterable[Line]) -> TaskAgain:
    """A task that cannot be done again, since what it read is ``gone``."""
    return TaskAgain(task=task, kind=kind, lines=tuple(gone), notes=("it was not done again",))


def new_mlflow_run(then: AttemptRecord, now: AttemptRecord) -> str:
    """The run of a training; who uses a model has that of the model, now as then."""
    before, after = (each.model.mlflow_run_id if each.model else "" for each in (then, now))
    return after if after != before else ""


def short(name: str) -> str:
    """``name`` without its catalog."""
    return name.partition(".")[2]


def _result(then: AttemptRecord, now: AttemptRecord) -> Line:
    if then.metrics or now.metrics or then.verdict or then.model or then.outputs:
        return Line(what="result", then=then.result, now=now.result, judgement=_judged(then.result == now.result))
    reason = "nothing of it can be compared: it has no metrics, verdict or model, and writes no rows"
    return Line(what="result", then=then.result, now=now.result, judgement="unknown", reason=reason)


def _input_lines(then: tuple[TableVersion, ...], now: tuple[TableVersion, ...]) -> Iterator[Line]:
    read = {each.table: each for each in now}
    for each in then:
        again = read.get(each.table)
        same = again is not None and again.version == each.version
        same = same and (not each.schema_hash or again is None or again.schema_hash == each.schema_hash)
        reason = "" if same else "it is another table of that name by now, or the code reads another one"
        now_read = f"v{again.version}" if again else "not read"
        what = f"reads {short(each.table)}"
        yield Line(what=what, then=f"v{each.version}", now=now_read, judgement=_judged(same), reason=reason)


def _metric(name: str, then: float | None, now: float | None, tolerance: float) -> Line:
    reason = ""
    if then is None or now is None:
        same = False
    elif not (same := then == now or (math.isnan(then) and math.isnan(now))):
        reason = f"off by {abs(now - then):.3g}"
        same = tolerance > 0 and math.isclose(then, now, rel_tol=tolerance, abs_tol=tolerance)
    texts = ["none" if each is None else repr(each) for each in (then, now)]
    return Line(what=f"metric {name}", then=texts[0], now=texts[1], judgement=_judged(same), reason=reason)


def _verdict(then: Verdict, now: Verdict | None) -> Line:
    texts = ["none" if each is None else "passed" if each.passed else "not passed" for each in (then, now)]
    same = now is not None and now.passed == then.passed
    reason = "" if same or not now else "; ".join(now.reasons)
    return Line(what="verdict", then=texts[0], now=texts[1], judgement=_judged(same), reason=reason)


def _model(then: ModelVersion, now: ModelVersion | None) -> Line:
    # A registry that was set up anew counts from 1 again.
    same = now is not None and (now.version, now.mlflow_run_id) == (then.version, then.mlflow_run_id)
    reason = "" if same else f"it was made by MLflow run {then.mlflow_run_id}"
    what = f"model {short(then.name)}"
    new = f"v{now.version}" if now else "none"
    return Line(what=what, then=f"v{then.version}", now=new, judgement=_judged(same), reason=reason)


def _trained(then: ModelVersion, now: ModelVersion | None) -> Line:
    before, after = then.digest, now.digest if now else ""
    judgement: Judgement = "unknown"
    if not (before and after):
        reason = f"not compared: {'the new' if before else 'the first'} training has no digest of its predictions"
    elif before.partition(":")[0] != after.partition(":")[0]:
        reason = "not compared: the example is another one; take it from rows in a fixed order"
    else:
        judgement = _judged(before == after)
        reason = "" if before == after else "predictions are compared exactly, whatever the tolerance"
    texts = [each.partition(":")[2] or "none" for each in (before, after)]
    what = "model, on its input example"
    return Line(what=what, then=texts[0], now=texts[1], judgement=judgement, reason=reason)


def _judged(same: bool) -> Judgement:
    return "same" if same else "differs"


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
