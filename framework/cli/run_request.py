"""What ``framework run`` is asked to do, and which of its options go together."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from framework.cli.options import pairs
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from framework.phases import Selection

MAX_TOKEN = 64


@dataclass(frozen=True)
class Asked:
    """The options as they were given."""

    name: str | None
    pipeline: str | None
    bundle: Path | None
    target: str | None
    params: list[str] | None
    var: list[str] | None
    source: list[str] | None
    only: list[str] | None
    first: str | None
    last: str | None
    jobs: int | None
    repair: str | None
    rerun_tasks: list[str] | None
    rerun_dependent_tasks: bool
    resume: str | None
    idempotency_token: str | None
    no_wait: bool
    cancel: str | None


def selection(asked: Asked, given: dict[str, str]) -> "Selection":
    """Which pipeline the options name, with the parameters ``given``."""
    from framework.phases import Selection
    from framework.spec.target_spec import LOCAL

    files = pairs("--source", asked.source)
    return Selection(
        directory=Path.cwd(),
        project=asked.name,
        pipeline=asked.pipeline,
        target=asked.target or LOCAL,
        parameters=given,
        variables=pairs("--var", asked.var),
        source_files={table: Path(path).expanduser().absolute() for table, path in files.items()},
    )


def refuse_what_is_local(asked: Asked) -> None:
    """Raise UsageError for options that a run on a workspace does not have."""
    given = {"--source": asked.source, "--jobs": asked.jobs, "--resume": asked.resume}
    if wrong := [option for option, value in given.items() if value is not None]:
        raise UsageError(
            f"{', '.join(wrong)}: only for runs on this machine", f"Leave that out, or --env {asked.target}."
        )
    if asked.first and asked.last:
        raise UsageError(
            "on a workspace, a run takes one of --from and --to", "Name the tasks: --only TASK --only TASK"
        )
    if asked.cancel is not None:
        _refuse_what_a_new_run_takes(asked, "--cancel", "A run is only ended.")
    elif asked.repair is not None:
        _refuse_what_a_new_run_takes(asked, "--repair", "Name the tasks that run again: --rerun-tasks TASK")
    _refuse_lonely_options(asked)


def refuse_contradictions(asked: Asked) -> None:
    """Raise UsageError for options that a run on this machine does not have, or not together."""
    if asked.repair is not None or asked.resume is not None:
        _refuse_what_a_run_says(asked)
    if asked.repair is not None and asked.resume is not None:
        raise UsageError("--repair is for a run that is done, --resume for one that was killed", "framework runs")
    if asked.no_wait or asked.cancel is not None:
        raise UsageError("--no-wait and --cancel are for runs on a workspace", "Name its target: --env prod")
    _refuse_lonely_options(asked)
    if asked.resume is not None and asked.params:
        raise UsageError("a run that goes on keeps its parameters", "Only --repair takes new ones.")
    if asked.bundle and (asked.pipeline or asked.source):
        raise UsageError("--pipeline and --source are for projects, not for --bundle")


def _refuse_what_a_new_run_takes(asked: Asked, beside: str, hint: str) -> None:
    given = {
        "--only": asked.only,
        "--from": asked.first,
        "--to": asked.last,
        "--idempotency-token": asked.idempotency_token,
        **({"--repair": asked.repair, "--params": asked.params} if asked.cancel is not None else {}),
    }
    if wrong := [option for option, value in given.items() if value is not None]:
        raise UsageError(f"{', '.join(wrong)} {'do' if wrong[1:] else 'does'} not go with {beside}", hint)


def _refuse_lonely_options(asked: Asked) -> None:
    if (asked.rerun_tasks or asked.rerun_dependent_tasks) and asked.repair is None:
        raise UsageError("--rerun-tasks and --rerun-dependent-tasks go with --repair RUN")
    if asked.idempotency_token is not None and not 0 < len(asked.idempotency_token) <= MAX_TOKEN:
        raise UsageError(f"an idempotency token has at least 1 and at most {MAX_TOKEN} characters")


def _refuse_what_a_run_says(asked: Asked) -> None:
    given = {
        f"'{asked.name}'": asked.name,
        "--pipeline": asked.pipeline,
        "--bundle": asked.bundle,
        "--env": asked.target,
        "--var": asked.var,
        "--source": asked.source,
        "--only": asked.only,
        "--from": asked.first,
        "--to": asked.last,
        "--idempotency-token": asked.idempotency_token,
    }
    if wrong := [option for option, value in given.items() if value is not None]:
        raise UsageError(
            "--repair and --resume name a run, which says what it runs and where",
            f"Leave out {', '.join(wrong)}.",
        )
