"""Runs of jobs: at once by default, or by whoever is given to execute them."""

import threading

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service import jobs
from databricks.sdk.service.jobs import RunLifeCycleState, RunResultState

from framework.testing.fake_workspace import FakeWorkspace

TASKS = [
    jobs.Task(task_key="one", notebook_task=jobs.NotebookTask("/Shared/n")),
    jobs.Task(task_key="two", notebook_task=jobs.NotebookTask("/Shared/n"), depends_on=[jobs.TaskDependency("one")]),
]


def client_at(workspace):
    return WorkspaceClient(config=Config(host=workspace.url, token=workspace.token, auth_type="pat"))


def states(run):
    return {task.task_key: task.state.result_state for task in run.tasks}


def test_a_run_succeeds_at_once(client):
    job_id = client.jobs.create(
        name="weekly", tasks=TASKS, parameters=[jobs.JobParameterDefinition(name="as_of", default="2024-01-01")]
    ).job_id

    run = client.jobs.run_now(job_id, job_parameters={"as_of": "2024-02-02"}).result()

    assert run.state.result_state is RunResultState.SUCCESS
    assert [(each.name, each.value) for each in run.job_parameters] == [("as_of", "2024-02-02")]
    assert states(run) == {"one": RunResultState.SUCCESS, "two": RunResultState.SUCCESS}


def test_an_idempotency_token_starts_one_run(client):
    job_id = client.jobs.create(name="weekly", tasks=TASKS).job_id

    first, second = (client.jobs.run_now(job_id, idempotency_token="t").response.run_id for _ in range(2))

    assert first == second


def test_runs_are_listed_newest_first(client):
    job_id = client.jobs.create(name="weekly", tasks=TASKS).job_id
    ids = [client.jobs.run_now(job_id).response.run_id for _ in range(30)]

    assert [run.run_id for run in client.jobs.list_runs(job_id=job_id)] == ids[::-1]
    assert list(client.jobs.list_runs(job_id=job_id, active_only=True)) == []


def test_a_submitted_run_needs_no_job_and_begins_once(client):
    tasks = [jobs.SubmitTask(task_key="one", notebook_task=jobs.NotebookTask("/Shared/n"))]
    run, same = (client.jobs.submit(run_name="once", idempotency_token="t", tasks=tasks).result() for _ in range(2))

    assert (run.run_name, run.state.result_state) == ("once", RunResultState.SUCCESS)
    assert run.run_id == same.run_id


def test_a_runner_tells_how_tasks_end_and_what_they_say():
    def fail_two(run, report):
        report("one", "SUCCESS", output={"logs": run.parameters["as_of"]})
        report("two", "FAILED", message="no rows", output={"error": "ValueError: no rows"})

    with FakeWorkspace(run_job=fail_two) as workspace:
        client = client_at(workspace)
        job_id = client.jobs.create(
            name="weekly", tasks=TASKS, parameters=[jobs.JobParameterDefinition(name="as_of", default="2024-01-01")]
        ).job_id
        run = ended(client, client.jobs.run_now(job_id).response.run_id)
        outputs = {task.task_key: client.jobs.get_run_output(task.run_id) for task in run.tasks}

    assert run.state.result_state is RunResultState.FAILED
    assert "no rows" in run.state.state_message
    assert (outputs["one"].logs, outputs["two"].error) == ("2024-01-01", "ValueError: no rows")


def test_a_repair_runs_the_failed_tasks_again():
    tried = []

    def fail_at_first(run, report):
        tried.append(run.task_keys)
        for task_key in run.task_keys:
            report(task_key, "FAILED" if task_key == "two" and run.attempts["two"] == 0 else "SUCCESS")

    with FakeWorkspace(run_job=fail_at_first) as workspace:
        client = client_at(workspace)
        run_id = client.jobs.run_now(client.jobs.create(name="weekly", tasks=TASKS).job_id).response.run_id
        ended(client, run_id)
        client.jobs.repair_run(run_id, rerun_all_failed_tasks=True)
        run = ended(client, run_id)
        with pytest.raises(BadRequest, match="No such tasks"):
            client.jobs.repair_run(run_id, rerun_tasks=["three"])

    assert tried == [("one", "two"), ("two",)]
    assert (run.state.result_state, [task.attempt_number for task in run.tasks]) == (RunResultState.SUCCESS, [0, 1])


def test_a_repair_takes_what_comes_after_when_asked(client):
    run_id = client.jobs.run_now(client.jobs.create(name="weekly", tasks=TASKS).job_id).response.run_id

    client.jobs.repair_run(run_id, rerun_tasks=["one"], rerun_dependent_tasks=True)

    assert [task.attempt_number for task in client.jobs.get_run(run_id).tasks] == [1, 1]


