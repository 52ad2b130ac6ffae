"""The code of an attempt: its release, as the store still has it."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from framework.compile.bundle import RELEASE_PATH
from framework.compile.personal import PERSON
from framework.core.errors import FrameworkError, UsageError
from framework.core.task_run import Origin
from framework.deploy.release import BUNDLE
from framework.deploy.retention import RETAINED
from framework.deploy.store import ReleaseStore
from framework.deploy.workspace_files import WorkspaceFiles
from framework.runtime.plans import Plan, load_plan

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


@dataclass(frozen=True)
class OldCode:
    """A job as its release compiled it, every variable in it filled in, and the plan beside it."""

    job: Mapping[str, Any]
    plan: Plan


def of_origin(client: "WorkspaceClient", store: ReleaseStore, origin: Origin, pipeline: str, person: str) -> OldCode:
    """The code of ``origin``; ``person`` (``ann_``) begins the schemas of whoever deployed it, where each has some.

    Raises UsageError when nothing tells which code it was, or its release is gone; FrameworkError for a broken one.
    """
    if not origin.release:
        raise UsageError(f"no record of a run of {pipeline} tells its release", "framework runs sync may bring that.")
    if not store.has(origin.release):
        hint = f"The last {RETAINED} releases are kept, and those in use."
        again = f" Its commit can be run anew: git checkout {origin.commit[:12]}" if origin.commit else ""
        raise UsageError(
            f"release {origin.release} is not in {store.root} any more, or you may not see it", hint + again
        )
    with tempfile.TemporaryDirectory(prefix="framework-reproduce-") as aside:
        release = store.download(origin.release, Path(aside))
        plan = Path(aside, f"{pipeline}.json")
        plan.write_bytes(WorkspaceFiles(client).read(f"{store.release_path(release.id)}/plans/{pipeline}.json"))
        known = {
            RELEASE_PATH: store.release_path(release.id),
            "${var.project_wheel}": release.project_wheel,
            "${var.runtime_wheel}": release.runtime_wheel,
            PERSON: person.removesuffix("_"),
        }
        return OldCode(_job(Path(aside, release.id, BUNDLE), pipeline, known), load_plan(plan, person))


def _job(bundle: Path, pipeline: str, known: Mapping[str, str]) -> Mapping[str, Any]:
    file = next(bundle.rglob(f"resources/{pipeline}.job.yml"), None)
    if file is None:
        raise FrameworkError(f"the release has no job '{pipeline}'")
    text = json.dumps(yaml.safe_load(file.read_text(encoding="utf-8"))["resources"]["jobs"][pipeline])
    for variable, value in known.items():
        text = text.replace(variable, json.dumps(value)[1:-1])
    job: Mapping[str, Any] = json.loads(text)
    return job
