"""Every rule on every pipeline of a checkout, for every target: what ``framework validate`` finds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from framework.check.coverage import ALL, Coverage, coverage, places
from framework.check.pipeline import findings, findings_beside, findings_together
from framework.check.policy.checkout_policy import CheckoutPolicy
from framework.check.policy.waivers import WaivedFinding
from framework.check.rule_list import rules_there_are
from framework.core.diagnostics import Diagnostic, Diagnostics, Severity
from framework.core.errors import InvalidProject
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.loader import ProjectSource, load_checkout, project_names

MAX_FINDINGS = 1000
"""Over all files. Nobody reads more; mending these comes first."""


@dataclass(frozen=True)
class Validated:
    """What was looked at, and what was found. A finding that holds for some targets only names them.

    ``waived`` are findings that do not count, ``left_out`` is what was not looked at.
    """

    pipelines: tuple[str, ...]
    targets: tuple[str, ...]
    tasks: int
    found: Diagnostics
    waived: tuple[WaivedFinding, ...] = ()
    left_out: Coverage = ALL


def validate(
    root: Path,
    project: str | None,
    pipeline: str | None,
    targets: tuple[str, ...],
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Validated:
    """Look at the pipelines named, for the targets named; all, where none is. Raises UsageError for unknown names."""
    targets = tuple(dict.fromkeys(targets))
    checkout = load_checkout(root, project, pipeline, targets, variables)
    by_target: dict[str, list[ProjectSource]] = {}
    for source in checkout.sources:
        by_target.setdefault(source.target.name, []).append(source)
    policy = CheckoutPolicy(root, date.today())
    for name in (project,) if project else project_names(root):
        policy.of_project(root / "projects" / name)
    refused: set[str] = set()
    found = {target: list(_of_target(sources, policy, refused)) for target, sources in by_target.items()}
    there = places(root, checkout.sources)
    of_policy = policy.findings(
        (rule.name for rule in rules_there_are()),
        whole=not (project or pipeline or targets),
        there=None if project or pipeline else there,
    )
    everything = _most(Diagnostics.of([*checkout.found, *_merged(found), *of_policy]))
    names = {_name(source): len(source.pipeline.tasks) for source in checkout.sources}
    left_out = coverage(there, project, pipeline, names.keys() - refused)
    return Validated(tuple(names), checkout.targets, sum(names.values()), everything, policy.waived, left_out)


def _of_target(sources: list[ProjectSource], policies: CheckoutPolicy, refused: set[str]) -> Iterator[Diagnostic]:
    """What is wrong in the pipelines of one target; ``refused`` gets the names of those that cannot be resolved."""
    by_project: dict[str, list[ResolvedPipeline]] = {}
    for source in sources:
        try:
            by_project.setdefault(source.project.name, []).append(resolve(source))
        except InvalidProject as error:
            refused.add(_name(source))
            yield from error.found
    before: list[ResolvedPipeline] = []
    for pipelines in filter(None, by_project.values()):
        policy = policies.of_project(pipelines[0].source_directory.parent)
        for each in pipelines:
            yield from policies.kept(findings(each, policy), [each], policy)
        yield from policies.kept(findings_together(pipelines), pipelines, policy)
        yield from policies.kept(findings_beside(pipelines, before), pipelines, policy)
        before += pipelines


def _name(source: ProjectSource) -> str:
    return f"{source.project.name}/{source.pipeline.name}"


def _most(found: Diagnostics) -> Diagnostics:
    """The first ones by place; the last of them says how many more there are."""
    shown, left = found.items[:MAX_FINDINGS], found.items[MAX_FINDINGS:]
    if not left:
        return found
    severity = Severity.ERROR if any(each.severity is Severity.ERROR for each in left) else Severity.WARNING
    hint = "Mend some of these first, or look at one pipeline: framework validate PROJECT -p PIPELINE"
    return Diagnostics((*shown, Diagnostic(f"{len(left):,} more findings", hint=hint, severity=severity)))


def _merged(by_target: dict[str, list[Diagnostic]]) -> Iterator[Diagnostic]:
    """Each finding once, with the targets that it holds for unless these are all of them."""
    targets: dict[Diagnostic, list[str]] = {}
    for target, found in by_target.items():
        for finding in dict.fromkeys(found):
            targets.setdefault(finding, []).append(target)
    for finding, names in targets.items():
        yield finding if len(names) == len(by_target) else replace(finding, targets=tuple(names))
