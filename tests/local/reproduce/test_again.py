"""A run that is done once more from its commit, up to where Spark would start."""

import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from framework import phases
from framework.core.errors import UsageError
from framework.core.job_run import TaskOutcome
from framework.core.task_run import AttemptRecord, Origin, TableVersion
from framework.local.paths import LocalPaths
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun
from framework.trace.reproduced.choice import Wanted

SHOP = Path(__file__).parents[2] / "e2e/shop"
AT = "2024-03-01T04:00:00+00:00"
NIGHTLY = """
name: nightly
tasks: [{task_key: demand, run_job_task: {job_id: "${resources.jobs.demand.id}"}}]
"""


@pytest.fixture
def checkout(tmp_path):
    """A pipeline that runs another one, committed, and the features that the other one wrote."""
    root = Path(shutil.copytree(SHOP, tmp_path / "shop"))
    (root / "projects/shop/pipelines/nightly.yml").write_text(NIGHTLY)
    (root / ".gitignore").write_text(".framework\n")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        subprocess.run(
            ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.com", *command], cwd=root, check=True
        )
    paths = LocalPaths(root)
    paths.create()
    write_deltalake(str(paths.warehouse / "features.db/daily_units"), pa.table({"units": [1.0]}))
    return root


def run_of(root, *, is_child=False, dirty=False, version=0):
    """The number of a run whose training succeeded: its own, or that of one that another run started."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True, text=True).stdout
    given = {"project": "shop", "target": "local", "parameters": {}, "started_at": AT}
    source = {"job_key": "nightly", "project": "shop", "pipeline": "nightly"}
    with RunStore(LocalPaths(root).run_store) as store:
        run = store.begin(
            NewRun(job="shop/local/nightly", pipeline="nightly", tasks=("demand",), source=source, **given)
        )
        if is_child:
            parents = {"parent_run_id": run.job_run_id, "owner_run_id": run.job_run_id}
            run = store.begin(
                NewRun(job="shop/local/demand", pipeline="demand", tasks=("train",), source={"job_key": "demand"},
                       **parents, **given)
            )  # fmt: skip
        record = AttemptRecord(
            job_run_id=str(run.job_run_id), task_run_id="70", attempt=1, project="shop", pipeline="demand",
            target="local", task_key="train", kind="train", result="SUCCESS", started_at=AT, ended_at=AT,
            parameters={"slope": "2"}, inputs=(TableVersion("spark_catalog.features.daily_units", version),),
            origin=Origin(commit=head.strip(), dirty=dirty),
        )  # fmt: skip
        outcome = TaskOutcome(
            task_key="train", kind="train", result="SUCCESS", attempts=1, duration_s=1.0, record=record
        )
        store.note_outcome(run.job_run_id, outcome)
        store.commit()
    return run.job_run_id


def aside(root, number):
    return root / ".framework/reproduce" / str(number)


def test_a_run_that_another_run_started_has_the_code_of_that_one(checkout):
    number = run_of(checkout, is_child=True, version=3)

    done = phases.reproduce(checkout, str(number), Wanted(), lambda event: None)

    (line,) = done.tasks[0].lines
    assert (done.tasks[0].task, line.now, line.judgement) == ("train", "gone", "unknown")
    assert "made anew" in line.reason
    assert not list(aside(checkout, number).glob("code-*"))


def test_an_interruption_leaves_neither_rows_nor_code(checkout):
    number = run_of(checkout)
    rows = checkout / f".framework/warehouse/reproduce_{number}.db"
    seen = []

    def interrupt(event):
        if "local Spark" in event.message:
            rows.mkdir()
            seen.extend(aside(checkout, number).glob("code-*"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        phases.reproduce(checkout, str(number), Wanted(), interrupt)
    assert seen
    assert not list(aside(checkout, number).glob("code-*"))
    assert not rows.exists()


def test_code_that_was_never_committed_and_is_not_kept_is_refused(checkout):
    with pytest.raises(UsageError, match="the run's own copy of its code is gone"):
        phases.reproduce(checkout, str(run_of(checkout, dirty=True)), Wanted(), lambda event: None)
