"""The commands that a summary ends with work from where the user stands."""

from pathlib import Path

import pytest
from rich.console import Console

from framework.console.run_summary import show_run
from framework.core.job_run import JobRun, TaskOutcome
from framework.core.task_run import AttemptRecord, TableVersion, TaskError, Verdict

ANY = {
    **{"project": "shop", "pipeline": "demand", "target": "local", "task_key": "judge", "kind": "evaluate"},
    **{"started_at": "2024-03-01T04:00:00Z", "ended_at": "2024-03-01T04:00:03Z"},
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle in a checkout which has runs of its own; the user stands in the bundle."""
    for folder in (tmp_path, tmp_path / "bundle"):
        (folder / ".framework").mkdir(parents=True)
        (folder / ".framework" / "runs.db").touch()
    monkeypatch.chdir(tmp_path / "bundle")
    return tmp_path


def summary(root: Path, result: str, *tasks: TaskOutcome) -> list[str]:
    console = Console(width=80)
    run = JobRun(
        job_run_id=7,
        project="shop",
        pipeline="demand",
        target="local",
        result=result,
        duration_s=1.0,
        parameters={},
        tasks=tasks,
        directory=str(root / ".framework/runs/7"),
    )
    with console.capture() as shown:
        show_run(console, run)
    return shown.get().splitlines()


def task(key: str, result: str = "SUCCESS", **more: object) -> TaskOutcome:
    return TaskOutcome(task_key=key, kind="evaluate", result=result, attempts=1, duration_s=1.0, **more)


def test_a_success_with_a_failure_inside_can_be_repaired(root):
    lines = summary(root / "bundle", "SUCCESS_WITH_FAILURES", task("a", "FAILED"), task("b"))

    assert lines[-1] == "To run again what failed: framework run --repair 7"
    assert not any("--repair" in line for line in summary(root / "bundle", "SUCCESS", task("a")))


def test_a_verdict_against_the_model_says_how_to_judge_again(root):
    verdict = Verdict(False, ("mae 3 is above 1",))
    record = AttemptRecord(job_run_id="7", task_run_id="71", attempt=1, result="SUCCESS", verdict=verdict, **ANY)

    lines = summary(root / "bundle", "SUCCESS", task("judge", record=record))

    assert lines[-1] == (
        "To judge again in judge: framework run --repair 7 --rerun-tasks judge --rerun-dependent-tasks"
    )


def test_commands_change_into_the_directory_of_the_run(root):
    """Also when a directory on the way has runs of its own, and the command stands in a hint."""
    failed = TaskError("RunJob", "run 8 of shop/local/other ended as FAILED", "framework runs 8")

    lines = summary(root, "FAILED", task("a", "FAILED", error=failed, log=str(root / "stderr.log")))

    commands = [line for line in lines if "framework " in line and ".framework" not in line]
    assert [line.partition("framework ")[2] for line in commands] == ["runs 8", "logs 7 a", "run --repair 7"]
    assert all(f"cd {root} && framework" in line for line in commands)


def test_on_a_narrow_terminal_no_name_is_broken(root):
    long = TableVersion("spark_catalog.forecast_features.weekly_demand_by_product_and_country", 3, 1200)
    record = AttemptRecord(job_run_id="7", task_run_id="71", attempt=1, result="SUCCESS", outputs=(long,), **ANY)

    lines = summary(root, "SUCCESS", task("features", record=record))

    assert lines[2:4] == [
        "features   SUCCESS   1.0 s",
        "  wrote forecast_features.weekly_demand_by_product_and_country v3, 1,200 rows",
    ]
