"""What a person reads of a run, while it is under way and afterwards."""

import datetime
import io
import os

import pytest
from rich.console import Console

from framework.console.backfill_summary import show_backfill
from framework.console.run_progress import run_progress
from framework.console.run_summary import show_run
from framework.console.streams import stdout
from framework.core.events import AttemptStarted, Note, RunStarted, TaskEnded
from framework.core.job_run import JobRun, TaskOutcome
from framework.core.task_run import AttemptRecord, ModelVersion, TableVersion, TaskError, Verdict

FEATURES = TableVersion("spark_catalog.features.daily_units", 3, 1200)


def plain_console() -> Console:
    return Console(file=io.StringIO(), width=140, soft_wrap=True, highlight=False)


def outcome(key: str, kind: str, error: TaskError | None = None, **made) -> TaskOutcome:
    result = "FAILED" if error else "SUCCESS"
    record = AttemptRecord(
        job_run_id="7",
        task_run_id="71",
        attempt=1,
        project="shop",
        pipeline="demand",
        target="local",
        task_key=key,
        kind=kind,
        result=result,
        started_at="2024-03-01T04:00:00Z",
        ended_at="2024-03-01T04:00:03Z",
        error=error,
        **made,
    )
    log = f"/home/ana/shop/.framework/runs/7/tasks/{key}/1/stderr.log"
    attempts = 2 if error else 1
    return TaskOutcome(
        task_key=key, kind=kind, result=result, attempts=attempts, duration_s=3.25, record=record, error=error, log=log
    )


def run_of(*tasks: TaskOutcome, result: str = "SUCCESS") -> JobRun:
    return JobRun(
        job_run_id=7,
        project="shop",
        pipeline="demand",
        target="local",
        result=result,
        duration_s=75.4,
        parameters={},
        tasks=tasks,
        directory="/home/ana/shop/.framework/runs/7",
    )


def test_the_summary_of_a_success_has_tables_figures_verdict_and_model(assert_golden):
    console = plain_console()
    verdict = Verdict(True, ("mae 0.25 is within 0.5", "mae 0.25 beats 0.75"), "champion v1")
    metrics = {"mae": 0.25, "rows": 1200.0, "naive_mae": 1.5, "champion_mae": 0.75}
    model = ModelVersion("spark_catalog.models.demand", "2", "abc")

    show_run(
        console,
        run_of(
            outcome(
                "features", "feature_table", inputs=(TableVersion("spark_catalog.raw.sales", 0),), outputs=(FEATURES,)
            ),
            outcome("train", "train", inputs=(FEATURES,), model=ModelVersion("runs:/abc/model", "", "abc")),
            outcome("evaluate", "evaluate", inputs=(FEATURES,), metrics=metrics, verdict=verdict),
            outcome("register", "register_model", model=model, notes=("champion is now v2",)),
        ),
    )

    assert_golden("success.txt", console.file.getvalue())


def test_a_champion_that_was_kept_is_not_shown_as_a_new_version():
    console, model = plain_console(), ModelVersion("spark_catalog.models.demand", "1", "abc")
    show_run(console, run_of(outcome("register", "register_model", model=model, notes=("kept champion v1: mae",))))
    assert "kept model models.demand v1" in console.file.getvalue()


def test_the_summary_of_a_failure_has_the_error_and_its_log(assert_golden):
    console = plain_console()
    trace = 'File "projects/shop/src/shop/demand.py", line 16, in train\n    raise ValueError("[no] rows")\n'
    error = TaskError("ProjectCodeError", "shop.demand:train raised ValueError: [no] rows", "look at [features]", trace)
    skipped = TaskOutcome(task_key="score", kind="batch_inference", result="UPSTREAM_FAILED", attempts=0, duration_s=0)

    failed = outcome("train", "train", error, model=ModelVersion("", "", "abc"))
    show_run(console, run_of(failed, skipped, result="FAILED"))

    assert_golden("failure.txt", console.file.getvalue())


def test_the_text_of_others_is_shown_as_it_is(capsys):
    """No markup, no emoji: [/data] is a path, and :100: a line of a file."""
    said = "cannot read [/data/raw] of [b]x[/b], see load.py:100:1"
    failed = run_of(outcome("train", "train", TaskError("E", said, "drop [/old]")), result="FAILED")

    show_run(stdout(), run_of(outcome("[/train]", "train", metrics={"[/mae]": 0.25})))
    show_run(stdout(), failed)
    show_backfill(stdout(), [datetime.date(2024, 3, 1)], [failed])

    shown = capsys.readouterr().out
    assert "[/train]" in shown
    assert "[/mae]" in shown
    assert shown.count(said) == 2
    assert "drop [/old]" in shown


EVENTS = (
    Note("starting the local engine [8 s]"),
    Note("there is no data file, so a SAMPLE stands in for it", warning=True),
    RunStarted(7, "demand", "local", ("features", "train")),
    AttemptStarted("features", 1),
    TaskEnded("features", "SUCCESS", 3.25, "features.daily_units v3, 1,200 rows"),
    AttemptStarted("train", 1),
    AttemptStarted("train", 2),
    TaskEnded("train", "FAILED", 75.4),
)


@pytest.mark.parametrize("forced", [False, True], ids=["plain", "FORCE_COLOR"])
def test_progress_in_a_pipe_is_plain_lines(forced, monkeypatch, assert_golden):
    if forced:
        monkeypatch.setenv("FORCE_COLOR", "1")
    console = plain_console()

    with run_progress(console) as listener:
        for event in EVENTS:
            listener(event)

    assert_golden("progress.txt", console.file.getvalue())


def test_progress_in_a_terminal_is_a_table_that_goes_away():
    primary, secondary = os.openpty()
    shown = ""
    with os.fdopen(primary, "rb", buffering=0) as screen, os.fdopen(secondary, "w") as terminal:
        console = Console(file=terminal, width=80, force_terminal=True)
        with run_progress(console) as listener:
            for event in EVENTS:
                listener(event)
        console.print("the end")
        while "the end" not in shown:
            shown += screen.read(10_000).decode(errors="replace")

    assert "demand on local, run 7" in shown
    assert shown.rpartition("the end")[0].rstrip().endswith("\x1b[2K")  # the last thing before it is a wiped line
