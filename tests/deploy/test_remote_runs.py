"""Runs of deployed jobs, on a workspace over real HTTP."""

import json
import os
import pty
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import (
    JobDeployment,
    JobDeploymentKind,
    JobParameterDefinition,
    NotebookTask,
    Run,
    RunTask,
    Task,
)
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.errors import FrameworkError, UsageError
from framework.core.events import AttemptStarted, Event, LoopOpened, RetryWaiting, RunStarted, TaskEnded
from framework.core.task_run import AttemptRecord, TableVersion, TaskError
from framework.deploy import remote_runs
from framework.deploy.remote_jobs import deployed_job
from framework.deploy.remote_outcomes import record_in
from framework.deploy.remote_runs import RemoteRepair, RemoteRequest, follow
from framework.deploy.run_states import is_ended, job_result, task_result
from framework.runtime.run_records import RECORD_LINE
from framework.spec.loader import load
from framework.testing.fake_workspace import FakeWorkspace, Fault, Report, StartedRun

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
PROD = """\
host: ${env:DATABRICKS_HOST}
mode: production
catalog: prod
experiment_root: /mlops/experiments
"""
KEYS = ("features", "train", "evaluate", "register", "score")
KINDS = ("feature_table", "train", "evaluate", "register_model", "batch_inference")
Scripted = Callable[[StartedRun, Report], None]


@pytest.fixture
def script() -> list[Scripted]:
    """What the runs do, one after the other; without any, every task succeeds."""
    return []


