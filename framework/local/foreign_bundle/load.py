"""A bundle directory, whoever wrote it → the jobs that a local run executes."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from framework.compile.bundle import Bundle
from framework.core.diagnostics import Diagnostic, Diagnostics, Severity
from framework.core.errors import InvalidProject
from framework.local.foreign_bundle import identities, jobs, sections, surroundings, targets, variable_values
from framework.local.foreign_bundle.artifacts import wheel_projects
from framework.local.foreign_bundle.interpolate import Resolver
from framework.local.foreign_bundle.needed import lacking
from framework.local.foreign_bundle.paths import BundleFiles
from framework.local.foreign_bundle.presets import Presets
from framework.local.foreign_bundle.reach import sync_root
from framework.local.foreign_bundle.read import read
from framework.local.foreign_bundle.tree import Placed


@dataclass(frozen=True, kw_only=True)
class ForeignBundle:
    """What the directory says, with nothing left to look up.

    ``root`` is the absolute directory of the root file; the paths in the jobs are relative to it. ``job_ids`` is what
    ``${resources.jobs.<key>.id}`` stands for: 1 and the position among the sorted keys, of every job. ``artifacts``
    are the absolute directories of the wheels' projects by artifact name. ``bundle`` has the jobs that can run here;
    ``findings`` are by job, those of the jobs that it runs among them; ``warnings`` are of the bundle as a whole.
    """

    bundle: Bundle
    root: Path
    job_ids: Mapping[str, int]
    artifacts: Mapping[str, Path]
    findings: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def refused(self) -> Mapping[str, tuple[Diagnostic, ...]]:
        """The errors of each job that cannot run here."""
        errors = {key: Diagnostics(found).errors for key, found in self.findings.items()}
        return {key: found for key, found in errors.items() if found}

    def warnings_for(self, job: str) -> tuple[Diagnostic, ...]:
        """What to say before ``job`` runs; nothing when there is no such job.

        Raises InvalidProject with its findings when it cannot run here.
        """
        own = self.findings.get(job, ())
        if job in self.refused:
            raise InvalidProject(Diagnostics.of(own))
        return (*self.warnings, *own, *self._cannot_run()) if job in self.findings else ()

    def _cannot_run(self) -> Iterator[Diagnostic]:
        for key, found in self.refused.items():
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            summary = f"job '{key}' cannot run here: {found[0].summary}{more}"
            yield replace(found[0], summary=summary, hint="", severity=Severity.WARNING)


def load_bundle(directory: Path, target: str | None, variables: Mapping[str, str]) -> ForeignBundle:
    """The bundle in ``directory`` as its ``target`` (None: the default one), with these values of ``variables``.

    Raises UsageError when there is no bundle, no such target or no such variable; InvalidProject with every finding
    that is not of a single job.
    """
    files = read(directory)
    findings: list[Diagnostic] = list(files.warnings)
    written = sections.joined(files.trees, findings)
    name = targets.choose(written, target)
    tree = targets.apply(written, name, findings)
    tree = _with_values(tree, files.root, name, variables, findings)
    reach = sync_root(files.root, tree.at("sync", "paths"))
    tree = surroundings.with_surroundings(tree, files.root, reach, name)
    ids = identities.job_ids(tree.at("resources"))
    tree = _with_resources(tree, ids, findings)
    bundle_name = _bundle_name(tree, findings)

    unasked: list[Diagnostic] = []
    artifacts = wheel_projects(_resolved(tree, ("artifacts",), unasked), files.root, reach, unasked)
    _look_at_variables(tree, unasked)
    findings.extend(replace(each, severity=Severity.WARNING) for each in unasked)
    warnings = _no_errors(findings)
    found = jobs.read(tree, BundleFiles(files.root, reach, tuple(artifacts.values())), ids)
    return ForeignBundle(
        bundle=Bundle(name=bundle_name, target=name, jobs=found.jobs),
        root=files.root,
        job_ids=ids,
        artifacts=artifacts,
        findings=found.findings,
        warnings=warnings,
    )


def _with_values(tree: Placed, root: Path, target: str, given: Mapping[str, str], findings: list[Diagnostic]) -> Placed:
    """The tree with the values of variables."""
    from_file = variable_values.overrides_file(root, target, findings)
    overrides = variable_values.Overrides(given=given, environment=os.environ, from_file=from_file)
    return tree.with_fields(variables=variable_values.with_values(tree.at("variables"), overrides, findings))


def _with_resources(tree: Placed, ids: Mapping[str, int], findings: list[Diagnostic]) -> Placed:
    """The tree with its resources named as they will be, so that references to them tell those names."""
    presets = Presets.of(tree, _resolved(tree, ("presets",), findings), findings)
    resources = presets.apply(tree.at("resources"))
    return tree.with_fields(resources=identities.with_identities(resources, ids))


def _bundle_name(tree: Placed, findings: list[Diagnostic]) -> str:
    resolved = _resolved(tree, ("bundle", "name"), findings)
    findings.extend(lacking(resolved, ("bundle", "name"), tree.at("variables")))
    return sections.bundle_name(tree.at("bundle", "name"), resolved, findings)


def _look_at_variables(tree: Placed, findings: list[Diagnostic]) -> None:
    """Finds what is wrong with the values of variables that no job asks for too."""
    resolver = Resolver(tree, findings)
    for name, variable in tree.at("variables").fields.items():
        resolver.resolve(variable.at("value"), ("variables", name, "value"))


def _resolved(tree: Placed, path: tuple[str, ...], findings: list[Diagnostic]) -> Placed:
    return Resolver(tree, findings).resolve(tree.at(*path), path)


def _no_errors(findings: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The warnings. Raises InvalidProject when there are errors."""
    found = Diagnostics.of(findings)
    if found.errors:
        raise InvalidProject(found)
    return found.items
