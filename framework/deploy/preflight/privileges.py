"""What the tasks of pipelines need in Unity Catalog and of SQL warehouses; nobody is asked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from framework.compile.personal import own_options, shared_tables
from framework.core.task_run import DEV_PREFIX
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.layers import merged
from framework.spec.references import references

SecurableKind = Literal["CATALOG", "SCHEMA", "TABLE", "VOLUME", "FUNCTION"]
"""FUNCTION is what the API files registered models under."""

_ON_TABLE = {"reads": ("SELECT",), "mentions": (), "writes": ("SELECT", "MODIFY")}
_ON_MODEL = {"reads": ("EXECUTE",), "mentions": ("EXECUTE",), "writes": ("EXECUTE", "APPLY_TAG", "MANAGE")}
"""Making a version and moving an alias take the model's owner, or whoever may manage it."""
_TO_CREATE = {"table": "CREATE_TABLE", "model": "CREATE_MODEL"}


@dataclass(frozen=True, order=True)
class Securable:
    """Something in Unity Catalog that privileges are granted on."""

    kind: SecurableKind
    name: str

    @property
    def above(self) -> "tuple[Securable, ...]":
        """The schema and the catalog that hold it."""
        parts = self.name.split(".")
        schema = [Securable("SCHEMA", ".".join(parts[:2]))] if len(parts) > 2 else []
        return (*schema, *([Securable("CATALOG", parts[0])] if len(parts) > 1 else []))


@dataclass(frozen=True)
class _Name:
    """A table or a model that a task (``pipeline.task``) refers to."""

    task: str
    to: str
    role: str
    securable: Securable

    def needs(self) -> Iterator[tuple[Securable, str]]:
        schema, catalog = self.securable.above
        yield catalog, "USE_CATALOG"
        yield schema, "USE_SCHEMA"
        if self.role == "writes":
            yield schema, _TO_CREATE[self.to]
        for privilege in (_ON_TABLE if self.to == "table" else _ON_MODEL)[self.role]:
            yield self.securable, privilege

    def makes(self) -> Iterator[Securable]:
        """The deployment makes the schemas that tasks write to, and a task its table or model."""
        if self.role == "writes":
            yield self.securable
            yield self.securable.above[0]


@dataclass(frozen=True, order=True)
class Requirement:
    """``privilege`` on ``securable`` (such as CREATE_TABLE on a schema), for ``tasks`` (``pipeline.task``).

    ``made`` says that a task or the deployment makes the securable where it is not there; ``deployed`` that it is, or
    lies in, a schema that the deployment makes, with grants for whom the jobs run as.
    """

    securable: Securable
    privilege: str
    tasks: tuple[str, ...]
    made: bool = False
    deployed: bool = False


def required_privileges(pipelines: Iterable[ResolvedPipeline], prefix: str = "") -> tuple[Requirement, ...]:
    """What the principal that the jobs run as needs for every table and model that they name, each once, sorted.

    ``prefix`` stands in front of the schemas of whoever deploys, on a target where each person has some.
    """
    needed: dict[tuple[Securable, str], list[str]] = {}
    made: set[Securable] = set()
    for name in _names(pipelines, prefix):
        for securable, privilege in name.needs():
            tasks = needed.setdefault((securable, privilege), [])
            tasks.extend({name.task}.difference(tasks))
        made |= {*name.makes()}
    deployed = {securable for securable, _ in needed if {securable, *securable.above} & made}
    return tuple(sorted(Requirement(s, p, tuple(tasks), s in made, s in deployed) for (s, p), tasks in needed.items()))


def required_warehouses(pipelines: Iterable[ResolvedPipeline]) -> Mapping[str, tuple[str, ...]]:
    """The ids of the SQL warehouses that must be usable, each with the tasks that need it."""
    needed: dict[str, list[str]] = {}
    tasks = ((pipeline, task) for pipeline in pipelines for task in pipeline.tasks)
    for pipeline, task in tasks:
        for warehouse in _warehouses(merged([task.native, task.databricks])):
            needed.setdefault(warehouse, []).append(f"{pipeline.pipeline}.{task.task_key}")
    return {warehouse: tuple(tasks) for warehouse, tasks in sorted(needed.items())}


def _names(pipelines: Iterable[ResolvedPipeline], prefix: str) -> Iterator[_Name]:
    """The tables and models of the tasks, as these will name them."""
    for pipeline in pipelines:
        shared = shared_tables(pipeline)
        for task in pipeline.tasks:
            for _, reference, name in references(own_options(pipeline, task.options)) if task.kind else ():
                if reference.to in _TO_CREATE:
                    read = shared.get(name, name) if reference.role == "reads" else name
                    bare = read.replace(DEV_PREFIX, prefix).partition("@")[0].partition("/")[0]
                    securable = Securable("TABLE" if reference.to == "table" else "FUNCTION", bare)
                    yield _Name(f"{pipeline.pipeline}.{task.task_key}", reference.to, reference.role, securable)


def _warehouses(native: Any) -> Iterator[str]:
    """Wherever a task names one, inside a loop too; what a parameter says is not known before the run."""
    if isinstance(native, Mapping):
        for name, value in native.items():
            if name == "warehouse_id" and isinstance(value, str) and "{{" not in value:
                yield value
            else:
                yield from _warehouses(value)
