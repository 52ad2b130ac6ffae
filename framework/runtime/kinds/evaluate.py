"""``evaluate``: the gate between a trained model and the registry."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from framework.core.errors import DataError, FrameworkError
from framework.core.identifiers import Entrypoint, ModelMentioned, TableRead, TaskRead
from framework.core.task_run import ModelVersion, Verdict
from framework.runtime import gates, project_calls, project_code, registry, rivals, tables, tracking
from framework.runtime.kinds.base import KindOptions, Problem, Siblings, alias_problems, experiment_of, offering
from framework.runtime.kinds.options import STRICT, Beats, Threshold
from framework.runtime.redaction import redacted_verdict
from framework.runtime.task import Outcome, Task

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.pyfunc import PyFuncModel


@dataclass(frozen=True, kw_only=True)
class Evaluate(KindOptions):
    """Measures the model of ``model_from`` with the project's function and decides whether it may go live.

    The function is called once per model (the candidate, then the one it must beat) on the same rows, with the model
    as ``model``, and returns ``{metric: float}``; ``naive_<metric>`` is that metric's baseline. A failed gate is a
    verdict, not a failed task. ``model`` is the registered model that ``beats`` compares with; left out, it is the one
    that the pipeline registers from the same ``model_from``. ``experiment`` left out is that of ``model_from``.
    """

    entrypoint: Entrypoint
    model_from: TaskRead
    reads: dict[str, TableRead] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    beats: Literal["champion"] | Beats | None = None
    model: ModelMentioned | None = None
    experiment: str | None = None
    offers: ClassVar = "verdict"
    passes: ClassVar = ("model",)
    __pydantic_config__: ClassVar = STRICT

    def completed(self, siblings: Siblings) -> Self:
        """With the model that is registered from the same ``model_from``, and the experiment of that task."""
        registered = (each.model for each in offering("version", self.model_from, siblings).values())
        experiment = self.experiment or experiment_of(self.model_from, siblings)
        return replace(self, model=self.model or next(registered, None), experiment=experiment)

    def problems(self) -> Iterator[Problem]:
        """A gate or a threshold that decides nothing, or a comparison that lacks its metric or its model."""
        if not self.thresholds and self.beats is None:
            yield Problem("", "the gate decides nothing", "Add 'thresholds:' or 'beats:'.")
        for metric, bounds in self.thresholds.items():
            if bounds.min is None and bounds.max is None:
                summary = f"the threshold of '{metric}' has neither min nor max, so anything passes it"
                yield Problem("thresholds", summary, f"Write {metric}: {{max: 0.5}}, or take the threshold out.")
        if self.beats is not None and not self.thresholds and not self._beats().metric:
            hint = "Name it: beats: {alias: champion, metric: wape, lower_is_better: true}."
            yield Problem("beats", "'beats' has no metric to compare the models by", hint)
        if self.beats is not None and self.model is None:
            hint = f"Add 'model: schema.model', or a register_model task with 'model_from: {self.model_from}'."
            yield Problem("beats", "nothing says which model the candidate has to beat", hint)
        if self.beats is not None:
            yield from alias_problems("beats", self._beats().alias)

    def run(self, task: Task) -> Outcome:
        """Measure and judge.

        Raises DataError without a candidate or when rows of its tables changed since it was trained, ProjectCodeError
        when it cannot be measured.
        """
        if problem := next(self.problems(), None):
            raise DataError(f"task '{task.template.task_key}': {problem.summary}", problem.hint)
        experiment = required(self.experiment, "experiment", task)
        candidate = tracking.latest_run(task, experiment, self.model_from)
        run_id = candidate.info.run_id
        model = ModelVersion(candidate.data.tags[tracking.MODEL_URI], "", run_id)
        task.so_far.note(model=model)
        inputs = tables.read(self.reads, task)
        self._require_same_tables(candidate, inputs, task)
        tags = {tracking.MODEL_FROM: self.model_from, tracking.CANDIDATE: run_id}
        with tracking.opened_run(task, experiment, tags):
            metrics = self._measure(tracking.load_model(model.name), inputs, task)
            rival = self._rival(inputs, task)
            verdict = redacted_verdict(self._judge(metrics, rival))
            metrics |= {f"champion_{name}": value for name, value in ((rival and rival.metrics) or {}).items()}
            tracking.log_metrics(metrics)
            tracking.set_tag(tracking.VERDICT, gates.to_json(verdict))
        return Outcome(inputs=inputs.versions, metrics=metrics, model=model, verdict=verdict, notes=inputs.notes)

    def _require_same_tables(self, candidate: "Run", inputs: tables.Inputs, task: Task) -> None:
        trained_on = json.loads(candidate.data.tags.get(tracking.INPUTS, "{}"))
        for read in inputs.versions:
            trained = trained_on.get(read.table, read.version)
            if not tables.have_same_rows(task.context.spark, read.table, trained, read.version):
                raise DataError(
                    f"the candidate was trained on {read.table} v{trained}, and would be measured on v{read.version}",
                    f"the table has changed since: run task '{self.model_from}' again",
                )

    def _measure(self, model: "PyFuncModel", inputs: tables.Inputs, task: Task) -> dict[str, float]:
        result = project_calls.call(self.entrypoint, inputs, task, model=model)
        if not isinstance(result, Mapping) or not all(isinstance(value, Real) for value in result.values()):
            raise project_code.wrong_return(self.entrypoint, "a dict of metrics, {name: number}", result)
        return {str(name): float(value) for name, value in result.items()}

    def _rival(self, inputs: tables.Inputs, task: Task) -> gates.Rival | None:
        """The model to beat on the same rows, or None while there is none."""
        if self.beats is None:
            return None
        model, alias = required(self.model, "model", task), self._beats().alias
        live = registry.at_version(model, task.pinned.rival) if task.pinned else registry.at_alias(model, alias)
        compared = gates.Compared(model, alias, live.version if live else "")
        tracking.set_tag(tracking.COMPARED, compared.to_json())
        if live is None:
            return None
        # An old model that no longer fits the code or the data must not keep a new one from going live.
        try:
            loaded = tracking.load_model(f"models:/{live.name}/{live.version}")
        except FrameworkError as error:
            if not rivals.is_unusable(error.__cause__):
                raise
            return gates.Rival(str(compared), None, str(error))
        try:
            return gates.Rival(str(compared), self._measure(loaded, inputs, task))
        except FrameworkError as error:
            if rivals.is_outage(error.__cause__):
                raise
            return gates.Rival(str(compared), None, rivals.misfit(error))

    def _judge(self, metrics: Mapping[str, float], rival: gates.Rival | None) -> Verdict:
        beats = self._beats()
        metric = beats.metric or next(iter(self.thresholds), "") or next(iter(metrics), "")
        return gates.judge(metrics, self.thresholds, rival, metric, beats.lower_is_better)

    def _beats(self) -> Beats:
        return self.beats if isinstance(self.beats, Beats) else Beats()


def required(value: str | None, name: str, task: Task) -> str:
    """``value``, which may be left out in YAML but not in a plan. Raises DataError when it is missing."""
    if value:
        return value
    raise DataError(
        f"task '{task.template.task_key}' has no {name}, and none follows from the tasks that it depends on",
        f"write {name} of the task",
    )
