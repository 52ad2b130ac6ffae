"""``train``: fits a model and logs it to MLflow."""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from framework.core.identifiers import Entrypoint, TableRead
from framework.core.task_run import ModelVersion
from framework.runtime import model_logging, project_calls, project_code, tables, tags, tracking
from framework.runtime.kinds.base import KindOptions
from framework.runtime.kinds.options import STRICT
from framework.runtime.task import Outcome, Task
from framework.runtime.trained_model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class Train(KindOptions):
    """Fits a model with the project's function, which returns a ``TrainedModel``, and logs it to ``experiment``."""

    entrypoint: Entrypoint
    reads: dict[str, TableRead] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    experiment: str
    offers: ClassVar = "model"
    __pydantic_config__: ClassVar = STRICT

    def run(self, task: Task) -> Outcome:
        """Fit and log. Raises ProjectCodeError when the function fails or does not return a ``TrainedModel``."""
        inputs = tables.read(self.reads, task)
        if kept := tags.keep_past(inputs.versions, task):
            inputs = tables.read(self.reads, task)  # that makes a version, too
        versions = tracking.table_tags(inputs.versions)
        with tracking.opened_run(task, self.experiment, {tracking.INPUTS: json.dumps(versions)}) as run:
            task.so_far.note(model=ModelVersion("", "", run.info.run_id))
            tracking.log_params({**task.params, **{f"version.{name}": v for name, v in versions.items()}})
            trained = self._fit(inputs, task)
            tracking.log_params({k: v for k, v in trained.params.items() if k not in task.params})
            metrics = {name: float(value) for name, value in trained.metrics.items()}
            tracking.log_metrics(metrics)
            logged = model_logging.log_model(trained, self.entrypoint)
            tracking.set_tag(tracking.MODEL_URI, logged.uri)
            if logged.digest:
                tracking.set_tag(tracking.MODEL_DIGEST, logged.digest)
        return Outcome(
            inputs=inputs.versions,
            metrics=metrics,
            model=ModelVersion(logged.uri, "", run.info.run_id, logged.digest),
            notes=(*inputs.notes, *kept),
        )

    def _fit(self, inputs: tables.Inputs, task: Task) -> TrainedModel:
        trained = project_calls.call(self.entrypoint, inputs, task)
        if not isinstance(trained, TrainedModel):
            raise project_code.wrong_return(self.entrypoint, "a TrainedModel", trained)
        return trained
