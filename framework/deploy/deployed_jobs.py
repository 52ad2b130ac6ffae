"""The jobs of a bundle as they are in the workspace, found by what the bundle wrote into them."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.compile.personal import PERSON, is_personal
from framework.resolve.resolved import ResolvedPipeline

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.iam import User
    from databricks.sdk.service.jobs import BaseJob

_AT_ONCE = 8


@dataclass(frozen=True)
class DeployedJob:
    """A job of the workspace: ``key`` is that of its resource in the bundle, ``name`` the one that people see."""

    key: str
    job_id: int
    name: str


def deployed_jobs(client: "WorkspaceClient", root_path: str, names: Mapping[str, str]) -> tuple[DeployedJob, ...]:
    """The jobs that the bundle at ``root_path`` deployed; ``names`` are theirs by key, as people see them.

    A job that somebody made by hand under such a name is none of them. Raises databricks-sdk's errors.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        of_names = pool.map(lambda name: list(client.jobs.list(name=name)), names.values())
        # The workspace does not tell capital letters from small ones.
        named = [
            (key, job)
            for (key, name), those in zip(names.items(), of_names, strict=True)
            for job in those
            if job.settings and job.settings.name == name
        ]
        paths = list(pool.map(lambda each: _metadata_path(client, each[1]), named))
    return tuple(
        DeployedJob(key, job.job_id or 0, names[key])
        for (key, job), path in zip(named, paths, strict=True)
        if path.startswith(f"{_in_full(root_path)}/")
    )


def runs_under_way(client: "WorkspaceClient", job_id: int) -> list[int]:
    """The ids of the runs of a job that have not ended. Raises databricks-sdk's errors."""
    return [run.run_id or 0 for run in client.jobs.list_runs(job_id=job_id, active_only=True)]


def job_name(pipeline: ResolvedPipeline) -> str:
    """The name of a pipeline's job, with the bundle's variable in it where each person has jobs of their own."""
    prefix = f"[dev {PERSON}] " if is_personal(pipeline) else ""
    return str(pipeline.job.get("name") or f"{prefix}{pipeline.project}.{pipeline.pipeline}")


def short_name(me: "User") -> str:
    """``${workspace.current_user.short_name}`` as the Databricks CLI makes it: ``ann_lee`` of Ann.Lee@example.com."""
    # The user name of a service principal is its id, which tells people nothing.
    name = (me.user_name if "@" in (me.user_name or "") else me.display_name or me.user_name) or ""
    return re.sub(r"[\W_]+", "_", name.partition("@")[0].lower()).strip("_")


def _metadata_path(client: "WorkspaceClient", job: "BaseJob") -> str:
    """Where the bundle that made the job keeps what it knows of it; nothing for a job of no bundle."""
    settings = job.settings
    if settings and settings.deployment is None and job.job_id:  # a list need not have every field
        settings = client.jobs.get(job.job_id).settings
    deployment = settings.deployment if settings else None
    return _in_full((deployment and deployment.metadata_file_path) or "")


def _in_full(path: str) -> str:
    return path if path.startswith("/Workspace/") else f"/Workspace{path}"
