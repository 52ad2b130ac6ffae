"""Jobs that run other jobs: no circle, and three levels at most (docs.databricks.com/jobs/run-job)."""

from collections.abc import Collection, Iterator, Mapping

from framework.core.graph import find_cycle, topological_order

MAX_NESTED = 3


def nesting_problems(runs: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str, str]]:
    """What the Jobs service would refuse: the message, the job, and the job that this one should not run.

    ``runs`` has every job with those it runs.
    """
    if cycle := find_cycle(runs):
        way = cycle[::-1]
        yield f"jobs run each other in a circle: {' → '.join(way)}", way[0], way[1]
        return
    chains: dict[str, tuple[str, ...]] = {}
    for key in topological_order(runs):
        chains[key] = (key, *max((chains[run] for run in runs[key]), key=len, default=()))
        # Only where the limit is passed: who runs this job would repeat the finding.
        if len(chains[key]) == MAX_NESTED + 2:
            yield f"jobs run each other more than {MAX_NESTED} deep: {' → '.join(chains[key])}", key, chains[key][1]
