"""Which tasks of a job a person means."""

import difflib
from collections.abc import Iterable

from framework.core.errors import UsageError
from framework.core.job_run import FAILED
from framework.local.job_graph import JobGraph
from framework.records.run_values import History, Key


def chosen(graph: JobGraph, only: Iterable[str], first: str | None = None, last: str | None = None) -> set[str] | None:
    """The tasks in ``only``: ``t``, ``+t`` with all before it, ``t+`` with all after it; None for all of them.

    ``first`` and ``last`` bound them: what comes after the one and before the other, themselves included.
    Raises UsageError for a task that does not exist.
    """
    patterns = [pattern for text in only for pattern in text.replace(",", " ").split()]
    sets = [set[str]().union(*(_matching(graph, pattern) for pattern in patterns))] if patterns else []
    sets += [_matching(graph, f"{first}+")] if first else []
    sets += [_matching(graph, f"+{last}")] if last else []
    if not sets:
        return None
    found = set.intersection(*sets)
    if not found:
        raise UsageError("no task lies in this selection", f"The tasks in order: {', '.join(graph.nodes)}.")
    return found


def to_rerun(graph: JobGraph, history: History, rerun: Iterable[str], dependents: bool) -> set[Key]:
    """What a repair runs again: ``rerun``, or all that failed or never ran; of a loop, the iterations that did.

    Unsuccessful tasks after those run too; successful ones only with ``dependents``.
    """
    named = {_known(graph, key) for key in rerun}
    done = {key: outcome for (key, iteration), outcome in history.outcomes.items() if iteration is None}
    unsuccessful = {key for key in graph.nodes if key not in done or done[key].result in FAILED}
    start = named or unsuccessful
    after = graph.after(start) - start
    again = start | {key for key in after if dependents or key not in done or done[key].result != "SUCCESS"}
    whole = {key for key in again if key in done and done[key].result == "SUCCESS"}
    return {(key, None) for key in again} | {
        (key, iteration)
        for (key, iteration), outcome in history.outcomes.items()
        if iteration is not None and key in again and (key in whole or outcome.result != "SUCCESS")
    }


def _matching(graph: JobGraph, pattern: str) -> set[str]:
    key = _known(graph, pattern.strip("+"))
    found = {key}
    if pattern.startswith("+"):
        found |= graph.before([key])
    if pattern.endswith("+"):
        found |= graph.after([key])
    return found


def _known(graph: JobGraph, key: str) -> str:
    if key not in graph.nodes:
        close = difflib.get_close_matches(key, graph.nodes, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"The tasks are: {', '.join(graph.nodes)}."
        raise UsageError(f"the job has no task '{key}'", hint)
    return key