@pytest.fixture
def workspace(script: list[Scripted], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    """A workspace with the job of the pipeline 'demand', as a deployment leaves it."""

    def run_job(run: StartedRun, report: Report) -> None:
        (script.pop(0) if script else all_succeed)(run, report)

    with FakeWorkspace(run_job=run_job) as workspace:
        for name, value in workspace.environment.items():
            monkeypatch.setenv(name, value)
        path = "/Workspace/framework/prod/shop/bundle/state/metadata.json"
        WorkspaceClient().jobs.create(
            name="shop.demand",
            deployment=JobDeployment(JobDeploymentKind.BUNDLE, metadata_file_path=path),
            parameters=[
                JobParameterDefinition(name="as_of", default="2024-03-01"),
                JobParameterDefinition(name="slope", default="2"),
            ],
            tasks=[Task(key, notebook_task=NotebookTask(f"/{key}")) for key in KEYS],
        )
        yield workspace


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    (root / "conf/prod.yml").write_text(PROD)
    monkeypatch.chdir(root)
    return root


def all_succeed(run: StartedRun, report: Report) -> None:
    for key in run.task_keys:
        report(key, "SUCCESS")


def found(shop: Path, **parameters: str):
    deployed = deployed_job(load(shop, "shop", "demand", "prod"), parameters)
    return deployed.client, deployed.job


def followed(shop: Path, request: RemoteRequest | None = None):
    client, job = found(shop)
    events: list[Event] = []
    run = follow(
        client,
        job,
        remote_runs.start(client, job, request or RemoteRequest()),
        events.append,
        sleep=lambda _: time.sleep(0.01),
    )
    return run, events


def logged(**fields) -> dict[str, str]:
    record = AttemptRecord(
        job_run_id="1", task_run_id="2", attempt=1, project="shop", pipeline="demand", target="prod",
        task_key="features", kind="feature_table", started_at="", ended_at="", **fields,
    )  # fmt: skip
    line = {"@timestamp": "2026-01-01T00:00:00.000Z", "message": f"{RECORD_LINE}{record.to_json()}"}
    return {"logs": f"{json.dumps(line)}\nbye\n"}


def test_a_run_is_told_as_a_local_one_is(shop, workspace):
    run, events = followed(shop)

    assert events[0] == RunStarted(run.job_run_id, "demand", "prod", KEYS)
    told = [type(event).__name__ for event in events[1:] if getattr(event, "task_key", "") == "features"]
    assert told == ["AttemptStarted", "TaskEnded"]
    assert [(task.task_key, task.kind, task.result) for task in run.tasks] == [
        (key, kind, "SUCCESS") for key, kind in zip(KEYS, KINDS, strict=True)
    ]
    assert (run.result, run.parameters) == ("SUCCESS", {"as_of": "2024-03-01", "slope": "2"})
    assert f"/runs/{run.job_run_id}" in run.url


def test_parameters_are_those_that_are_given(shop, workspace):
    run, _ = followed(shop, RemoteRequest(parameters={"slope": "3"}))
    assert run.parameters == {"as_of": "2024-03-01", "slope": "3"}


@pytest.mark.parametrize("in_notebook", [False, True])
def test_what_a_task_recorded_is_read_from_its_log(shop, workspace, script, in_notebook):
    """Or from what its notebook exited with."""
    outputs = (TableVersion("prod.features.daily_units", 7, 1200),)

    def with_record(run: StartedRun, report: Report) -> None:
        output = logged(result="SUCCESS", outputs=outputs)
        exited = {"notebook_output": {"result": output["logs"]}}
        report("features", "SUCCESS", output=exited if in_notebook else output)

    script.append(with_record)
    run, events = followed(shop, RemoteRequest(only=("features",)))
    assert run.tasks[0].record.outputs == outputs
    ended = next(event for event in events if isinstance(event, TaskEnded))
    assert ended.headline == "features.daily_units v7, 1,200 rows"


def test_a_failure_says_what_the_task_said(shop, workspace, script):
    error = TaskError("DataError", "the key repeats", "look at product 7")

    def fails(run: StartedRun, report: Report) -> None:
        report("features", "FAILED", message="exit code 1", output=logged(result="FAILED", error=error))
        report("train", "UPSTREAM_FAILED")
        report("score", "FAILED", message="Cluster was lost")

    script.append(fails)
    run, _ = followed(shop)
    by_key = {task.task_key: task for task in run.tasks}
    assert run.result == "FAILED"
    assert by_key["features"].error == error
    assert by_key["train"].error is None
    assert by_key["score"].error.message == "Cluster was lost"


@pytest.mark.parametrize(
    "logs",
    [RECORD_LINE, f"{RECORD_LINE}{{", f"{RECORD_LINE}[1]", "nothing", f'{RECORD_LINE}{{"a": 1}}', f'{{"{RECORD_LINE}"'],
)
def test_a_log_without_a_whole_record(logs):
    assert record_in(logs) is None


def test_one_token_is_one_run(shop, workspace):
    client, job = found(shop)
    request = RemoteRequest(idempotency_token="monday")
    assert remote_runs.start(client, job, request) == remote_runs.start(client, job, request)


def test_a_cut_connection_does_not_start_a_second_run(shop, workspace):
    workspace.faults.add(Fault("POST */jobs/run-now", when="after", status=503))

    client, job = found(shop)
    remote_runs.start(client, job, RemoteRequest())
    assert len(list(client.jobs.list_runs(job_id=job.job_id))) == 1


def test_a_repair_runs_again_what_failed_and_keeps_the_rest(shop, workspace, script):
    def loses_one(run: StartedRun, report: Report) -> None:
        for key in KEYS:
            report(key, "FAILED" if key == "score" else "SUCCESS")

    begun = threading.Event()

    def waits(run: StartedRun, report: Report) -> None:
        begun.wait(10)
        all_succeed(run, report)

    script.extend([loses_one, waits])
    failed, _ = followed(shop)
    client, job = found(shop)
    remote_runs.repair(client, job, failed.job_run_id, RemoteRepair())
    events: list[Event] = []

    def sleep(seconds: float) -> None:
        begun.set()
        time.sleep(0.01)

    run = follow(client, job, failed.job_run_id, events.append, sleep)
    assert run.result == "SUCCESS"
    assert events[0].decided == dict.fromkeys(KEYS[:-1], "SUCCESS")
    assert [event.task_key for event in events if isinstance(event, TaskEnded)] == ["score"]
    assert events[1] == AttemptStarted("score", 2, job_run_id=run.job_run_id)


def test_a_repair_without_anything_to_do(shop, workspace):
    run, _ = followed(shop)
    with pytest.raises(UsageError, match="nothing failed in run"):
        remote_runs.repair(*found(shop), run.job_run_id, RemoteRepair())


def test_a_run_of_another_job_is_left_alone(shop, workspace):
    client, job = found(shop)
    other = client.jobs.run_now(client.jobs.create(name="theirs", tasks=[Task("a")]).job_id).run_id
    for touch in (remote_runs.cancel, lambda *those: remote_runs.repair(*those, RemoteRepair())):
        with pytest.raises(UsageError, match="is none of demand on prod"):
            touch(client, job, other)


def test_in_development_it_is_the_job_of_whoever_asks(shop, workspace):
    (shop / "conf/dev.yml").write_text(PROD.replace("production", "development").replace("prod", "dev"))
    made = [
        WorkspaceClient()
        .jobs.create(
            name=f"[dev {person}] shop.demand",
            deployment=JobDeployment(
                JobDeploymentKind.BUNDLE,
                metadata_file_path=f"/Workspace/framework/dev/shop/{person}/bundle/state/metadata.json",
            ),
        )
        .job_id
        for person in ("admin", "ann_lee")
    ]
    assert deployed_job(load(shop, "shop", "demand", "dev"), {}).job.job_id == made[0]


def test_a_job_that_is_there_twice(shop, workspace):
    job = next(iter(workspace.state.jobs.values()))
    workspace.state.jobs["99"] = {**job, "job_id": 99}
    with pytest.raises(FrameworkError, match="was deployed more than once: jobs") as raised:
        found(shop)
    assert raised.value.hint == "Deploy again: framework deploy shop --env prod"


def test_a_pipeline_that_is_not_deployed(shop, workspace):
    (shop / "conf/prod.yml").write_text(PROD + "deploy_root: /Workspace/elsewhere\n")
    with pytest.raises(FrameworkError, match="demand is not deployed to prod") as raised:
        found(shop)
    assert raised.value.hint == "framework deploy shop --env prod"


def test_a_parameter_that_the_pipeline_lacks(shop, workspace):
    with pytest.raises(UsageError, match="no parameter 'slop'"):
        found(shop, slop="3")


TOO_MANY = "MAXIMUM_CONCURRENT_RUNS_REACHED"
STATES = [
    ({"life_cycle_state": "TERMINATED", "result_state": "TIMEDOUT"}, {}, "TIMEDOUT", "TIMEDOUT"),
    ({"life_cycle_state": "INTERNAL_ERROR", "result_state": "FAILED"}, {}, "FAILED", "FAILED"),
    ({"life_cycle_state": "INTERNAL_ERROR"}, {}, "INTERNAL_ERROR", "FAILED"),
    ({"life_cycle_state": "SKIPPED"}, {}, "EXCLUDED", "SKIPPED"),
    ({"life_cycle_state": "SKIPPED", "result_state": TOO_MANY}, {}, "INTERNAL_ERROR", "SKIPPED"),
    ({}, {"code": "SUCCESS", "type": "SUCCESS"}, "SUCCESS", "SUCCESS"),
    ({}, {"code": "USER_CANCELED", "type": "CLIENT_ERROR"}, "CANCELED", "CANCELED"),
    ({}, {"code": "RUN_EXECUTION_ERROR", "type": "CLIENT_ERROR"}, "FAILED", "FAILED"),
    ({}, {"code": "CLOUD_FAILURE", "type": "CLOUD_FAILURE"}, "INTERNAL_ERROR", "FAILED"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "details", "of_task", "of_job"), STATES)
def test_results_in_both_shapes_of_the_api(state, details, of_task, of_job):
    shape = {"state": state} if state else {"status": {"state": "TERMINATED", "termination_details": details}}
    task, run = RunTask.from_dict({"task_key": "a", **shape}), Run.from_dict(shape)

    assert is_ended(task)
    assert (task_result(task), job_result(run)) == (of_task, of_job)


def test_retries_and_loops_are_told(shop, workspace, script):
    script += [lambda run, report: over.wait(10)] * 2
    over = threading.Event()
    loop = {"task": {"task_key": "x"}, "inputs": "[1,2]"}

    def task(life_cycle: str, attempt: int, *counts: int, result: str | None = None) -> dict:
        stats = dict(zip(("total_iterations", "completed_iterations", "failed_iterations"), counts, strict=False))
        state = {"life_cycle_state": life_cycle, "result_state": result, "state_message": "lost"}
        each = {**loop, "stats": {"task_run_stats": stats}}
        return {"attempt_number": attempt, "start_time": 1, "state": state, "for_each_task": each}

    told = seen_of(
        shop,
        workspace,
        task("RUNNING", 0, 2, 0),
        task("WAITING_FOR_RETRY", 0, 2, 0),
        task("RUNNING", 1, 2, 1, 0),
        task("TERMINATED", 1, 2, 2, 1, result="SUCCESS"),
    )
    assert told == [
        AttemptStarted("train", 1),
        LoopOpened("train", 2),
        RetryWaiting("train", 2, 0.0, "FAILED", "lost"),
        AttemptStarted("train", 2),
        LoopOpened("train", 2, attempt=2),
        TaskEnded("train", "SUCCESS", 0.0, iteration=0),
        TaskEnded("train", "FAILED", 0.0, iteration=1),
        TaskEnded("train", "SUCCESS", 0.0),
    ]
    told = seen_of(
        shop,
        workspace,
        task("RUNNING", 0, 4, 1, 1),
        task("RUNNING", 0, 4, 3, 1),
        task("TERMINATED", 0, 4, 4, 2, result="FAILED"),
    )
    assert [(event.iteration, event.result) for event in told if isinstance(event, TaskEnded)] == [
        (0, "FAILED"), (1, "SUCCESS"), (2, "SUCCESS"), (3, "FAILED"), (None, "FAILED"),
    ]  # fmt: skip
    over.set()


def seen_of(shop: Path, workspace: FakeWorkspace, *tasks: dict) -> list[Event]:
    """What is told of a run whose only task goes through these states, one at each look."""
    client, job = found(shop)
    run_id = remote_runs.start(client, job, RemoteRequest(only=("train",)))
    run, left, events = workspace.state.runs[str(run_id)], list(tasks), []

    def to_the_next_state(_: float = 0.0) -> None:
        task = left.pop(0)
        run.update(tasks=[{"run_id": 1, "task_key": "train", **task}], state=task["state"])

    to_the_next_state()
    follow(client, job, run_id, events.append, to_the_next_state)
    return [replace(event, job_run_id=0) for event in events[1:]]


def framework(*arguments: str):
    return CliRunner().invoke(app, ["run", *arguments])


def test_the_command_shows_the_run_and_its_page(shop, workspace):
    done = framework("--env", "prod", "-p", "demand")

    assert done.exit_code == 0, done.output
    assert "SUCCESS demand on prod, run" in done.stdout
    assert "mlflow.db" not in done.stdout
    assert f"run  {workspace.url}/jobs/" in done.stdout


def test_json_is_that_of_a_local_run_with_the_page(shop, workspace):
    done = json.loads(framework("--env", "prod", "-o", "json").stdout)
    assert (done["result"], [task["task_key"] for task in done["tasks"]]) == ("SUCCESS", list(KEYS))
    assert done["url"].startswith(workspace.url)


def test_a_failed_run_says_how_to_repair_it(shop, workspace, script):
    script.append(lambda run, report: report("features", "FAILED", message="no memory"))

    done = framework("--env", "prod")
    assert done.exit_code == 1
    assert "no memory" in done.stdout
    assert "framework run shop --pipeline demand --env prod --repair " in done.stdout


def test_no_wait_leaves_the_run_to_itself_and_cancel_ends_it(shop, workspace, script):
    script.append(lambda run, report: time.sleep(5) if not run.cancelled() else None)

    started = json.loads(framework("--env", "prod", "--no-wait", "-o", "json").stdout)
    assert WorkspaceClient().jobs.get_run(started["job_run_id"]).state.result_state is None
    done = framework("--env", "prod", "--cancel", "last")
    assert done.exit_code == 130
    assert "CANCELED" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "prod", "--resume", "last"], "--resume: only for runs on this machine"),
        (["--env", "prod", "--from", "a", "--to", "b"], "takes one of --from and --to"),
        (["--env", "prod", "--repair", "yesterday"], "a run on a workspace has a number, and 'yesterday' is none"),
        (["--env", "prod", "--repair", "last", "--only", "train"], "--only does not go with --repair"),
        (
            ["--env", "prod", "--repair", "last", "--to", "a", "--idempotency-token", "x"],
            "--to, --idempotency-token do",
        ),
        (["--env", "prod", "--cancel", "last", "--repair", "last"], "--repair does not go with --cancel"),
        (["--env", "prod", "--cancel", "last", "--params", "as_of=x"], "--params does not go with --cancel"),
        (["--env", "prod", "--cancel", "last", "--no-wait", "--from", "a"], "--from does not go with --cancel"),
        (["--no-wait"], "--no-wait and --cancel are for runs on a workspace"),
    ],
)
def test_options_that_do_not_fit(shop, workspace, arguments, message):
    done = framework(*arguments)
    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize(
    "arguments", [["--only", "+featurs"], ["--only", "train, featurs+"], ["--from", "featurs"], ["--to", "featurs"]]
)
def test_a_task_that_the_job_does_not_have_starts_nothing(shop, workspace, arguments):
    done = framework("--env", "prod", *arguments)
    assert done.exit_code == 2
    assert "demand on prod has no task 'featurs' (did you mean 'features'?)" in done.output
    assert not workspace.state.runs


