"""Runs begin whole or not at all: real releases, store and owner files, with jobs that need no Spark."""

import os
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from databricks.bundles.jobs import Job

from framework.compile.bundle import Bundle
from framework.core.errors import FrameworkError, UsageError
from framework.local.driver import Begun, Driver
from framework.local.release import read_loads
from framework.local.requests import RepairRequest, RunRequest
from framework.local.run import backfill, repair, resume, run
from framework.local.runnable import Runnable
from framework.records.run_store import RunStore
from framework.resolve.resolved import ResolvedSource


class Killed(Exception):
    """Stands for kill -9."""


def condition(key, left, **more):
    return {"task_key": key, "condition_task": {"left": left, "op": "LESS_THAN", "right": "5"}, **more}


def job(*tasks, **settings):
    return Job.from_dict({"name": "job", "tasks": list(tasks), **settings})


GOOD = job(condition("a", "1"), condition("b", "{{job.parameters.x}}"), parameters=[{"name": "x", "default": "2"}])


@pytest.fixture
def here(tmp_path):
    """A way to say what is run, and how."""

    def make(of=GOOD, parameters=None, **more):
        runnable = Runnable(
            bundle=Bundle(name="b", target="dev", jobs={"job": of, **more.pop("jobs", {})}),
            files=tmp_path,
            job_ids={"job": 1, "child": 2},
            source_directory=more.pop("code", None),
        )
        return runnable, RunRequest(root=tmp_path, job_key="job", parameters=parameters or {}, **more)

    return make


def quiet(event):
    """Nobody listens."""


def stored(root):
    with RunStore(root / ".framework" / "runs.db") as store:
        return store.latest(100)


def test_a_run_that_was_killed_before_its_first_task_can_go_on(here, tmp_path):
    runnable, request = here(idempotency_token="once")
    with Driver.at(tmp_path, 1, quiet) as driver:
        begun = driver.begin(runnable, (), request)
        begun.owner.release()
    done = resume(tmp_path, begun.run.job_run_id, 1, quiet)

    assert done.result == "SUCCESS"


def test_a_repair_that_was_killed_before_it_began_changes_nothing(here, tmp_path, monkeypatch):
    failed = run(*here(parameters={"x": "no number"}), quiet)
    (before,) = stored(tmp_path)
    again = here()[0], tmp_path, before, RepairRequest(parameters={"x": "3"})

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(RunStore, "begin_repair", die)
        repair(*again, quiet)
    repaired = repair(*again, quiet)

    assert failed.result == "FAILED"
    assert (repaired.result, stored(tmp_path)[0].repairs) == ("SUCCESS", 1)


def test_a_repair_has_the_source_files_that_its_run_had(here, tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("a\n1\n")
    own = ResolvedSource(table="spark_catalog.raw.t", path=file, sample="", given=True, location=None)
    done = run(*here(parameters={"x": "no number"}, sources=(own,)), quiet)
    of_now = replace(own, path=tmp_path / "none.csv", sample="a:b", given=False)
    repair(here()[0], tmp_path, stored(tmp_path)[0], RepairRequest(parameters={"x": "3"}, sources=(of_now,)), quiet)

    (load,) = read_loads(tmp_path / ".framework/runs" / str(done.job_run_id) / "repairs/1")
    assert load.path == str(file)


def test_a_repair_that_would_forget_what_is_not_recorded_is_refused(here, tmp_path):
    in_the_way = tmp_path / ".framework" / "warehouse" / "ops_b.db"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    told = []
    failed = run(*here(parameters={"x": "no number"}), told.append)
    again = here()[0], tmp_path, stored(tmp_path)[0], RepairRequest(parameters={"x": "3"})

    with pytest.raises(FrameworkError, match=f"forgets .* run {failed.job_run_id} cannot be recorded") as refused:
        repair(*again, quiet)
    in_the_way.unlink()

    assert "the tables of records do not have all" in told[-1].message
    assert "framework runs sync" in refused.value.hint
    assert repair(*again, quiet).result == "SUCCESS"


def test_a_second_run_with_the_same_token_leaves_no_files(here, tmp_path):
    first = run(*here(idempotency_token="once"), quiet)
    second = run(*here(idempotency_token="once"), quiet)

    assert first.job_run_id == second.job_run_id
    assert [entry.name for entry in (tmp_path / ".framework" / "runs").iterdir()] == [str(first.job_run_id)]


def test_links_that_lead_nowhere_are_no_code(here, tmp_path):
    sources = tmp_path / "src"
    sources.mkdir()
    (sources / ".#demand.py").symlink_to("someone@somewhere")
    (sources / "demand.py").write_text("")
    os.mkfifo(sources / "pipe")
    done = run(*here(code=sources), quiet)

    copied = tmp_path / ".framework" / "runs" / str(done.job_run_id) / "bundle" / "src"
    assert [entry.name for entry in copied.iterdir()] == ["demand.py"]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"parameters": {"y": "1"}}, "job 'job' has no parameter 'y'"),
        ({"parameters": {"x": "{{nonsense}}"}}, "cannot begin: the Jobs service knows no {{nonsense}}"),
        (
            {"of": job(condition("a", "1"), parameters=[{"name": "d", "default": "{{backfill.iso_date}}"}])},
            "has a value in a backfill only",
        ),
    ],
)
def test_what_cannot_begin_is_refused_before_anything_is_written(here, tmp_path, broken, message):
    with pytest.raises(UsageError) as refused:
        run(*here(**broken), quiet)

    assert message in refused.value.message
    assert stored(tmp_path) == []


