"""From a checkout to what can be deployed: names → the target's ground, sources → a release on this machine."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from framework.check.checkout import checked
from framework.compile.jobs import bundle_of
from framework.compile.writer import write
from framework.core.diagnostics import Diagnostics
from framework.core.events import Listener, Note
from framework.deploy import history
from framework.deploy.databricks_cli import find_cli
from framework.deploy.ground import Ground, Wanted
from framework.deploy.preflight import Check, preflight
from framework.deploy.preflight.committed_bundle import bundle_checks
from framework.deploy.preflight.git_state import git_state
from framework.deploy.release import staged_release
from framework.deploy.store import ReleaseStore
from framework.deploy.workbench import home_of
from framework.deploy.workspace import client, host_of
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.loader import find_root, project_directory
from framework.spec.policy_spec import PolicySpec, read_policy
from framework.spec.target_spec import TargetSpec, deployed_targets, read_target

_STAGED = ".framework/releases"
_SCRATCH = ".framework/deploy"


@dataclass(frozen=True, kw_only=True)
class Aim:
    """One project and one target of a checkout; ``beside`` are files in it that are no part of it, such as a plan.

    ``promoted_from`` is the target where the commit was live before; empty when nobody promotes it.
    """

    root: Path
    project: str
    target: TargetSpec
    variables: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[Path, ...] = ()
    promoted_from: str = ""

    @property
    def is_production(self) -> bool:
        """Whether other people depend on what is there."""
        return self.target.mode == "production"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What the sources make: a release, the pipelines that it is of, and the warnings about them.

    ``checks`` are what a look at the checkout alone found.
    """

    wanted: Wanted
    pipelines: tuple[ResolvedPipeline, ...]
    warnings: Diagnostics
    checks: tuple[Check, ...] = ()


def aim(directory: Path, project: str | None, target: str, variables: Mapping[str, str]) -> Aim:
    """Find the project and the target by their names.

    Raises UsageError, InvalidProject for the target's files, and FrameworkError when nothing says where its host is.
    """
    root = find_root(directory)
    (name,) = deployed_targets(root, (target,))
    found = project_directory(root, project, directory)
    read = read_target(root, name, variables)
    host_of(read)
    return Aim(root=root, project=found.name, target=read, variables=variables)


def ground_of(at: Aim, listener: Listener) -> Ground:
    """The workspace of the target, and the tools to work on it. Raises DatabricksError."""
    cli = find_cli()
    workspace = client(host_of(at.target))
    return Ground(
        project=at.project,
        target=at.target.name,
        client=workspace,
        store=ReleaseStore(workspace, at.target.deploy_root, at.project),
        cli=cli,
        home=home_of(at.target, at.project, workspace),
        scratch=at.root / _SCRATCH,
        listener=listener,
        policy=lambda: _policy(at).of_target(at.target.name),
    )


def staged(at: Aim, listener: Listener) -> Staged:
    """Check, compile and stage the project: the first phases, with nobody asked. Raises InvalidProject."""
    (sound,), warnings = checked(at.root, at.project, (at.target.name,), at.variables)
    directory = at.root / "projects" / at.project
    listener(Note(f"Making the release of {at.project} for {at.target.name}."))
    with tempfile.TemporaryDirectory(prefix="framework-compile-") as aside:
        compiled = Path(aside, at.target.name)
        bundle = bundle_of(*sound)
        write(bundle, compiled)
        release = staged_release(compiled, directory, at.root / _STAGED)
    git = git_state(at.root, project=at.project, without=at.beside)
    wanted = Wanted(
        release=release,
        directory=at.root / _STAGED / release.id,
        commit=git.commit,
        dirty=bool(git.changed),
        branch=git.branch,
        promoted_from=at.promoted_from,
        reader=at.target.run_as,
    )
    # With variables of the command line it is another bundle, which nobody commits.
    checks = () if at.variables else tuple(bundle_checks(bundle, at.root))
    pipelines = tuple(each.pipeline for each in sound)
    return Staged(wanted=wanted, pipelines=pipelines, warnings=warnings, checks=checks)


def looked_into(at: Aim, staged: Staged, ground: Ground) -> tuple[Check, ...]:
    """What has to hold before this is deployed; nothing is changed."""

    def live() -> Mapping[str, str]:
        deployment = history.live(ground.past())
        return deployment.jobs if deployment else {}

    policy = _policy(at)
    found = preflight(staged.pipelines, at.target, policy, at.root, ground.client, without=at.beside, live=live)
    return (*staged.checks, *found)


def _policy(at: Aim) -> PolicySpec:
    return read_policy(at.root, at.root / "projects" / at.project)
