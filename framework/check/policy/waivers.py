"""Exceptions: a finding that somebody answers for does not count until a day, and is shown all the same."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from framework.check.policy.findings import PLAN_RULES, POLICY_RULES, is_waivable, rule_name, with_severities
from framework.check.policy.waiver_places import CheckoutPlaces, unknown_place
from framework.core.diagnostics import Diagnostic, Severity
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import format_path, quoted
from framework.spec.patterns import is_among
from framework.spec.policy_spec import PolicySpec, Waiver
from framework.spec.suggestions import did_you_mean
from framework.spec.validation import MAX_FINDINGS

RULE = "policy.waivers"

OF_PROJECT = frozenset(
    {
        "hard_coded_credentials",
        "names_nobody_makes",
        "one_writer_in_the_catalog",
        "one_writer_in_the_project",
        "sources_are_not_written",
        "sources_have_a_file",
        "sources_have_a_known_format",
        "unused_task_values",
    }
)
"""Rules over all pipelines of a project: what they find belongs to one pipeline only if it stands in its file."""
_OF_FILES = ("hard_coded_credentials", "thin_entry_points", "unused_task_values")
"""Rules that read files, whose findings belong to no task."""


@dataclass(frozen=True)
class WaivedFinding:
    """A finding that does not count, and the exception that says so."""

    finding: Diagnostic
    waiver: Waiver


@dataclass(frozen=True)
class Judged:
    """Findings that count, and those that do not."""

    kept: tuple[Diagnostic, ...]
    waived: tuple[WaivedFinding, ...]


def judge(
    findings: Iterable[Diagnostic], pipelines: Sequence[ResolvedPipeline], policy: PolicySpec, today: date
) -> Judged:
    """What the policy makes of findings on ``pipelines`` (of one project, for one target): severities, then waivers."""
    target = pipelines[0].target if pipelines else ""
    return apply_waivers(with_severities(findings, policy, target), pipelines, policy.waivers, today)


def apply_waivers(
    findings: Iterable[Diagnostic], pipelines: Sequence[ResolvedPipeline], waivers: Iterable[Waiver], today: date
) -> Judged:
    """Part the findings on ``pipelines`` (of one project, for one target) by the waivers that hold ``today``.

    A waiver for a project covers its pipelines, one for a pipeline its tasks.
    """
    valid = [waiver for waiver in waivers if waiver.expires >= today and is_waivable(waiver.rule)]
    kept: list[Diagnostic] = []
    waived: list[WaivedFinding] = []
    for finding in findings:
        candidates = [waiver for waiver in valid if waiver.rule == finding.rule]
        place = _place(finding, pipelines) if candidates else ()
        target = pipelines[0].target if pipelines else ""
        file = finding.location.file if finding.location else ""
        waiver = next((each for each in candidates if _covers(each, place, target, file)), None)
        if waiver:
            waived.append(WaivedFinding(finding, waiver))
        else:
            kept.append(finding)
    return Judged(tuple(kept), tuple(waived))


def waiver_findings(
    policy: PolicySpec, rules: Iterable[str], today: date, there: CheckoutPlaces | None = None
) -> Iterator[Diagnostic]:
    """A waiver that has expired or holds for nothing that is there, or a rule's name that is none.

    ``rules`` are the names of all rules beside those of policies; ``there`` is what the checkout holds, where that is
    known.
    """
    known = sorted({*rules, *map(rule_name, POLICY_RULES), *PLAN_RULES})
    most = policy.max_waiver_days
    for waiver in policy.waivers:
        if problem := _unfit(waiver.rule, known) or (there and unknown_place(waiver, there)):
            yield _about(waiver, *problem)
        elif _names_task_in_vain(waiver):
            hint = "Write project or project/pipeline, and the file under 'file'."
            yield _about(waiver, f"what rule {quoted(waiver.rule)} finds belongs to a file, not to a task", hint)
        elif waiver.expires < today:
            hint = f"Mend what it is about, or agree on a new date with {waiver.owner}."
            summary = f"the waiver of {quoted(waiver.rule)} at {quoted(waiver.at)} expired on {waiver.expires}"
            yield _about(waiver, summary, hint)
        elif most is not None and (days := (waiver.expires - today).days) > most:
            hint = f"Agree on an earlier day with {waiver.owner}: the policy's max_waiver_days is {most}."
            yield _about(waiver, f"the waiver of {quoted(waiver.rule)} runs for {days} more days", hint)
    yield from dict.fromkeys(islice(_severity_findings(policy, known), MAX_FINDINGS))


def unused_waivers(policy: PolicySpec, waived: Iterable[WaivedFinding], today: date) -> Iterator[Diagnostic]:
    """Waivers that waive nothing; to be asked only when every project was looked at, for every target."""
    used = {each.waiver for each in waived}
    for waiver in policy.waivers:
        may_be_used = is_waivable(waiver.rule) and not _names_task_in_vain(waiver)
        if waiver not in used and waiver.expires >= today and may_be_used:
            summary = f"the waiver of {quoted(waiver.rule)} at {quoted(waiver.at)} waives nothing"
            yield _about(waiver, summary, "Remove it, or correct its rule or place.", Severity.WARNING)


def _severity_findings(policy: PolicySpec, known: Sequence[str]) -> Iterator[Diagnostic]:
    for files in policy.targets.values():
        for file in files:
            for rule in file.rules.severities:
                if problem := _unfit(rule, known, PLAN_RULES):
                    path = ("severities", rule)
                    yield Diagnostic(problem[0], file.key_place(path), format_path(path), problem[1], rule=RULE)


def _unfit(rule: str, known: Sequence[str], also: Collection[str] = ()) -> tuple[str, str] | None:
    """Why a policy can say nothing of ``rule``, and what to do; None when it can, as of those that are ``also`` fit."""
    if (is_waivable(rule) and rule in known) or rule in also:
        return None
    if rule in PLAN_RULES:
        hint = f"Weigh it differently, for one target if need be: severities: {{{rule}: warning}}"
        return f"what rule {quoted(rule)} finds in a plan cannot be waived", hint
    if rule in known:
        return f"what rule {quoted(rule)} finds cannot be waived", "Mend it: no policy can weigh it differently."
    there = [name for name in known if is_waivable(name) or name in also]
    close = did_you_mean(rule, there)
    return f"no rule {quoted(rule)}{close}", "" if close else f"There are: {', '.join(there)}."


def _names_task_in_vain(waiver: Waiver) -> bool:
    return waiver.rule in _OF_FILES and waiver.at.count("/") == 2


def _about(waiver: Waiver, summary: str, hint: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(summary, waiver.location, waiver.path, hint, severity, RULE)


def _place(finding: Diagnostic, pipelines: Sequence[ResolvedPipeline]) -> tuple[str, ...]:
    """Project, pipeline and task that a finding is about, as far as that is known."""
    file = finding.location.file if finding.location else ""
    about = [each for each in pipelines if each.document.file == file]
    if len(pipelines) == 1 and finding.rule not in OF_PROJECT:
        about = [*pipelines]
    if len(about) != 1:
        return tuple({each.project: None for each in pipelines})
    pipeline = about[0]
    tasks = [task.task_key for task in pipeline.tasks if _is_about(finding.path, pipeline, task)]
    return (pipeline.project, pipeline.pipeline, *tasks[:1])


def _is_about(path: str, pipeline: ResolvedPipeline, task: ResolvedTask) -> bool:
    """Whether ``path`` leads into the task, in the pipeline's file or in a target's."""
    names = (pipeline.pipeline, f"{pipeline.project}/{pipeline.pipeline}")
    ways = (task.path, *(("pipelines", name, "tasks", task.task_key) for name in names))
    return any(path == way or path.startswith((f"{way}.", f"{way}[")) for way in map(format_path, ways))


def _covers(waiver: Waiver, place: tuple[str, ...], target: str, file: str) -> bool:
    steps = waiver.at.split("/")
    if len(steps) > len(place) or not is_among(target, waiver.targets) or not is_among(file, [waiver.file]):
        return False
    return all(is_among(name, [step]) for step, name in zip(steps, place, strict=False))
