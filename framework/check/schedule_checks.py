"""Rules about when a pipeline starts by itself."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from zoneinfo import available_timezones

from framework.check.finding import finding, path_in_job, warning
from framework.check.quartz import problem_with
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import did_you_mean

_WAYS = ("schedule", "trigger", "continuous", "triggers")
_OF_JAVA = {
    "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka",
    "CAT": "Africa/Harare", "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai",
    "EAT": "Africa/Addis_Ababa", "ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo", "MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland",
    "PLT": "Asia/Karachi", "PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
}  # fmt: skip
"""Java's old short names, which the time zone database does not have, and what Java takes them for."""
_OFFSET = re.compile(r"GMT[+-](?:[01]?[0-9]|2[0-3])(?::?[0-5][0-9])?")
_NOT_JAVA = frozenset({"Factory", "localtime"})


def cron(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A schedule that Quartz does not understand, or that never fires."""
    for path, schedule in _schedules(pipeline):
        expression = schedule.get("quartz_cron_expression")
        if isinstance(expression, str) and "${" not in expression:
            problem, hint = problem_with(expression, date.today().year)
            if problem:
                summary = f"{quoted(expression)} is not a Quartz cron expression: {problem}"
                place = path_in_job(pipeline, (*path, "quartz_cron_expression"))
                yield finding(pipeline, place, summary, hint)


def time_zones(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A schedule in a time zone that does not exist, or whose name means another one than most people think."""
    for path, schedule in _schedules(pipeline):
        zone = schedule.get("timezone_id")
        place = path_in_job(pipeline, (*path, "timezone_id"))
        if isinstance(zone, str) and zone in _OF_JAVA:
            hint = f"Write {_OF_JAVA[zone]}, or the city that you mean."
            yield warning(pipeline, place, f"the Jobs service takes {quoted(zone)} for {_OF_JAVA[zone]}", hint)
        elif isinstance(zone, str) and "${" not in zone and not _is_zone(zone):
            summary = f"there is no time zone {quoted(zone)}{did_you_mean(zone, _zones())}"
            hint = "Write a region and a city, such as Europe/London, or UTC."
            yield finding(pipeline, place, summary, hint)


def one_way_to_start(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A schedule beside a trigger, or beside running all the time: a job has one of them."""
    ways = [name for name in _WAYS if pipeline.job.get(name)]
    if len(ways) > 1:
        summary = f"a job starts by itself in one way, but here are {' and '.join(map(quoted, ways))}"
        yield finding(pipeline, path_in_job(pipeline, (ways[1],)), summary, "Keep one of them.")


def _schedules(pipeline: ResolvedPipeline) -> Iterator[tuple[NodePath, Mapping[str, object]]]:
    if isinstance(schedule := pipeline.job.get("schedule"), Mapping):
        yield ("schedule",), schedule
    triggers = pipeline.job.get("triggers")
    for index, trigger in enumerate(triggers if isinstance(triggers, list) else ()):
        if isinstance(trigger, Mapping) and isinstance(schedule := trigger.get("schedule"), Mapping):
            yield ("triggers", index, "schedule"), schedule


def _is_zone(name: str) -> bool:
    return bool(_OFFSET.fullmatch(name)) or name in _zones() or not _zones()


@cache
def _zones() -> frozenset[str]:
    """The time zones of this machine: none, if it has no time zone database."""
    return frozenset(available_timezones()) - _NOT_JAVA
