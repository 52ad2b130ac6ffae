"""The command line of a task: ``--key=value``, as the Jobs service writes it."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from framework.core.errors import DataError, UsageError
from framework.core.pinned import Pinned
from framework.core.task_run import TaskRun

OWN = "framework."
"""Names with this prefix are ours; job parameters may not begin with it."""
NO_WORKSPACE = "http://localhost"
"""What a run outside of any workspace is told as ``workspace_url``."""

_PREFIX = re.compile(r"\w+_")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The arguments taken apart. ``parameters`` are all that are not ours, as strings.

    ``dev_prefix`` begins the names of schemas of the person who deployed; in production it is empty. ``job_id`` and
    ``workspace_url`` lead to the run's page. ``pinned`` is of a task that is done once more.
    """

    plan: str
    task: str
    job_run_id: str
    task_run_id: str
    attempt: int = 1
    logical_date: datetime.date | None = None
    backfill: bool = False
    dev_prefix: str = ""
    job_id: str = ""
    workspace_url: str = ""
    pinned: Pinned | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse(argv: Sequence[str]) -> Arguments:
    """``argv`` taken apart; of a repeated name the last wins. Raises UsageError on anything but ``--key=value``."""
    given = dict(_pair(argument) for argument in argv)
    own = {name.removeprefix(OWN): value for name, value in given.items() if name.startswith(OWN)}
    if missing := [name for name in ("plan", "task", "job_run_id", "task_run_id") if not own.get(name)]:
        raise UsageError(f"missing argument --{OWN}{missing[0]}=…", "a task is started by a job, not by hand")
    if (attempt := own.get("attempt")) and not attempt.isdecimal():
        raise UsageError(f"--{OWN}attempt is not a number: '{attempt}'")
    return replace(
        whose(argv),
        logical_date=_logical_date(own.get("logical_date", "")),
        backfill=bool(own.get("backfill", "")),
        dev_prefix=_dev_prefix(own.get("dev_prefix", "")),
        pinned=_pinned(own.get("pinned", "")),
        parameters={name: value for name, value in given.items() if not name.startswith(OWN)},
    )


def whose(argv: Sequence[str]) -> Arguments:
    """Which attempt ``argv`` is of, as far as it says so: for the record of one that cannot be parsed."""
    own = dict(each[len(f"--{OWN}") :].partition("=")[::2] for each in argv if each.startswith(f"--{OWN}"))
    attempt = own.get("attempt", "")
    return Arguments(
        plan=own.get("plan", ""),
        task=own.get("task", ""),
        job_run_id=own.get("job_run_id", ""),
        task_run_id=own.get("task_run_id", ""),
        attempt=int(attempt) if attempt.isdecimal() else 1,
        job_id=own.get("job_id", ""),
        workspace_url=own.get("workspace_url", ""),
    )


def convert_params(template: TaskRun, given: Mapping[str, str]) -> dict[str, object]:
    """The keywords for the project's function: each parameter from ``given``, else from the plan, in its own type.

    Raises DataError naming the parameter, the type and the value, when the value is none of that type.
    """
    return {name: _convert(template, name, given) for name in template.params}


def _pair(argument: str) -> tuple[str, str]:
    name, equals, value = argument.partition("=")
    if not name.startswith("--") or not equals:
        raise UsageError(f"'{argument}' is not an argument of a task: --key=value")
    return name[2:], value


def _dev_prefix(text: str) -> str:
    if text and not _PREFIX.fullmatch(text):
        raise UsageError(f"--{OWN}dev_prefix is no beginning of a schema's name: '{text}'", "deploy the bundle again")
    return text


def _pinned(text: str) -> Pinned | None:
    try:
        return Pinned.from_json(text) if text else None
    except (ValueError, TypeError):
        raise UsageError(f"--{OWN}pinned is not what framework reproduce writes: '{text}'") from None


def _logical_date(text: str) -> datetime.date | None:
    try:
        return datetime.datetime.fromisoformat(text).date() if text else None
    except ValueError:
        raise DataError(
            f"the logical date '{text}' is neither an ISO date nor an ISO time",
            "write it like 2011-11-07; see logical_date of the pipeline and the parameter that it refers to",
        ) from None


def _convert(template: TaskRun, name: str, given: Mapping[str, str]) -> object:
    parameter = template.params[name]
    text = given.get(name, parameter.value)
    if name not in given and "{{" in text:
        raise DataError(f"parameter '{name}' has no value: the job did not fill in {text}")
    try:
        return parameter.convert(text)
    except ValueError:
        raise DataError(
            f"parameter '{name}' of task '{template.task_key}' is not of type {parameter.type}: '{text}'",
            "its type is that of its default in the pipeline's YAML",
        ) from None
