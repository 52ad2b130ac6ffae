"""Runs every rule on pipelines."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

from framework.check import (
    annotation_checks,
    branch_checks,
    compute_checks,
    credential_checks,
    data_checks,
    date_checks,
    effect_checks,
    entrypoint_checks,
    field_checks,
    graph_checks,
    library_checks,
    limit_checks,
    loop_checks,
    name_checks,
    native_checks,
    official_checks,
    order_checks,
    parameter_checks,
    resource_checks,
    retry_checks,
    run_job_checks,
    scalar_checks,
    schedule_checks,
    source_checks,
    table_checks,
    wheel_checks,
)
from framework.check.policy.findings import policy_findings
from framework.check.policy.waivers import judge
from framework.check.thin_checks import thin_entry_points
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.resolve.resolved import CheckedPipeline, ResolvedPipeline
from framework.spec.policy_spec import NO_POLICY, PolicySpec, Thin
from framework.spec.validation import MAX_FINDINGS

Rule = Callable[[ResolvedPipeline], Iterator[Diagnostic]]
RuleTogether = Callable[[Sequence[ResolvedPipeline]], Iterator[Diagnostic]]
RuleOfCheckout = Callable[[Sequence[ResolvedPipeline], Sequence[ResolvedPipeline]], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (
    graph_checks.unknown_dependencies,
    graph_checks.repeated_dependencies,
    graph_checks.cycles,
    branch_checks.outcomes_of_conditions,
    branch_checks.unreachable_tasks,
    branch_checks.condition_operands,
    loop_checks.loop_inputs,
    loop_checks.loop_concurrency,
    loop_checks.loop_bodies,
    limit_checks.tag_limit,
    limit_checks.run_limit,
    limit_checks.description_limit,
    schedule_checks.cron,
    schedule_checks.time_zones,
    schedule_checks.one_way_to_start,
    compute_checks.unknown_compute,
    compute_checks.repeated_compute,
    compute_checks.misplaced_compute,
    compute_checks.one_compute_per_task,
    compute_checks.missing_environments,
    native_checks.owned_fields,
    native_checks.native_files_exist,
    library_checks.libraries_are_deployed,
    official_checks.official_types,
    field_checks.fields_fit_each_other,
    effect_checks.fields_have_an_effect,
    table_checks.one_writer_per_table,
    order_checks.tables_read_in_order,
    order_checks.task_values_read_in_order,
    order_checks.task_values_are_set,
    retry_checks.retries_repeat_appends,
    parameter_checks.unknown_references,
    parameter_checks.circular_parameters,
    parameter_checks.shadowed_parameters,
    scalar_checks.misread_parameters,
    date_checks.logical_dates,
    name_checks.models_are_read_at_a_version,
    data_checks.models_come_from_training,
    data_checks.gates_judge_the_model,
    data_checks.options_go_together,
    data_checks.thresholds_can_be_kept,
    data_checks.replaced_columns_have_values,
    entrypoint_checks.entry_points_exist,
    annotation_checks.entry_points_fit_annotations,
    entrypoint_checks.free_module_names,
    run_job_checks.jobs_exist,
)
"""Those that look at one pipeline."""
RULES_TOGETHER: tuple[RuleTogether, ...] = (
    run_job_checks.nested_runs,
    run_job_checks.parameters_of_runs,
    table_checks.one_writer_in_the_project,
    name_checks.names_nobody_makes,
    resource_checks.official_resources,
    data_checks.sources_have_a_file,
    source_checks.sources_are_not_written,
    source_checks.sources_have_a_known_format,
    order_checks.unused_task_values,
    credential_checks.hard_coded_credentials,
    wheel_checks.wheels_are_static,
    wheel_checks.dependencies_are_pinned,
)
"""Those that look at several pipelines of a project, as they will run together."""
RULES_OF_CHECKOUT: tuple[RuleOfCheckout, ...] = (table_checks.one_writer_in_the_catalog,)
"""Those that look at the pipelines of a project beside those of other projects, all for one target."""


def check(pipeline: ResolvedPipeline) -> CheckedPipeline:
    """All rules on one ``pipeline``. Raises InvalidProject with every finding when one of them is an error."""
    return check_together([pipeline])[0]


def check_together(
    pipelines: Sequence[ResolvedPipeline], policy: PolicySpec = NO_POLICY
) -> tuple[CheckedPipeline, ...]:
    """All rules on pipelines of one project, as ``policy`` weighs them. Raises InvalidProject as ``check`` does."""
    today = date.today()
    kept = [list(judge(findings(pipeline, policy), [pipeline], policy, today).kept) for pipeline in pipelines]
    # The first one stands for all: it is the one that was asked for.
    kept[0] += judge(findings_together(pipelines), pipelines, policy, today).kept
    everything = Diagnostics.of([finding for found in kept for finding in found])
    if everything.errors:
        raise InvalidProject(everything)
    return tuple(
        CheckedPipeline(pipeline, Diagnostics.of(found), policy.training_inputs_days(pipeline.target))
        for pipeline, found in zip(pipelines, kept, strict=True)
    )


def findings(pipeline: ResolvedPipeline, policy: PolicySpec = NO_POLICY) -> list[Diagnostic]:
    """What the rules and the policy say of one pipeline by itself; of each rule, the first findings."""
    found = [_of(rule, finding) for rule in RULES for finding in islice(rule(pipeline), MAX_FINDINGS)]
    thin = policy.thin(pipeline.target) or Thin()
    found += [_of(thin_entry_points, finding) for finding in islice(thin_entry_points(pipeline, thin), MAX_FINDINGS)]
    return [*found, *islice(policy_findings(pipeline, policy), MAX_FINDINGS)]


def findings_together(pipelines: Sequence[ResolvedPipeline]) -> list[Diagnostic]:
    """What the rules say of pipelines of one project beside each other, all for one target."""
    return [_of(rule, finding) for rule in RULES_TOGETHER for finding in islice(rule(pipelines), MAX_FINDINGS)]


def findings_beside(pipelines: Sequence[ResolvedPipeline], others: Sequence[ResolvedPipeline]) -> list[Diagnostic]:
    """What the rules say of pipelines of one project beside those of ``others``."""
    return [_of(rule, each) for rule in RULES_OF_CHECKOUT for each in islice(rule(pipelines, others), MAX_FINDINGS)]


def _of(rule: Callable[..., object], finding: Diagnostic) -> Diagnostic:
    return replace(finding, rule=getattr(rule, "__name__", ""))
