"""A compiled job as the scheduler walks it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from framework.core.graph import topological_order

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job


@dataclass(frozen=True)
class Node:
    """One task. ``upstream`` names each dependency with the ``outcome`` it must have ("" for none)."""

    key: str
    task: Any
    upstream: tuple[tuple[str, str], ...]
    run_if: str = "ALL_SUCCESS"

    @property
    def kind(self) -> str:
        """What the task does: the name of its field, such as ``notebook_task``."""
        return kind_of(self.task)


@dataclass(frozen=True)
class JobGraph:
    """The tasks of a job by key, in topological order."""

    nodes: Mapping[str, Node]
    downstream: Mapping[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, job: "Job", only: Collection[str] | None = None) -> "JobGraph":
        """The graph of ``job``, or of its tasks in ``only``: what they wait for beyond those is not looked at."""
        tasks: Any = job.tasks
        wanted = {str(task.task_key): task for task in tasks if only is None or task.task_key in only}
        upstream = {
            key: tuple((str(d.task_key), str(d.outcome or "")) for d in task.depends_on if d.task_key in wanted)
            for key, task in wanted.items()
        }
        order = topological_order({key: [name for name, _ in edges] for key, edges in upstream.items()})
        downstream: dict[str, list[str]] = {key: [] for key in order}
        for key, edges in upstream.items():
            for name in dict.fromkeys(name for name, _ in edges):
                downstream[name].append(key)
        nodes = {key: Node(key, wanted[key], upstream[key], _run_if(wanted[key])) for key in order}
        return cls(nodes, {key: tuple(keys) for key, keys in downstream.items()})

    @cached_property
    def leaves(self) -> frozenset[str]:
        """The tasks that nothing waits for."""
        return frozenset(key for key, after in self.downstream.items() if not after)

    def after(self, keys: Iterable[str]) -> set[str]:
        """``keys`` and everything downstream of them."""
        return _reach(keys, self.downstream)

    def before(self, keys: Iterable[str]) -> set[str]:
        """``keys`` and everything upstream of them."""
        return _reach(keys, {key: tuple(name for name, _ in node.upstream) for key, node in self.nodes.items()})


def kind_of(task: Any) -> str:
    """The field of an official task that says what it does; empty when none does."""
    return next((name for name, value in vars(task).items() if name.endswith("_task") and value is not None), "")


def _run_if(task: Any) -> str:
    return str(task.run_if.value) if task.run_if else "ALL_SUCCESS"


def _reach(start: Iterable[str], edges: Mapping[str, tuple[str, ...]]) -> set[str]:
    found, left = set[str](), list(start)
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left.extend(edges[key])
    return found
