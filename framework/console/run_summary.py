"""A finished run: what each task made, the figures, the verdict, and where to look next."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from framework.console.results import seconds, styled
from framework.core.job_run import FAILED, JobRun, TaskOutcome
from framework.core.model_notes import says_kept
from framework.local.paths import LocalPaths

_COUNT = 10
"""From here on a whole number is shown as a count."""
_UNBOUNDED = 10_000
"""Columns of a terminal on which everything fits."""
_NAIVE = "naive_"
_CHAMPION = "champion_"


def show_run(console: Console, run: JobRun, state: str = "TERMINATED", owner_run_id: int | None = None) -> None:
    """The summary of ``run``; ``owner_run_id`` is the run that it is a part of, when another run started it."""
    console.print()
    # Of a run that is under way or was interrupted nobody has counted.
    took = f", {seconds(run.duration_s)}" if state == "TERMINATED" else ""
    headline = f" {run.pipeline} on {run.target}, run {run.job_run_id}{took}"
    _say(console, Text.assemble(styled(run.result if state == "TERMINATED" else state), headline))
    _show_tasks(console, run)
    for task in run.tasks:
        if task.record and task.record.metrics:
            console.print(_metrics(task.task_key, task.record.metrics))
    _say_verdicts(console, run)
    _say_errors(console, run)
    if run.message and not any(task.error for task in run.tasks):
        _say(console, f"\n{run.message}")
    _say_where_to_look(console, run)
    _say_what_next(console, run, state, owner_run_id or run.job_run_id)


def _show_tasks(console: Console, run: JobRun) -> None:
    """As a table where that fits; else what a task read and wrote stands below it, no name broken."""
    table = _table("task", "result", "time", "read", "wrote")
    for task in run.tasks:
        table.add_row(task.task_key, styled(task.result), _time(task), _read(task), _wrote(task))
    if Measurement.get(console, console.options.update(max_width=_UNBOUNDED), table).maximum <= console.width:
        console.print(table)
        return
    width = max(len(task.task_key) for task in run.tasks)
    for task in run.tasks:
        _say(console, Text.assemble(f"{task.task_key:<{width}}   ", styled(task.result), f"   {_time(task)}"))
        for what, lines in (("read ", _read(task)), ("wrote", _wrote(task))):
            for line in lines.splitlines():
                _say(console, f"  {what} {line}")


def _time(task: TaskOutcome) -> str:
    again = f" ({task.attempts} attempts)" if task.attempts > 1 else ""
    return seconds(task.duration_s) + again if task.attempts else ""


def _read(task: TaskOutcome) -> str:
    return "\n".join(f"{_short(t.table)} v{t.version}" for t in task.record.inputs) if task.record else ""


def _wrote(task: TaskOutcome) -> str:
    if not task.record:
        return ""
    lines = [f"{_short(t.table)} v{t.version}, {t.rows or 0:,} rows" for t in task.record.outputs]
    model = task.record.model
    if model and model.name and task.kind in ("train", "register_model"):
        kept = "kept " if says_kept(task.kind, task.record.notes) else ""
        name = f"{kept}model {_short(model.name)} v{model.version}"
        lines.append(name if model.version else "model, logged to MLflow")
    return "\n".join(lines)


def _metrics(task_key: str, metrics: Mapping[str, float]) -> Table:
    plain = [name for name in metrics if not name.startswith((_NAIVE, _CHAMPION))]
    others = [prefix for prefix in (_NAIVE, _CHAMPION) if any(prefix + name in metrics for name in plain)]
    table = _table(f"{task_key}: metric", "model", *(prefix.rstrip("_") for prefix in others))
    for name in plain:
        table.add_row(name, _figure(metrics[name]), *(_figure(metrics.get(prefix + name)) for prefix in others))
    return table


def _say_verdicts(console: Console, run: JobRun) -> None:
    for task in run.tasks:
        if task.record and task.record.verdict:
            verdict = task.record.verdict
            word = Text("passed", "green") if verdict.passed else Text("not passed", "yellow")
            _say(console, Text.assemble(f"\nVerdict of {task.task_key}: ", word))
            for reason in verdict.reasons:
                _say(console, f"  {reason}")
    for task in run.tasks:
        for note in task.record.notes if task.record else ():
            _say(console, f"{task.task_key}: {note}")


def _say_errors(console: Console, run: JobRun) -> None:
    for task in run.tasks:
        if error := task.error:
            _say(console, Text.assemble(("\nError: ", "bold red"), error.message))
            _say(console, f"  in task {task.task_key}, attempt {task.attempts}")
            for line in [*error.traceback.rstrip().splitlines(), *error.hint.splitlines()]:
                if line:
                    command = line.removeprefix("framework ")
                    _say(console, f"  {line if line == command else _command(run, command)}")
            if told := _with_log(task):
                name, log = told
                _say(console, f"  log: {_near(log)}")
                _say(console, f"  {_command(run, f'logs {run.job_run_id} {shlex.quote(name)}')}")


def _with_log(task: TaskOutcome) -> tuple[str, str] | None:
    """Name and log of what went wrong: the task, or the first iteration of a loop that did."""
    if task.log:
        return task.task_key, task.log
    lost = ((i, each) for i, each in enumerate(task.iterations) if each.error and each.log)
    return next(((f"{task.task_key}[{i}]", each.log) for i, each in lost), None)


def _say_where_to_look(console: Console, run: JobRun) -> None:
    if run.url:
        _say(console, f"\nrun  {run.url}")
        return
    directory = Path(run.directory)
    state = directory.parent.parent
    store = f"sqlite:///{_near(state / 'mlflow' / 'mlflow.db')}"
    _say(console, f"\nlogs and records  {_near(directory)}")
    _say(console, f"tables            {_near(state / 'warehouse')}")
    _say(console, f"experiments       mlflow ui --backend-store-uri {store}")


def _say_what_next(console: Console, run: JobRun, state: str, run_id: int) -> None:
    if state == "INTERRUPTED":
        _say(console, f"\nTo go on with it: {_command(run, f'run --resume {run_id}')}")
        return
    if state != "TERMINATED" or run.result == "SKIPPED":
        return
    if not run.succeeded or any(task.result in FAILED for task in run.tasks):
        _say(console, f"\nTo run again what failed: {_command(run, f'run --repair {run_id}')}")
    for task in run.tasks:
        if task.record and task.record.verdict and not task.record.verdict.passed:
            again = f"run --repair {run_id} --rerun-tasks {task.task_key} --rerun-dependent-tasks"
            _say(console, f"\nTo judge again in {task.task_key}: {_command(run, again)}")


def _command(run: JobRun, arguments: str) -> str:
    """The command as it works from here. Locally it takes the runs of the nearest directory that has some."""
    if run.url:
        where = f" {run.project} --pipeline {run.pipeline} --env {run.target}"
        command, _, rest = arguments.partition(" ")
        return f"framework {command}{where} {rest}"
    root, here = Path(run.directory).parent.parent.parent, Path.cwd()
    nearest = next((d for d in (here, *here.parents) if d == root or LocalPaths(d).run_store.exists()), None)
    there = "" if nearest == root else f"cd {shlex.quote(_near(root))} && "
    return f"{there}framework {arguments}"


def _say(console: Console, line: str | Text) -> None:
    # The terminal breaks the line, not rich: a path or a command stays one piece for who copies it.
    console.print(line, markup=False, soft_wrap=True)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value.is_integer() and abs(value) >= _COUNT else f"{value:.4f}"


def _short(name: str) -> str:
    """Without the catalog, which is the same for all of a run's names."""
    return name.partition(".")[2]


def _near(path: str | Path) -> str:
    """Relative to the working directory where it lies below it."""
    here, path = Path.cwd(), Path(path)
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