def test_tasks_of_a_selection_may_stand_in_one_text(shop, workspace):
    done = json.loads(framework("--env", "prod", "--only", "train, score", "-o", "json").stdout)
    assert [task["task_key"] for task in done["tasks"]] == ["train", "score"]


def test_a_repair_of_a_task_that_the_run_does_not_have(shop, workspace, script):
    script.append(lambda run, report: report("features", "FAILED"))
    framework("--env", "prod")
    done = framework("--env", "prod", "--repair", "last", "--rerun-tasks", "nope")
    assert (done.exit_code, "has no task 'nope'" in done.output) == (2, True)


def test_a_run_that_has_ended_cannot_be_cancelled(shop, workspace):
    run, _ = followed(shop)
    done = framework("--env", "prod", "--cancel", "last")
    assert done.exit_code == 2
    assert f"run {run.job_run_id} had ended before: SUCCESS" in done.output
    assert "framework run shop --pipeline demand --env prod" in done.output


def test_a_workspace_that_refuses(shop, workspace, monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", "dapi-somebody-else")

    done = framework("--env", "prod")
    assert done.exit_code == 4
    assert "dapi-somebody-else" not in done.output


def test_a_run_that_cannot_be_followed_goes_on(shop, workspace):
    workspace.faults.add(Fault("GET */jobs/runs/get", status=403, skip=1, times=0))

    done = framework("--env", "prod")
    assert done.exit_code == 4
    assert "The run goes on by itself." in done.output


@pytest.mark.parametrize(("answer", "result"), [("y", "CANCELED"), ("n", None), ("\x03", None)])
def test_interrupted_a_person_decides_what_becomes_of_the_run(shop, workspace, script, answer, result):
    begun = threading.Event()

    def waits(run: StartedRun, report: Report) -> None:
        begun.set()
        while not run.cancelled() and not over.is_set():
            time.sleep(0.05)

    over = threading.Event()
    script.append(waits)
    person, terminal = pty.openpty()
    command = [sys.executable, "-m", "framework", "run", "--env", "prod"]
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True)
    os.close(terminal)
    try:
        assert begun.wait(30)
        seen = read_until(person, "features")
        process.send_signal(2)
        seen = read_until(person, "Cancel it?")
        os.write(person, f"{answer}\n".encode())
        seen += read_until(person, "CANCELED" if result else "goes on: ")
        assert process.wait(20) == 130
    finally:
        over.set()
        process.kill()
        os.close(person)
    run = next(iter(workspace.state.runs.values()))
    assert run["state"].get("result_state") == result or not result, seen


def test_interrupted_a_script_is_told_how_to_go_on(shop, workspace, script):
    over = threading.Event()
    script.append(lambda run, report: over.wait(30))
    # Held up before the page of the run is known: nothing but its number is.
    asked = threading.Event()
    workspace.faults.add(Fault("GET */jobs/runs/get", call=lambda: (asked.set(), over.wait(30))))
    command = [sys.executable, "-m", "framework", "run", "--env", "prod"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert asked.wait(30)
        process.send_signal(2)
        _, said = process.communicate(timeout=20)
    finally:
        over.set()
        process.kill()
    (run_id,) = workspace.state.runs
    assert process.returncode == 130
    assert f"run {run_id} goes on" in said
    assert f"To cancel it: framework run shop --pipeline demand --env prod --cancel {run_id}" in said


def read_until(terminal: int, text: str) -> str:
    seen, deadline = "", time.monotonic() + 20
    while text not in seen and time.monotonic() < deadline:
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            break
    assert text in seen, seen
    return seen
