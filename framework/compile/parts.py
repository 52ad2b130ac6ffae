"""A bundle of many jobs in parts that are deployed together: one bundle takes only so many."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from framework.compile.bundle import Bundle
from framework.core.errors import FrameworkError
from framework.resolve.job_references import jobs_named

MAX_JOBS = 100


def parts(bundle: Bundle) -> dict[str, Bundle]:
    """The bundle by the directory of each part: itself, below no directory, while it is small enough.

    Jobs that run each other stay together, and everything that is no job is in the first part, which is deployed first.
    Raises FrameworkError when more jobs than one part takes hang together.
    """
    if len(bundle.jobs) <= MAX_JOBS:
        return {"": bundle}
    found: dict[str, Bundle] = {}
    for number, keys in enumerate(_shared_out(_together(bundle.jobs)), 1):
        jobs = {key: bundle.jobs[key] for key in keys}
        found[str(number)] = replace(bundle, jobs=jobs, resources=bundle.resources if number == 1 else {})
    return found


def _shared_out(groups: Sequence[Sequence[str]]) -> list[list[str]]:
    shares: list[list[str]] = [[]]
    for group in groups:
        if len(group) > MAX_JOBS:
            raise FrameworkError(
                f"{len(group)} pipelines run each other, and a bundle takes {MAX_JOBS}: {group[0]}, {group[1]}, …",
                "Leave out some of their run_job_tasks, or make two projects of them.",
            )
        if len(shares[-1]) + len(group) > MAX_JOBS:
            shares.append([])
        shares[-1] += group
    return shares


def _together(jobs: Mapping[str, Any]) -> list[list[str]]:
    """The keys of the jobs in groups that run each other, both in the order of their names."""
    leader = {key: key for key in jobs}

    def first(key: str) -> str:
        while leader[key] != key:
            key = leader[key]
        return key

    for key in sorted(jobs):
        for other in jobs_named(jobs[key]):
            if other in leader:
                low, high = sorted((first(key), first(other)))
                leader[high] = low
    groups: dict[str, list[str]] = {}
    for key in sorted(jobs):
        groups.setdefault(first(key), []).append(key)
    return list(groups.values())
