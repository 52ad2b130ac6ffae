"""How far a run has come through its graph: what is decided, and what may be decided next. It knows no time."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping

from framework.core.job_run import JobResult, TaskOutcome
from framework.core.task_run import TaskResult
from framework.local.job_graph import JobGraph
from framework.local.outcomes import skipped
from framework.local.rules import Decision, decide, job_result


class Progress:
    """The decided tasks of ``graph``, beginning with those in ``decided``."""

    def __init__(self, graph: JobGraph, decided: Mapping[str, TaskOutcome]) -> None:
        self.graph = graph
        self.outcomes = {key: outcome for key, outcome in decided.items() if key in graph.nodes}
        self._undone = {
            key: len({name for name, _ in node.upstream} - self.outcomes.keys()) for key, node in graph.nodes.items()
        }
        self._decidable = deque(key for key, left in self._undone.items() if not left and key not in self.outcomes)

    @property
    def done(self) -> bool:
        """Whether every task is decided."""
        return len(self.outcomes) == len(self.graph.nodes)

    def to_run(self, report: Callable[[TaskOutcome], None]) -> Iterator[str]:
        """The tasks that run now. Those decided without running are given to ``report``, which must ``finish`` them."""
        while self._decidable:
            key = self._decidable.popleft()
            if key in self.outcomes:
                continue
            decision = self._decision(key)
            if decision == "RUN":
                yield key
            else:
                report(skipped(key, self.graph.nodes[key].kind, decision))

    def finish(self, outcome: TaskOutcome) -> None:
        """A task is decided."""
        self.outcomes[outcome.task_key] = outcome
        for key in self.graph.downstream[outcome.task_key]:
            self._undone[key] -= 1
            if not self._undone[key]:
                self._decidable.append(key)

    def undecided(self) -> list[str]:
        """The tasks without an outcome, in topological order."""
        return [key for key in self.graph.nodes if key not in self.outcomes]

    def result(self, canceled: bool = False) -> JobResult:
        """The job's result; every task must be decided."""
        results: dict[str, TaskResult] = {key: outcome.result for key, outcome in self.outcomes.items()}
        return job_result(results, self.graph.leaves, canceled)

    def in_order(self) -> tuple[TaskOutcome, ...]:
        """The outcomes so far, in topological order."""
        return tuple(self.outcomes[key] for key in self.graph.nodes if key in self.outcomes)

    def _decision(self, key: str) -> Decision:
        node = self.graph.nodes[key]
        if node.task.disabled:
            return "DISABLED"
        results = [self.outcomes[name].result for name, _ in node.upstream]
        return decide(node.run_if, results, all(self._has_outcome(name, wanted) for name, wanted in node.upstream))

    def _has_outcome(self, key: str, wanted: str) -> bool:
        """Whether the edge from ``key`` was taken; one from a condition that came to nothing is left to run_if."""
        upstream = self.outcomes[key]
        if not wanted or upstream.result not in ("SUCCESS", "EXCLUDED"):
            return True
        return upstream.branch == wanted
