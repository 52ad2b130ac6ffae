"""Runs that failed or were killed, and how they go on; a date in the past."""

import json
import signal
import subprocess
import time
from random import Random

import pytest

from framework.local.paths import LocalPaths
from framework.records.run_store import RunStore

LEDGER = """
  - task_key: ledger
    kind: python
    entrypoint: shop.demand:ledger
    reads: {features: features.daily_units}
    writes: ledger.units
    write_mode: append
"""
ROWS = 30


def with_ledger(shop):
    """Every run appends the features to a table: what is done twice shows."""
    file = shop.root / shop.pipeline
    file.write_text(file.read_text() + LEDGER)
    code = shop.root / shop.code
    code.write_text(code.read_text() + "\n\ndef ledger(features):\n    return features\n")


def latest(shop):
    with RunStore(LocalPaths(shop.root).run_store) as store:
        return store.latest(1)[0]


def test_a_failed_run_is_repaired_as_it_says_and_of_tasks_only_those_run_that_are_asked_for(shop):
    broken = ("return TrainedModel(", 'raise RuntimeError("no luck")\n    return TrainedModel(')
    shop.edit(shop.code, broken)
    header, *rows = (shop.root / "projects/shop/sales.csv").read_text().splitlines()
    own = shop.root / "own.csv"
    own.write_text("\n".join([header, *reversed(rows)]))
    failed = shop.framework("run", "--source", f"raw.sales={own}")
    run_id = str(latest(shop).job_run_id)
    shop.reset()

    repaired = shop.framework("run", "--repair", run_id, "-o", "json")

    assert f"framework run --repair {run_id}" in failed.stdout
    assert repaired.code == 0, repaired.stderr
    assert repaired.json["job_run_id"] == int(run_id)
    assert ("loaded raw.sales" in failed.stderr, "loaded" in repaired.stderr) == (True, False)
    assert "  features: started" not in repaired.stderr
    assert (repaired.task("train")["attempts"], repaired.task("features")["attempts"]) == (2, 1)
    again = shop.framework("run", "--repair", run_id)
    assert (again.code, "there is nothing to repair" in again.stderr) == (2, True)
    resumed = shop.framework("run", "--resume", run_id)
    assert (resumed.code, "there is nothing to resume" in resumed.stderr) == (2, True)

    # There is a champion now, so one task may be asked for.
    part = shop.framework("run", "--only", "score", "-o", "json")
    wrong = shop.framework("run", "--only", "scor")

    assert [task["task_key"] for task in part.json["tasks"]] == ["score"]
    assert (wrong.code, "Did you mean 'score'?" in wrong.stderr) == (2, True)


def killed_and_resumed(shop, random):
    """A run killed at a random moment, and gone on with; how many runs have come to their end by that."""
    before = latest(shop).job_run_id
    run = subprocess.Popen(
        shop.command("run", "-o", "json"), cwd=shop.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(random.uniform(0.6, 12))
    run.send_signal(signal.SIGKILL)
    run.wait(20)
    killed = latest(shop)
    if killed.job_run_id == before:
        return 0
    resumed = shop.framework("run", "--resume", str(killed.job_run_id), "-o", "json")
    if killed.state == "TERMINATED":
        assert "there is nothing to resume" in resumed.stderr
        return 1
    assert resumed.code == 0, resumed.stderr
    assert {task["result"] for task in resumed.json["tasks"]} == {"SUCCESS"}
    assert resumed.task("ledger")["outputs"][0]["rows"] == ROWS
    return 1


def assert_each_run_did_everything_once(shop, runs):
    shop.framework("runs", "sync")
    shop.assert_each_commit_leads_to_one_record("features.db/daily_units", "predictions.db/daily_units")
    assert appended_rows(shop) == ROWS * runs
    with RunStore(LocalPaths(shop.root).run_store) as store:
        for run in store.latest(100):
            attempts = store.history(run.job_run_id).attempts
            assert len({(attempt.task_key, attempt.attempt) for attempt in attempts}) == len(attempts)
            if run.state == "TERMINATED":
                assert all(attempt.result for attempt in attempts)


def appended_rows(shop):
    """The rows of every file that the log of the ledger has added."""
    import pyarrow.parquet as pq

    table = LocalPaths(shop.root).warehouse / "ledger.db" / "units"
    actions = [json.loads(line) for log in (table / "_delta_log").glob("*.json") for line in log.open()]
    return sum(pq.read_metadata(table / action["add"]["path"]).num_rows for action in actions if "add" in action)


@pytest.mark.parametrize(
    ("kills", "seed"),
    [
        pytest.param(2, 20111107, marks=pytest.mark.timeout(600)),
        pytest.param(100, 20101201, marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
def test_killed_at_a_random_moment_a_run_goes_on_and_does_nothing_twice(shop, kills, seed):
    with_ledger(shop)
    assert shop.framework("run").code == 0
    random = Random(seed)

    runs = 1 + sum(killed_and_resumed(shop, random) for _ in range(kills))

    assert_each_run_did_everything_once(shop, runs)


@pytest.mark.timeout(600)
def test_a_backfill_makes_up_for_each_date_once_and_leaves_the_champion_alone(shop):
    live = shop.framework("run", "-o", "json").task("register")["model"]["version"]
    backfill = ("backfill", "demand", "--from", "2024-03-04", "--to", "2024-03-11", "--every", "1w", "-o", "json")

    done = shop.framework(*backfill)
    again = shop.framework(*backfill)

    assert done.code == 0, done.stderr
    assert [run["parameters"]["as_of"] for run in done.json] == ["2024-03-04", "2024-03-11"]
    assert [run["job_run_id"] for run in again.json] == [run["job_run_id"] for run in done.json]
    assert "features: started" not in again.stderr
    for run in done.json:
        tasks = {task["task_key"]: task for task in run["tasks"]}
        assert "a backfill leaves champion where it is" in tasks["register"]["notes"][0]
        assert tasks["score"]["model"]["version"] == live
