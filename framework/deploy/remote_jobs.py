"""The deployed job of a pipeline, found in the workspace of its target."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.compile.personal import PERSON
from framework.compile.targets import home
from framework.core.errors import FrameworkError, UsageError
from framework.core.graph import topological_order
from framework.deploy.deployed_jobs import deployed_jobs, job_name, short_name
from framework.deploy.workspace import asking, client, host_of
from framework.resolve.parameters import run_parameters
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.loader import ProjectSource
from framework.spec.target_spec import LOCAL

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


@dataclass(frozen=True, kw_only=True)
class RemoteJob:
    """A deployed job; ``kinds`` are those of its pipeline's tasks, in topological order (empty for a native task)."""

    job_id: int
    project: str
    pipeline: str
    target: str
    kinds: Mapping[str, str]


@dataclass(frozen=True)
class Deployed:
    """A job, whom to ask about it, and the ``parameters`` that a run is given: the others are the job's own."""

    client: "WorkspaceClient"
    job: RemoteJob
    parameters: Mapping[str, str]


def deployed_job(source: ProjectSource, parameters: Mapping[str, str]) -> Deployed:
    """The job of a pipeline. Raises UsageError for a parameter that does not fit, FrameworkError without a job."""
    if source.target.name == LOCAL:
        raise UsageError(f"nothing is deployed to '{LOCAL}'", "Name a target: --env prod")
    pipeline = resolve(source)
    values = run_parameters(parameters, pipeline.parameters)
    workspace = client(host_of(source.target))
    return Deployed(workspace, find_job(workspace, pipeline), {name: values[name] for name in parameters})


def find_job(client: "WorkspaceClient", pipeline: ResolvedPipeline) -> RemoteJob:
    """The job of ``pipeline`` as it is deployed. Raises FrameworkError when there is none, or more than one."""
    with asking("look for the job", "CAN_VIEW on it"):
        person = short_name(client.current_user.me())
        root_path, name = (text.replace(PERSON, person) for text in (f"{home(pipeline)}/bundle", job_name(pipeline)))
        found = deployed_jobs(client, root_path, {pipeline.pipeline: name})
    deploy = f"framework deploy {pipeline.project} --env {pipeline.target}"
    if not found:
        raise FrameworkError(f"{pipeline.pipeline} is not deployed to {pipeline.target}, or you may not see it", deploy)
    if len(found) > 1:
        numbers = ", ".join(str(job.job_id) for job in found)
        raise FrameworkError(f"{name} was deployed more than once: jobs {numbers}", f"Deploy again: {deploy}")
    kinds = {task.task_key: task.kind for task in pipeline.tasks}
    order = topological_order({task.task_key: [d.task_key for d in task.depends_on] for task in pipeline.tasks})
    return RemoteJob(
        job_id=found[0].job_id,
        project=pipeline.project,
        pipeline=pipeline.pipeline,
        target=pipeline.target,
        kinds={key: kinds[key] for key in order},
    )
