"""A release's bundles in a directory of their own, ready for the Databricks CLI.

The CLI keeps state beside the bundle. Here it always begins with what is in the workspace, so a deployment from a
laptop, from another one and from a fresh CI runner are the same thing.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from framework.core.errors import DatabricksError
from framework.deploy.databricks_cli import BundleCli, DatabricksCli
from framework.deploy.deployed_jobs import short_name
from framework.deploy.lock import DeployLock
from framework.deploy.plan_changes import Change
from framework.deploy.workspace import asking
from framework.records.releases import Release
from framework.spec.target_spec import TargetSpec

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_CONFIGURATION = "databricks.yml"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One bundle of a release (most have one), and where it is deployed in the workspace; ``who`` is logged in."""

    name: str
    bundle: BundleCli
    root_path: str
    state_path: str
    who: str
    resources: Mapping[str, Mapping[str, Any]]

    @property
    def job_names(self) -> dict[str, str]:
        """What its jobs are called in the workspace, by key."""
        jobs = self.resources.get("jobs", {}).items()
        return {key: str(job["name"]) for key, job in jobs if job.get("name")}

    def guarded(self, lock: DeployLock) -> "Part":
        """The same, where the CLI holds the lock's guard open, and the lock knows of a CLI that fails."""
        kept_open = (lock.guard.descriptor,)
        return replace(self, bundle=replace(self.bundle, kept_open=kept_open, failed=lock.cli_failed))

    def leave(self, change: Change) -> None:
        """Forget a resource that is not in the bundle any more: the CLI forgets only what is in it."""
        stub = self.bundle.directory / "resources" / "left.yml"
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(yaml.safe_dump({"resources": {change.kind: {change.resource: _naming(change)}}}))
        try:
            self.bundle.unbind(change.resource)
        finally:
            stub.unlink()


def home_of(target: TargetSpec, project: str, client: "WorkspaceClient") -> str:
    """The directory of what is deployed: of the project, or in development of whoever deploys."""
    if target.mode != "development":
        return f"{target.deploy_root}/{project}"
    with asking("see who is logged in"):
        return f"{target.deploy_root}/{project}/{short_name(client.current_user.me())}"


@contextmanager
def workbench(cli: DatabricksCli, directory: Path, release: Release, release_path: str) -> Iterator[tuple[Part, ...]]:
    """The bundles of the release in ``directory``, in copies that are taken away in the end."""
    variables = {
        "release_path": release_path,
        "project_wheel": release.project_wheel,
        "runtime_wheel": release.runtime_wheel,
    }
    with tempfile.TemporaryDirectory(prefix="framework-deploy-") as aside:
        copy = Path(aside, "bundle")
        shutil.copytree(directory / "bundle", copy)
        yield tuple(
            _part(BundleCli(cli=cli, directory=each, target=release.target, variables=variables), each, copy)
            for each in _bundles(copy)
        )


def _bundles(directory: Path) -> list[Path]:
    if (directory / _CONFIGURATION).is_file():
        return [directory]
    found = (path.parent for path in directory.glob(f"*/{_CONFIGURATION}"))
    # By number: the first one has what the others refer to.
    return sorted(found, key=lambda path: (len(path.name), path.name))


def _part(bundle: BundleCli, directory: Path, copy: Path) -> Part:
    summary = bundle.summary()
    try:
        place = summary["workspace"]
        return Part(
            name=directory.relative_to(copy).name,
            bundle=bundle,
            root_path=place["root_path"],
            state_path=place["state_path"],
            who=place["current_user"]["userName"],
            resources=summary.get("resources") or {},
        )
    except (KeyError, TypeError):
        raise DatabricksError(
            "the Databricks CLI does not say where the bundle is deployed", "Is it much newer than the framework?"
        ) from None


def _naming(change: Change) -> dict[str, str]:
    """As much of a resource as tells it from others."""
    *before, name = change.name.split(".") if change.name else ["left"]
    return {"name": name, **dict(zip(("catalog_name", "schema_name"), before, strict=False))}