def test_a_repair_is_of_the_job_as_it_is_now(here, tmp_path):
    run(*here(of=job(condition("a", "1"), condition("old", "no number"))), quiet)
    now = here(of=job(condition("a", "1"), condition("new", "1")))[0]
    repaired = repair(now, tmp_path, stored(tmp_path)[0], RepairRequest(), quiet)

    assert [(task.task_key, task.result) for task in repaired.tasks] == [("a", "SUCCESS"), ("new", "SUCCESS")]


def test_a_repair_refuses_parameters_that_the_job_does_not_have(here, tmp_path):
    run(*here(parameters={"x": "no number"}), quiet)

    with pytest.raises(UsageError, match="no parameter 'typo'"):
        repair(here()[0], tmp_path, stored(tmp_path)[0], RepairRequest(parameters={"typo": "1"}), quiet)
    assert stored(tmp_path)[0].repairs == 0


def test_the_run_that_a_task_started_goes_on_with_its_parent_only(here, tmp_path):
    parent = job({"task_key": "p", "run_job_task": {"job_id": 2}})
    done = run(*here(of=parent, jobs={"child": GOOD}), quiet)
    child = done.tasks[0].child_run_id

    with pytest.raises(UsageError, match=f"was started by run {done.job_run_id}"):
        resume(tmp_path, child, 1, quiet)


def test_kinds_that_run_nowhere_here_may_be_left_out(here):
    mixed = job(condition("a", "1"), {"task_key": "b", "dbt_task": {"commands": ["dbt run"]}})
    from framework.local.requests import Selected

    assert run(*here(of=mixed, selected=Selected(only=("a",))), quiet).result == "SUCCESS"
    with pytest.raises(UsageError, match="task 'b' is a dbt_task"):
        run(*here(of=mixed), quiet)


def test_a_kind_in_the_loop_of_another_job_is_found_before_anything_runs(here):
    each = {"inputs": "[1]", "task": {"task_key": "x", "run_job_task": {"job_id": 2}}}
    child = job({"task_key": "dbt", "dbt_task": {"commands": ["dbt run"]}})

    with pytest.raises(UsageError, match="task 'dbt' is a dbt_task"):
        run(*here(of=job({"task_key": "l", "for_each_task": each}), jobs={"child": child}), quiet)


def days(here, *numbers):
    made = [
        here(idempotency_token=f"day {n}", backfill=datetime(2024, 3, n, tzinfo=UTC), parameters={"x": str(n)})
        for n in numbers
    ]
    return made[0][0], [request for _, request in made]


def test_a_backfill_repairs_what_failed_and_leaves_what_succeeded(here, tmp_path):
    first = backfill(*days(here, 1, 2), quiet)
    second = backfill(*days(here, 1, 2, 3), quiet)

    assert [done.result for done in second] == ["SUCCESS"] * 3
    assert [done.job_run_id for done in second[:2]] == [done.job_run_id for done in first]


def test_a_backfill_whose_date_is_under_way_elsewhere_begins_nothing(here, tmp_path):
    runnable, requests = days(here, 2)
    with Driver.at(tmp_path, 1, quiet) as driver:
        other = driver.begin(runnable, (), requests[0])
        assert isinstance(other, Begun)
        with pytest.raises(UsageError, match="for 2024-03-02 is under way in another process"):
            backfill(*days(here, 1, 2, 3), quiet)
        other.owner.release()

    assert len(stored(tmp_path)) == 1
    assert [done.result for done in backfill(*days(here, 1, 2, 3), quiet)] == ["SUCCESS"] * 3


def test_a_backfill_queues_though_the_job_does_not(here):
    unqueued = job(condition("a", "1"), queue={"enabled": False})
    requests = [
        here(of=unqueued, idempotency_token=str(n), backfill=datetime(2024, 3, n, tzinfo=UTC))[1] for n in (1, 2, 3)
    ]

    assert [done.result for done in backfill(here(of=unqueued)[0], requests, quiet)] == ["SUCCESS"] * 3
