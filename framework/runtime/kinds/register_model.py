"""``register_model``: makes a model version and moves its alias."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from framework.core import model_notes
from framework.core.errors import DataError
from framework.core.identifiers import ModelWritten, TaskRead
from framework.core.task_run import ModelVersion
from framework.runtime import gates, registry, tracking
from framework.runtime.kinds.base import KindOptions, Problem, Siblings, alias_problems, experiment_of, offering
from framework.runtime.kinds.evaluate import required
from framework.runtime.kinds.options import STRICT
from framework.runtime.task import Outcome, Task

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass(frozen=True, kw_only=True)
class RegisterModel(KindOptions):
    """Registers the model of ``model_from`` as a new version of ``model`` and moves ``alias`` to it.

    The alias that the earlier version loses becomes ``previous_<alias>``. When a gate said no, the earlier version
    stays (``on_fail: keep``) or the task fails (``on_fail: stop``); with no earlier version the task fails. ``gates``
    left out are all ``evaluate`` tasks of the same ``model_from``, ``experiment`` left out is that of ``model_from``.
    A model goes live only when its gates compared it with the version that is live now, and never in a backfill.
    """

    model: ModelWritten
    model_from: TaskRead
    alias: str = "champion"
    on_fail: Literal["keep", "stop"] = "keep"
    gates: list[TaskRead] = field(default_factory=list)
    experiment: str | None = None
    offers: ClassVar = "version"
    __pydantic_config__: ClassVar = STRICT

    def completed(self, siblings: Siblings) -> Self:
        """With every gate on the same ``model_from``, and the experiment of that task."""
        gates = self.gates or list(offering("verdict", self.model_from, siblings))
        return replace(self, gates=gates, experiment=self.experiment or experiment_of(self.model_from, siblings))

    def problems(self) -> Iterator[Problem]:
        """An alias that no model can have."""
        yield from alias_problems("alias", self.alias)

    def run(self, task: Task) -> Outcome:
        """Register and move the alias, or keep what is live. Raises DataError when neither can be done."""
        experiment = required(self.experiment, "experiment", task)
        candidate = tracking.latest_run(task, experiment, self.model_from)
        signature = registry.signature_of(candidate.data.tags[tracking.MODEL_URI])
        run_id = candidate.info.run_id
        judged = {g: tracking.latest_run(task, experiment, g, {tracking.CANDIDATE: run_id}) for g in self.gates}
        if objections := _objections(judged):
            return self._refused(objections)
        _require_current(judged, run_id)
        version = self._register(candidate, signature, task)
        if task.context.backfill:
            return Outcome(model=version, notes=(f"v{version.version}; a backfill leaves {self.alias} where it is",))
        _require_current(judged, run_id)  # making a version copies files and may take minutes
        registry.move_alias(self.model, self.alias, version.version, f"job run {task.context.job_run_id}")
        return Outcome(model=version, notes=(f"{self.alias} is now v{version.version}",))

    def _refused(self, objections: str) -> Outcome:
        current = registry.at_alias(self.model, self.alias)
        if current is None:
            raise DataError(
                f"{self.model} has no {self.alias} yet, and the candidate did not pass: {objections}",
                "train a better model, or change the thresholds of the gate",
            )
        if self.on_fail == "stop":
            raise DataError(
                f"the candidate for {self.model} did not pass: {objections}",
                f"{self.alias} is still v{current.version}; on_fail: keep goes on with it",
            )
        return Outcome(model=current, notes=(model_notes.kept(self.alias, current.version, objections),))

    def _register(self, candidate: "Run", signature: model_notes.Signature, task: Task) -> ModelVersion:
        """A version with everything that leads back to its causes."""
        tags = {f"framework.{name}": value for name, value in task.stamp().items() if value}
        tags |= {
            tracking.CANDIDATE: candidate.info.run_id,
        }
        uri = candidate.data.tags[tracking.MODEL_URI]
        all_tags = {**task.template.tags, **tags}
        description = "\n".join(filter(None, (_description(candidate), signature.as_line())))
        return registry.create_version(self.model, candidate.info.run_id, uri, all_tags, description)


def _objections(judged: Mapping[str, "Run"]) -> str:
    """What the gates that said no gave as reasons, as one text."""
    verdicts = [gates.from_json(run.data.tags[tracking.VERDICT]) for run in judged.values()]
    return "; ".join(reason for verdict in verdicts if not verdict.passed for reason in verdict.reasons)


def _require_current(judged: Mapping[str, "Run"], run_id: str) -> None:
    """Raises DataError when a gate compared with another version than the live one, unless that is the candidate."""
    for gate, run in judged.items():
        if not (tag := run.data.tags.get(tracking.COMPARED)):
            continue
        compared = gates.Compared.from_json(tag)
        now = registry.at_alias(compared.model, compared.alias)
        if (now.version if now else "") != compared.version and not (now and now.mlflow_run_id == run_id):
            live = f"v{now.version}" if now else "gone"
            raise DataError(
                f"the gate compared with {compared}, but {compared.alias} is {live} now",
                f"run task '{gate}' again in this job run (repair), or start a new run",
            )


def _description(candidate: "Run") -> str:
    """What the model was trained on, for people: too long for a tag."""
    versions = json.loads(candidate.data.tags.get(tracking.INPUTS, "{}"))
    text = ", ".join(f"{table} v{version}" for table, version in versions.items())
    return f"Trained on {text} by MLflow run {candidate.info.run_id}" if text else ""
