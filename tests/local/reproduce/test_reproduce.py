"""What is done once more of a local run, and with which code; no Spark."""

import subprocess
from dataclasses import replace

import pytest

from framework.core.errors import UsageError
from framework.core.job_run import TaskOutcome
from framework.core.task_run import AttemptRecord, Origin
from framework.local.paths import LocalPaths
from framework.local.reproduce import code
from framework.local.reproduce.recorded import chosen
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun

AT = "2024-03-01T04:00:00+00:00"
SCORED = AttemptRecord(
    job_run_id="7", task_run_id="70", attempt=2, project="shop", pipeline="demand", target="local", task_key="score",
    kind="batch_inference", result="SUCCESS", started_at=AT, ended_at=AT,
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    paths = LocalPaths(tmp_path)
    paths.create()
    with RunStore(paths.run_store) as store:
        yield store


@pytest.fixture
def run_of(store):
    """A run whose tasks have these outcomes."""

    def begin(*records, parameters=None):
        keys = tuple(each.task_key for each in records)
        run = store.begin(
            NewRun(
                job="shop/local/demand",
                project="shop",
                pipeline="demand",
                target="local",
                tasks=keys,
                parameters=parameters or {},
                source={},
                started_at=AT,
            )
        )
        for each in records:
            outcome = TaskOutcome(
                task_key=each.task_key, kind=each.kind, result=each.result, attempts=1, duration_s=1.0, record=each
            )
            store.note_outcome(run.job_run_id, outcome)
            store.commit()
        return run

    return begin


def test_tasks_that_cannot_be_done_again_are_named_with_the_reason(store, run_of):
    run = run_of(
        replace(SCORED, task_key="register", kind="register_model"),
        replace(SCORED, task_key="book", kind="notebook_task"),
        replace(SCORED, task_key="bad", result="FAILED"),
        SCORED,
    )
    found = chosen(store, run, ())
    assert [each.name for each in found.chosen] == ["score"]
    assert set(found.skipped) == {"register", "book", "bad"}
    with pytest.raises(UsageError, match="nothing of run"):
        chosen(store, run, ("bad",))
    with pytest.raises(UsageError, match="has no task 'scroe'"):
        chosen(store, run, ("scroe",))


def test_a_secret_parameter_comes_from_the_run_store_or_the_task_is_not_done_again(store, run_of):
    hidden = replace(SCORED, parameters={"key": "[REDACTED]"})
    assert chosen(store, run_of(hidden, parameters={"key": "s3"}), ()).chosen[0].record.parameters == {"key": "s3"}
    found = chosen(store, run_of(hidden, replace(SCORED, task_key="again")), ())
    assert [each.name for each in found.chosen] == ["again"]
    assert "a secret as parameter 'key'" in found.skipped["score"]


def test_a_commit_that_is_not_in_this_clone_is_refused_and_leaves_no_worktree(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    gone = Origin(commit="c0ffee" * 6 + "c0ff")
    with pytest.raises(UsageError, match="commit c0ffeec0ffee cannot be checked out") as refused:
        code.of_origin(gone, tmp_path / "kept", tmp_path, tmp_path / "aside", lambda root: pytest.fail("not compiled"))
    assert "git fetch" in refused.value.hint
