"""Runs every rule on a pipeline."""

from collections.abc import Callable, Iterator

from framework.check import data_checks, entrypoint_checks, graph_checks, native_checks, parameter_checks
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.resolve.resolved import CheckedPipeline, ResolvedPipeline

Rule = Callable[[ResolvedPipeline], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (
    graph_checks.unknown_dependencies,
    graph_checks.cycles,
    graph_checks.one_writer_per_table,
    native_checks.owned_fields,
    parameter_checks.unknown_references,
    parameter_checks.circular_parameters,
    parameter_checks.shadowed_parameters,
    data_checks.models_come_from_training,
    data_checks.gates_judge_the_model,
    data_checks.options_go_together,
    data_checks.replaced_columns_have_values,
    entrypoint_checks.entry_points_exist,
    entrypoint_checks.free_module_names,
)


def check(pipeline: ResolvedPipeline) -> CheckedPipeline:
    """All rules on ``pipeline``. Raises InvalidProject with every finding when one of them is an error."""
    found = Diagnostics.of(finding for rule in RULES for finding in rule(pipeline))
    if found.errors:
        raise InvalidProject(found)
    return CheckedPipeline(pipeline, found)
