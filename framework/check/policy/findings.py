"""Runs every rule of the policy on a pipeline, and says how much each finding weighs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from framework.check.policy import compute, limits, names, people, tags
from framework.check.policy.native_fields import NativeJob, native_job
from framework.core.diagnostics import Diagnostic, Severity
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.policy_spec import PolicySpec, TargetPolicy

PolicyRule = Callable[[NativeJob, TargetPolicy], Iterator[Diagnostic]]

POLICY_RULES: tuple[PolicyRule, ...] = (
    tags.required_tags,
    names.name_patterns,
    people.run_as,
    people.permissions,
    people.notifications,
    compute.serverless_only,
    compute.existing_clusters,
    compute.budget_policy,
    compute.cluster_tags,
    compute.cluster_policies,
    compute.node_types,
    compute.spark_versions,
    compute.workers,
    compute.spot_instances,
    limits.time_limits,
    limits.retries,
)

WAIVABLE = frozenset(
    {
        "condition_operands",
        "entry_points_exist",
        "entry_points_fit_annotations",
        "fields_have_an_effect",
        "free_module_names",
        "hard_coded_credentials",
        "misread_parameters",
        "names_nobody_makes",
        "one_writer_in_the_catalog",
        "one_writer_in_the_project",
        "one_writer_per_table",
        "retries_repeat_appends",
        "shadowed_parameters",
        "sources_are_not_written",
        "sources_have_a_file",
        "sources_have_a_known_format",
        "tables_read_in_order",
        "task_values_are_set",
        "task_values_read_in_order",
        "thin_entry_points",
        "unreachable_tasks",
        "unused_task_values",
    }
)
"""Rules that give advice or can be mistaken. What any other one finds cannot be compiled or run: no policy helps."""

PLAN_RULES = {
    "policy.plan_delete_jobs": "A plan, or `framework destroy`, that would delete jobs.",
    "policy.plan_recreate_jobs": "A plan that would delete jobs and make them again.",
    "policy.plan_change_run_as": "A plan after which a job would run as somebody else.",
    "policy.plan_open_permissions": "A plan that would give somebody rights on what is there already.",
    "policy.plan_delete_data": "`framework destroy --data`.",
}
"""What the section `plan` of a policy forbids: judged where a plan is made, not while a project is checked."""

_OFF = "off"
_WEIGHTS = (_OFF, Severity.WARNING.value, Severity.ERROR.value)


def rule_name(rule: PolicyRule) -> str:
    """``policy.required_tags``: how a finding, a waiver and a severity name the rule."""
    return f"policy.{getattr(rule, '__name__', '')}"


def plan_rule(field: str) -> str:
    """The same for a field of the section ``plan``: ``policy.plan_delete_jobs``."""
    return f"policy.plan_{field}"


def is_waivable(rule: str) -> bool:
    """Whether a policy may weigh differently or waive what ``rule`` finds: any rule of its own, and some others."""
    return rule in WAIVABLE or rule in map(rule_name, POLICY_RULES)


def policy_findings(pipeline: ResolvedPipeline, policy: PolicySpec) -> Iterator[Diagnostic]:
    """What breaks the policy of the pipeline's target, with the severities that it sets; each file by itself."""
    files, job = policy.of_target(pipeline.target), native_job(pipeline)
    found: dict[object, Diagnostic] = {}
    for index, file in enumerate(files):
        for rule in POLICY_RULES:
            severity = severity_of(rule_name(rule), Severity.ERROR, files[index:])
            for finding in rule(job, file) if severity else ():
                # A project may repeat what the organisation demands: one of the two, the heavier, is enough.
                about = (rule, finding.summary, finding.location)
                if severity and (about not in found or found[about].severity is not Severity.ERROR):
                    found[about] = replace(finding, rule=rule_name(rule), severity=severity)
    yield from found.values()


def with_severities(findings: Iterable[Diagnostic], policy: PolicySpec, target: str) -> Iterator[Diagnostic]:
    """What other rules found, with the severities that the policy sets for ``target``; what is off is left out."""
    files = policy.of_target(target)
    for finding in findings:
        may_differ = finding.rule in WAIVABLE
        severity = severity_of(finding.rule, finding.severity, files) if may_differ else finding.severity
        if severity:
            yield finding if severity is finding.severity else replace(finding, severity=severity)


def severity_of(rule: str, default: Severity, files: Sequence[TargetPolicy]) -> Severity | None:
    """The first file decides if it is the organisation's; a project's can only add weight. None is off."""
    level = default.value
    for index, file in enumerate(files):
        said = file.rules.severities.get(rule, level)
        decides = not file.tightens or (index == 0 and rule.startswith("policy."))
        level = said if decides else max(said, level, key=_WEIGHTS.index)
    return None if level == _OFF else Severity(level)
