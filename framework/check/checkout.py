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
from framework.resolve.resolved import CheckedPipeline, ResolvedPipeline
from framework.spec.loader import Checkout, ProjectSource, load_checkout, project_names

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
    return _looked_at(checkout, root, project, pipeline, targets)[0]


def checked(
    root: Path, project: str | None, targets: tuple[str, ...], variables: Mapping[str, str] = MappingProxyType({})
) -> tuple[tuple[tuple[CheckedPipeline, ...], ...], Diagnostics]:
    """The pipelines that can be compiled, those of one project and target together; and the warnings about them.

    Raises UsageError for unknown names, InvalidProject with every finding when one of them is an error.
    """
    checkout = load_checkout(root, project, None, targets, variables)
    validated, resolved, policy = _looked_at(checkout, root, project, None, targets)
    if validated.found.errors:
        raise InvalidProject(validated.found)
    # A warning may be about several: none goes with a pipeline.
    sound = (tuple(_checked(each, policy) for each in pipelines) for pipelines in resolved)
    return tuple(sound), validated.found


def _checked(pipeline: ResolvedPipeline, policy: CheckoutPolicy) -> CheckedPipeline:
    of_project = policy.of_project(pipeline.root / "projects" / pipeline.project)
    return CheckedPipeline(pipeline, Diagnostics(), of_project.training_inputs_days(pipeline.target))


def _looked_at(
    checkout: Checkout, root: Path, project: str | None, pipeline: str | None, targets: tuple[str, ...]
) -> tuple[Validated, list[list[ResolvedPipeline]], CheckoutPolicy]:
    """What was found, the pipelines by project and target, the policies. The names are those that were asked for."""
    by_target: dict[str, list[ProjectSource]] = {}
    for source in checkout.sources:
        by_target.setdefault(source.target.name, []).append(source)
    policy, resolved = CheckoutPolicy(root, date.today()), dict[str, list[list[ResolvedPipeline]]]()
    for name in (project,) if project else project_names(root):
        policy.of_project(root / "projects" / name)
    refused: set[str] = set()
    found: dict[str, list[Diagnostic]] = {}
    for target, sources in by_target.items():
        resolved[target], why = _resolved(sources, refused)
        found[target] = [*why, *_of_target(resolved[target], policy)]
    there = places(root, checkout.sources)
    of_policy = policy.findings(
        (rule.name for rule in rules_there_are()),
        whole=not (project or pipeline or targets),
        there=None if project or pipeline else there,
    )
    everything = _most(Diagnostics.of([*checkout.found, *_merged(found), *of_policy]))
    names = {_name(source): len(source.pipeline.tasks) for source in checkout.sources}
    left_out = coverage(there, project, pipeline, names.keys() - refused)
    validated = Validated(tuple(names), checkout.targets, sum(names.values()), everything, policy.waived, left_out)
    return validated, [pipelines for projects in resolved.values() for pipelines in projects], policy


def _resolved(sources: list[ProjectSource], refused: set[str]) -> tuple[list[list[ResolvedPipeline]], list[Diagnostic]]:
    """The pipelines of one target by project, and what keeps others, which are added to ``refused``, from being so."""
    by_project: dict[str, list[ResolvedPipeline]] = {}
    found: list[Diagnostic] = []
    for source in sources:
        try:
            pipeline = resolve(source)
        except InvalidProject as error:
            refused.add(_name(source))
            found += error.found
        else:
            by_project.setdefault(source.project.name, []).append(pipeline)
    return list(by_project.values()), found


def _of_target(by_project: list[list[ResolvedPipeline]], policies: CheckoutPolicy) -> Iterator[Diagnostic]:
    """What is wrong in the pipelines of one target."""
    before: list[ResolvedPipeline] = []
    for pipelines in by_project:
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
