"""The code of runs on Databricks: their releases and deployments, as the project's store has them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from framework.core.errors import FrameworkError
from framework.core.task_run import DEV_PREFIX, Origin, TaskRun
from framework.deploy import history
from framework.deploy.release import read_manifest
from framework.deploy.store import ReleaseStore
from framework.deploy.workspace_files import WorkspaceFiles
from framework.records.releases import MANIFEST, Deployment, Release
from framework.runtime.provenance import hash_of_plans

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import Run, RunTask

_RELEASES = "/releases/"


def release_of(task: "RunTask") -> str:
    """The release that holds the plan of a task; empty when none does."""
    _, found, rest = _plan_of(task).rpartition(_RELEASES)
    return rest.partition("/")[0] if found else ""


@dataclass(frozen=True)
class Origins:
    """Those of one place; ``past`` are its deployments, the oldest first. What cannot be read is not known."""

    client: "WorkspaceClient"
    store: ReleaseStore
    past: Sequence[Deployment]
    person: str = ""
    _releases: dict[str, Release | None] = field(default_factory=dict)
    _plans: dict[tuple[str, str], Mapping[str, TaskRun]] = field(default_factory=dict)

    def of_run(self, run: "Run") -> Origin:
        """The code of a run, by the plan that its tasks name; without any, by what was live when it began."""
        began = datetime.fromtimestamp((run.start_time or 0) / 1000, UTC)
        before = [each for each in self.past if each.ended_at and datetime.fromisoformat(each.ended_at) <= began]
        there = history.live(before)
        tasks = run.tasks or ()
        is_told = any(map(_plan_of, tasks))
        release = next(filter(None, map(release_of, tasks)), "" if is_told or there is None else there.release)
        if there is None or there.release != release:
            of_release = [each for each in self.past if each.release == release and each.kind != "destroy"]
            there = of_release[-1] if of_release else None
        known = Origin(release, there.id, there.commit, there.dirty) if there else Origin(release)
        return self._with_hashes(known)

    def plan(self, release: str, pipeline: str) -> Mapping[str, TaskRun]:
        """The templates of the pipeline's tasks in that release, with a person's own names; empty without one."""
        key = (release, pipeline)
        if release and key not in self._plans:
            text = self._read(f"{self.store.release_path(release)}/plans/{pipeline}.json")
            try:
                tasks = json.loads(text.replace(DEV_PREFIX.encode(), self.person.encode()))["tasks"]
                self._plans[key] = {name: TaskRun.from_dict(each) for name, each in tasks.items()}
            except (ValueError, KeyError, TypeError):
                self._plans[key] = {}
        return self._plans.get(key, {})

    def _with_hashes(self, origin: Origin) -> Origin:
        if origin.release and origin.release not in self._releases:
            self._releases[origin.release] = self._manifest(origin.release)
        if not (release := self._releases.get(origin.release)):
            return origin
        project, runtime = (
            release.files.get(f"wheels/{wheel}", "")[:16] for wheel in (release.project_wheel, release.runtime_wheel)
        )
        return Origin(
            origin.release,
            origin.deployment,
            origin.commit,
            origin.dirty,
            project_wheel=project,
            runtime_wheel=runtime,
            bundle=hash_of_plans(release.files),
        )

    def _manifest(self, release: str) -> Release | None:
        try:
            return read_manifest(self._read(f"{self.store.release_path(release)}/{MANIFEST}"))
        except FrameworkError:
            return None

    def _read(self, path: str) -> bytes:
        """The file; nothing when it cannot be read: a release may have been pruned since."""
        try:
            return WorkspaceFiles(self.client).read(path)
        except FrameworkError:
            return b""


def _plan_of(task: "RunTask") -> str:
    does = task.for_each_task.task if task.for_each_task else task
    wheel, notebook = does.python_wheel_task, does.notebook_task
    told = (wheel and wheel.named_parameters) or (notebook and notebook.base_parameters) or {}
    return told.get("framework.plan", "")
