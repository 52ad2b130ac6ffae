"""What there is to draw of a pipeline: nodes and edges with the words on them, whatever draws them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from framework.console.graph.flows import TaskFlows, carried, datasets_between, flows_of
from framework.console.graph.layers import components, stretch
from framework.console.graph.words import Details, details, headline, remarks, shape_of
from framework.console.results import several
from framework.core.errors import UsageError
from framework.resolve.resolved import Dependency, ResolvedPipeline, ResolvedTask
from framework.spec.node_path import printable

DATA = ("table", "model")
"""The shapes of what tasks read and write."""
_MOST_EDGES, _LONGEST_EDGES = 3_000, 30_000


@dataclass(frozen=True, kw_only=True)
class Node:
    """A task, or what tasks read and write. ``broken`` is what makes the graph impossible."""

    key: str
    name: str
    shape: str
    headline: str
    remarks: tuple[str, ...] = ()
    details: Details = ()
    broken: bool = False


@dataclass(frozen=True, kw_only=True)
class Edge:
    """From one node's key to another's. ``written`` is in ``depends_on``; ``carries`` says what flows, if anything."""

    source: str
    target: str
    label: str = ""
    written: bool = False
    carries: tuple[str, ...] = ()
    broken: bool = False


@dataclass(frozen=True)
class Picture:
    """All that is drawn. No text in it has a control character."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def description(self) -> str:
        """The picture in a sentence."""
        tasks = sum(node.shape not in (*DATA, "missing") for node in self.nodes)
        return f"{several(tasks, 'task')}, {several(len(self.edges), 'edge')}"


def picture_of(pipeline: ResolvedPipeline, *, data: bool = False) -> Picture:
    """The tasks of ``pipeline``, with the tables and models between them if ``data``; also of one with findings."""
    flows = {task.task_key: flows_of(task) for task in pipeline.tasks}
    cyclic = _in_cycles(pipeline)
    in_cycles = {key for edge in cyclic for key in edge}
    nodes = [_node(task, task.task_key in in_cycles) for task in pipeline.tasks]
    edges = [
        _edge(task, dependency, (dependency.task_key, task.task_key) in cyclic, flows, written)
        for task in pipeline.tasks
        for written in [_written(pipeline, task)]
        for dependency in task.depends_on
    ]
    missing = dict.fromkeys(edge.source for edge in edges if edge.source not in flows)
    nodes += [Node(key=key, name=key, shape="missing", headline="does not exist", broken=True) for key in missing]
    if data:
        edges = [edge for edge in edges if not _leads_through_data(edge, flows)] + list(_data_edges(flows))
        nodes += _data_nodes(flows)
    title = f"{pipeline.project}/{pipeline.pipeline} for {pipeline.target}"
    return Picture(printable(title), tuple(map(_printable_node, nodes)), tuple(map(_printable_edge, edges)))


def refuse_tangled(picture: Picture) -> None:
    """Raises UsageError for a picture in which nobody could follow an edge, and that would take minutes to draw."""
    edges = [(edge.source, edge.target) for edge in picture.edges]
    if len(edges) > _MOST_EDGES or stretch([node.key for node in picture.nodes], edges) > _LONGEST_EDGES:
        raise UsageError(
            f"{picture.title} is too large to draw: {picture.description}",
            "framework dag --format text lists what each task waits for.",
        )


def _node(task: ResolvedTask, broken: bool) -> Node:
    return Node(
        key=task.task_key,
        name=task.task_key,
        shape=shape_of(task),
        headline=headline(task),
        remarks=remarks(task),
        details=details(task),
        broken=broken,
    )


def _edge(
    task: ResolvedTask, dependency: Dependency, cyclic: bool, flows: Mapping[str, TaskFlows], written: set[str]
) -> Edge:
    key = dependency.task_key
    return Edge(
        source=key,
        target=task.task_key,
        label=dependency.outcome,
        written=key in written,
        carries=carried(key, flows[key], flows[task.task_key]) if key in flows else (),
        broken=cyclic or key not in flows,
    )


def _written(pipeline: ResolvedPipeline, task: ResolvedTask) -> set[str]:
    """The task keys that stand in the task's ``depends_on``; the others follow from what it reads."""
    path = (*task.path, "depends_on")
    entries = pipeline.document.at(path) if pipeline.document.depth(path) == len(path) else None
    return {str(entry["task_key"] if isinstance(entry, dict) else entry) for entry in entries or ()}


def _in_cycles(pipeline: ResolvedPipeline) -> set[tuple[str, str]]:
    """The edges that have a way back."""
    edges = [(dependency.task_key, task.task_key) for task in pipeline.tasks for dependency in task.depends_on]
    cycle_of = components([task.task_key for task in pipeline.tasks], edges)
    return {(a, b) for a, b in edges if cycle_of.get(a, "") == cycle_of[b]}


def _leads_through_data(edge: Edge, flows: Mapping[str, TaskFlows]) -> bool:
    """Whether a table or model that is drawn stands for the edge."""
    if edge.written or edge.broken:
        return False
    return bool(datasets_between(flows[edge.source], flows[edge.target]))


def _data_edges(flows: Mapping[str, TaskFlows]) -> Iterator[Edge]:
    for key, each in flows.items():
        yield from (Edge(source=read.key, target=key, label=read.version) for read in each.reads)
        yield from (Edge(source=key, target=written.key) for written in each.writes)


def _data_nodes(flows: Mapping[str, TaskFlows]) -> list[Node]:
    found = {dataset.key: dataset for each in flows.values() for dataset in (*each.writes, *each.reads)}
    return [
        Node(key=key, name=dataset.short, shape=dataset.to, headline=dataset.to, details=(("name", dataset.name),))
        for key, dataset in found.items()
    ]


def _printable_node(node: Node) -> Node:
    return replace(
        node,
        name=printable(node.name),
        headline=printable(node.headline),
        remarks=tuple(map(printable, node.remarks)),
        details=tuple((printable(name), printable(text)) for name, text in node.details),
    )


def _printable_edge(edge: Edge) -> Edge:
    return replace(edge, label=printable(edge.label), carries=tuple(map(printable, edge.carries)))
