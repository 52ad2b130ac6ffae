"""Runs every rule on a pipeline."""

from collections.abc import Callable, Iterator

from framework.check import data_checks, entrypoint_checks, graph_checks
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.resolve.resolved import CheckedPipeline, ResolvedPipeline

Rule = Callable[[ResolvedPipeline], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (
    graph_checks.unknown_dependencies,
    graph_checks.cycles,
    graph_checks.one_writer_per_table,
    data_checks.unknown_references,
    data_checks.shadowed_parameters,
    data_checks.models_come_from_training,
    data_checks.gates_have_a_metric,
    data_checks.gates_have_a_model,
    data_checks.replaced_columns_have_values,
    data_checks.feature_keys_hold,
    entrypoint_checks.entry_points_exist,
)


def check(pipeline: ResolvedPipeline) -> CheckedPipeline:
    """All rules on ``pipeline``. Raises InvalidProject with every finding when one of them is an error."""
    found = Diagnostics.of(finding for rule in RULES for finding in rule(pipeline))
    if found.errors:
        raise InvalidProject(found)
    return CheckedPipeline(pipeline, found)
