"""In mode development, a person's own schemas, experiments and jobs: names that begin with who deploys."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from framework.core.identifiers import Reference
from framework.core.task_run import DEV_PREFIX
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.references import replace_references
from framework.spec.target_spec import LOCAL

PERSON = "${workspace.current_user.short_name}"
"""Who deploys, as the bundle's own variable; plans are no part of the bundle, so they hold ``DEV_PREFIX``."""


def is_personal(pipeline: ResolvedPipeline) -> bool:
    """Whether the target is one where each person has names of their own."""
    return pipeline.workspace.mode == "development" and pipeline.target != LOCAL


def schema_prefix(pipeline: ResolvedPipeline) -> str:
    """What stands in front of each schema in the bundle."""
    return f"{PERSON}_" if is_personal(pipeline) else ""


def experiment_name(name: str, prefix: str) -> str:
    """``name``, a path, with ``prefix`` in front of its last part."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{prefix}{last}"


def own_options(pipeline: ResolvedPipeline, options: Any) -> Any:
    """The options of a task with its tables, models and experiment as the plan names them."""
    if not is_personal(pipeline):
        return options
    own = replace_references(options, _own_name)
    experiment = getattr(own, "experiment", None)
    return replace(own, experiment=experiment_name(experiment, DEV_PREFIX)) if experiment else own


def shared_tables(pipeline: ResolvedPipeline) -> dict[str, str]:
    """What is read where a person has no such table: the table that all share, by the person's own."""
    shared = {schema.lower() for schema in pipeline.workspace.shared_schemas if is_personal(pipeline)}
    return {_own(name): name for name in _tables_read(pipeline) if name.split(".")[1].lower() in shared}


def _tables_read(pipeline: ResolvedPipeline) -> Iterator[str]:
    for task in pipeline.tasks if pipeline.workspace.shared_schemas else ():
        for _, reference, name in task.names:
            if (reference.to, reference.role) == ("table", "reads"):
                yield name


def _own_name(reference: Reference, name: str) -> str:
    return _own(name) if reference.to in ("table", "model") else name


def _own(name: str) -> str:
    catalog, _, rest = name.partition(".")
    return f"{catalog}.{DEV_PREFIX}{rest}"
