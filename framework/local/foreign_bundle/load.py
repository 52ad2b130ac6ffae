"""A bundle directory, whoever wrote it → the jobs that a local run executes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from framework.compile.bundle import Bundle
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.local.foreign_bundle import identities, jobs, sections, surroundings, targets, variable_values
from framework.local.foreign_bundle.artifacts import wheel_projects
from framework.local.foreign_bundle.interpolate import Resolver
from framework.local.foreign_bundle.paths import Paths
from framework.local.foreign_bundle.presets import Presets
from framework.local.foreign_bundle.read import read
from framework.local.foreign_bundle.tree import Placed


@dataclass(frozen=True, kw_only=True)
class ForeignBundle:
    """What the directory says, with nothing left to look up.

    ``root`` is the absolute directory of the root file; the paths in the jobs are relative to it. ``job_ids`` is what
    ``${resources.jobs.<key>.id}`` stands for: 1 and the position among the sorted keys. ``artifacts`` are the
    absolute directories of the wheels' projects by artifact name.
    """

    bundle: Bundle
    root: Path
    job_ids: Mapping[str, int]
    artifacts: Mapping[str, Path]
    warnings: tuple[Diagnostic, ...] = ()


def load_bundle(directory: Path, target: str | None, variables: Mapping[str, str]) -> ForeignBundle:
    """The bundle in ``directory`` as its ``target`` (None: the default one), with these values of ``variables``.

    Raises UsageError when there is no bundle, no such target or no such variable; InvalidProject with every finding.
    """
    files = read(directory)
    findings: list[Diagnostic] = list(files.warnings)
    written = sections.joined(files.trees, findings)
    name = targets.choose(written, target)
    tree = _with_values(targets.apply(written, name, findings), files.root, name, variables, findings)
    ids = identities.job_ids(tree.at("resources"))
    tree = _with_resources(tree, ids, findings)

    resolver = Resolver(tree, findings)
    artifacts = wheel_projects(resolver.resolve(tree.at("artifacts"), ("artifacts",)), files.root, findings)
    paths = Paths(files.root, tuple(artifacts.values()), findings)
    resolved = resolver.resolve(tree.at("resources", "jobs"), ("resources", "jobs"))
    checked = jobs.checked(resolved, paths, ids, findings)
    _resolve_variables(tree, resolver)
    written_name = tree.at("bundle", "name")
    bundle_name = sections.bundle_name(written_name, resolver.resolve(written_name, ("bundle", "name")), findings)
    warnings = _no_errors(findings)
    bundle = Bundle(name=bundle_name, target=name, jobs=jobs.official(checked))
    return ForeignBundle(bundle=bundle, root=files.root, job_ids=ids, artifacts=artifacts, warnings=warnings)


def _with_values(tree: Placed, root: Path, target: str, given: Mapping[str, str], findings: list[Diagnostic]) -> Placed:
    """The tree with the values of variables, and with what git, the workspace and the user would add."""
    from_file = variable_values.overrides_file(root, target, findings)
    overrides = variable_values.Overrides(given=given, environment=os.environ, from_file=from_file)
    valued = variable_values.with_values(tree.at("variables"), overrides, findings)
    return surroundings.with_surroundings(tree.with_fields(variables=valued), root, target)


def _with_resources(tree: Placed, ids: Mapping[str, int], findings: list[Diagnostic]) -> Placed:
    """The tree with its resources named as they will be, so that references to them tell those names."""
    presets = Presets.of(tree, Resolver(tree, findings).resolve(tree.at("presets"), ("presets",)))
    resources = presets.apply(tree.at("resources"))
    return tree.with_fields(resources=identities.with_identities(resources, ids))


def _resolve_variables(tree: Placed, resolver: Resolver) -> None:
    """Finds what is wrong with the values of variables that no job asks for, as the CLI does."""
    for name, variable in tree.at("variables").fields.items():
        resolver.resolve(variable.at("value"), ("variables", name, "value"))


def _no_errors(findings: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The warnings. Raises InvalidProject when there are errors."""
    found = Diagnostics.of(findings)
    if found.errors:
        raise InvalidProject(found)
    return found.items