@pytest.mark.parametrize(
    ("only", "keys"), [("one", ["one"]), ("one+", ["one", "two"]), ("+two", ["one", "two"]), ("+one", ["one"])]
)
def test_only_some_tasks_with_what_is_before_or_after_them(client, only, keys):
    job_id = client.jobs.create(name="weekly", tasks=TASKS).job_id

    run = client.jobs.run_now(job_id, only=[only]).result()

    assert [task.task_key for task in run.tasks] == keys


def test_a_task_that_the_job_does_not_have_is_refused(client):
    job_id = client.jobs.create(name="weekly", tasks=TASKS).job_id

    with pytest.raises(BadRequest, match=r"no task .three.\. Its tasks are: one, two"):
        client.jobs.run_now(job_id, only=["+three"])
    assert list(client.jobs.list_runs(job_id=job_id)) == []


def test_each_attempt_is_an_entry_with_an_output_of_its_own():
    def at_second_try(run, report):
        for result in ("FAILED", "SUCCESS"):
            report("one", "RUNNING")
            report("one", result, output={"logs": result})
        report("two", "FAILED")
        return "SUCCESS_WITH_FAILURES"

    with FakeWorkspace(run_job=at_second_try) as workspace:
        client = client_at(workspace)
        run_id = client.jobs.run_now(client.jobs.create(name="weekly", tasks=TASKS).job_id).response.run_id
        run = ended(client, run_id)
        tries = [task for task in run.tasks if task.task_key == "one"]
        logs = [client.jobs.get_run_output(task.run_id).logs for task in tries]

    assert [(task.attempt_number, task.state.result_state.value) for task in tries] == [(0, "FAILED"), (1, "SUCCESS")]
    assert logs == ["FAILED", "SUCCESS"]
    assert run.state.result_state is RunResultState.SUCCESS_WITH_FAILURES


def test_a_cancelled_run_tells_its_runner():
    begun, seen = threading.Event(), threading.Event()

    def wait(run, report):
        report("one", "RUNNING")
        begun.set()
        while not run.cancelled():
            seen.wait(0.01)
        seen.set()

    with FakeWorkspace(run_job=wait) as workspace:
        client = client_at(workspace)
        run_id = client.jobs.run_now(client.jobs.create(name="weekly", tasks=TASKS).job_id).response.run_id
        assert begun.wait(5)
        running = client.jobs.get_run(run_id)
        client.jobs.cancel_run(run_id)
        assert seen.wait(5)
        run = client.jobs.get_run(run_id)

    assert running.tasks[0].state.life_cycle_state is RunLifeCycleState.RUNNING
    assert run.state.result_state is RunResultState.CANCELED


def test_a_runner_that_raises_fails_the_run():
    def broken(run, report):
        raise RuntimeError("out of memory")

    with FakeWorkspace(run_job=broken) as workspace:
        client = client_at(workspace)
        run_id = client.jobs.run_now(client.jobs.create(name="weekly", tasks=TASKS).job_id).response.run_id
        run = ended(client, run_id)

    assert (run.state.result_state, run.state.state_message) == (RunResultState.FAILED, "RuntimeError: out of memory")


def test_one_run_at_a_time_unless_it_may_wait():
    go = threading.Event()

    with FakeWorkspace(run_job=lambda run, report: go.wait(5)) as workspace:
        client = client_at(workspace)
        job_id = client.jobs.create(name="weekly", tasks=TASKS).job_id
        client.jobs.run_now(job_id)
        second = client.jobs.get_run(client.jobs.run_now(job_id).response.run_id)
        go.set()

    assert second.state.life_cycle_state is RunLifeCycleState.SKIPPED


def test_a_run_ends_when_the_workspace_is_restarted(tmp_path):
    never = threading.Event()

    with FakeWorkspace(directory=tmp_path, run_job=lambda run, report: never.wait(5)) as workspace:
        client = client_at(workspace)
        run_id = client.jobs.run_now(client.jobs.create(name="weekly", tasks=TASKS).job_id).response.run_id
    with FakeWorkspace(directory=tmp_path) as workspace:
        run = client_at(workspace).jobs.get_run(run_id)
    never.set()

    assert (run.state.result_state, run.state.state_message) == (RunResultState.FAILED, "The workspace was restarted.")


def test_an_unknown_run_is_404(client):
    with pytest.raises(NotFound, match="Run 7 does not exist"):
        client.jobs.get_run(7)


def ended(client, run_id):
    return client.jobs.wait_get_run_job_terminated_or_skipped(run_id)
