"""MLflow runs of our tasks: opened with the tags by which later tasks, and people, find them."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.core.errors import DataError
from framework.core.task_run import TableVersion
from framework.runtime.redaction import redacted_values
from framework.runtime.task import Task

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.pyfunc import PyFuncModel

INPUTS, VERDICT, MODEL_URI = "framework.inputs", "framework.verdict", "framework.model_uri"
MODEL_DIGEST = "framework.model_digest"
MODEL_FROM, CANDIDATE, COMPARED = "framework.model_from", "framework.candidate_run_id", "framework.compared"

_logger = logging.getLogger("framework.tracking")


@contextmanager
def opened_run(task: Task, experiment: str, tags: Mapping[str, str]) -> Iterator["Run"]:
    """A run in ``experiment``, FINISHED when the block ends and FAILED when it raises.

    The task's own tags and ``tags`` are on it in the end, whatever the project's code did to them.
    """
    import mlflow

    all_tags = {**task.template.tags, **_stamp(task), **tags}
    name = f"{task.template.pipeline}.{task.template.task_key}"
    experiment_id = _experiment_id(experiment, task.template.tags)
    raised: Exception | None = None
    try:
        with mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=all_tags) as run:
            try:
                yield run
            except Exception as error:
                raised = error
                raise
            finally:
                _put_back(run.info.run_id, all_tags)
    except Exception as error:
        if raised is None or error is raised:
            raise
        # MLflow is away, and that must not hide what ended the task.
        _logger.warning("the MLflow run %s could not be ended: %s", run.info.run_id, error)
        raise raised from raised.__cause__


def latest_run(task: Task, experiment: str, task_key: str, tags: Mapping[str, str] | None = None) -> "Run":
    """The newest finished run of ``task_key`` in this job run, or what is pinned. Raises DataError without one."""
    from mlflow import MlflowClient

    client = MlflowClient()
    if task.pinned:
        return client.get_run(task.pinned.candidate)
    wanted = {"framework.job_run_id": task.context.job_run_id, "framework.task_key": task_key, **(tags or {})}
    conditions = [f"tags.`{name}` = '{value}'" for name, value in wanted.items()]
    found = client.get_experiment_by_name(experiment)
    runs = found and client.search_runs(
        [found.experiment_id], " and ".join([*conditions, "attributes.status = 'FINISHED'"]), max_results=1
    )
    if not runs:
        raise DataError(
            f"experiment '{experiment}' has no finished MLflow run of task '{task_key}' in job run "
            f"{task.context.job_run_id}",
            f"run task '{task_key}' in the same job run first (a repair keeps the job run)",
        )
    return runs[0]


def log_metrics(metrics: Mapping[str, float]) -> None:
    """Log ``metrics`` to the open run."""
    import mlflow

    mlflow.log_metrics(dict(metrics))


def log_params(params: Mapping[str, Any], limit: int = 500) -> None:
    """Log ``params`` to the open run as text, cut to the ``limit`` of characters that every MLflow store takes.

    Secrets among them are redacted.
    """
    import mlflow

    texts = redacted_values({name: str(value) for name, value in params.items()})
    mlflow.log_params({name: text[:limit] for name, text in texts.items()})


def set_tag(name: str, value: str) -> None:
    """Tag the open run."""
    import mlflow

    mlflow.set_tag(name, value)


def load_model(uri: str) -> "PyFuncModel":
    """The model at ``uri``. Raises DataError when it cannot be loaded."""
    from mlflow import pyfunc

    try:
        return pyfunc.load_model(uri)
    except Exception as error:
        raise DataError(
            f"the model {uri} cannot be loaded: {type(error).__name__}: {error}",
            "are the packages that it was trained with installed?",
        ) from error


def table_tags(versions: Iterable[TableVersion]) -> dict[str, int]:
    """Table versions as plain values for a tag."""
    return {v.table: v.version for v in versions}


def _stamp(task: Task) -> dict[str, str]:
    return {f"framework.{name}": value for name, value in task.stamp().items()}


def _put_back(run_id: str, tags: Mapping[str, str]) -> None:
    """Set those of ``tags`` that have another value now."""
    from mlflow import MlflowClient

    client = MlflowClient()
    there = client.get_run(run_id).data.tags
    for name, value in tags.items():
        if there.get(name) != value:
            client.set_tag(run_id, name, value)


def _experiment_id(name: str, tags: Mapping[str, str]) -> str:
    """The experiment, made if need be, with ``tags``."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient()
    if found := client.get_experiment_by_name(name):
        for tag, value in tags.items():
            if found.tags.get(tag) != value:
                client.set_experiment_tag(found.experiment_id, tag, value)
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name, _artifact_location(), dict(tags)))
    except MlflowException:
        # Two tasks may create it at once; whoever is second finds it now.
        if found := client.get_experiment_by_name(name):
            return str(found.experiment_id)
        raise


def _artifact_location() -> str | None:
    """Beside a database in a file, where MLflow would take the working directory; elsewhere the server decides."""
    import mlflow

    uri = mlflow.get_tracking_uri()
    if not uri.startswith("sqlite:///"):
        return None
    return (Path(uri.removeprefix("sqlite:///")).resolve().parent / "artifacts").as_uri()
