"""The tables of records after runs that were killed: every attempt is there once, and no commit leads nowhere."""

import json
import signal
import subprocess
import time

import pytest

from framework.local.paths import LocalPaths
from framework.records.run_store import RunStore

FEATURES = "features.db/daily_units"
KILL_ITSELF = """

import os
import signal

from framework.runtime import run_records


def _die(record, *_):
    if record.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    _write(record)


_write, run_records.write = run_records.write, _die
"""


def committed(shop):
    return len(list((shop.root / ".framework/warehouse" / FEATURES / "_delta_log").glob("*.json")))


def recorded(shop):
    return len(list((shop.root / ".framework/runs").glob("*/tasks/features/*/record.json")))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("is_there", [committed, recorded])
def test_killed_between_a_write_and_the_rows_a_run_that_goes_on_has_each_once(warm_copy, is_there):
    before = is_there(warm_copy)
    command = warm_copy.command("run", "--only", "features")
    run = subprocess.Popen(command, cwd=warm_copy.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while is_there(warm_copy) == before:
        assert run.poll() is None
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    run.wait(20)
    with RunStore(LocalPaths(warm_copy.root).run_store) as store:
        number = store.latest(1)[0].job_run_id

    resumed = warm_copy.framework("run", "--resume", str(number))
    assert resumed.code == 0, resumed.stderr

    warm_copy.assert_each_commit_leads_to_one_record(FEATURES)
    assert [row["task_key"] for row in warm_copy.records()] == ["features"]
    assert [row["result"] for row in warm_copy.records("job_runs")] == ["SUCCESS"]


def test_what_a_task_wrote_before_its_process_died_stands_in_its_row_and_in_the_tables_history(shop):
    file = shop.root / shop.code
    file.write_text(file.read_text() + KILL_ITSELF)
    shop.edit(shop.pipeline, ("    kind: feature_table\n", "    kind: feature_table\n    max_retries: 1\n"))

    done = shop.framework("run", "--only", "features", "-o", "json")

    assert done.code == 0, done.stderr
    first, second = [row for row in shop.records() if row["job_run_id"] == str(done.json["job_run_id"])]
    assert (first["source"], first["result"], second["source"], second["result"]) == (
        "scheduler", "FAILED", "process", "SUCCESS",
    )  # fmt: skip
    versions = [int(row["output_keys"][0].rpartition("@")[2]) for row in (first, second)]
    # Between them the first one's tags, a commit of their own.
    assert versions[1] == versions[0] + 2
    assert "signal 9" in first["error_message"] or first["error_type"] == "NoRecord"
    assert first["project_wheel"] == second["project_wheel"] != ""
    assert second["outputs"][0]["schema_hash"]
    commit = shop.root / ".framework/warehouse" / FEATURES / f"_delta_log/{versions[1]:020}.json"
    said = json.loads(json.loads(commit.read_text().splitlines()[0])["commitInfo"]["userMetadata"])
    assert (said["task_run_id"], said["release"]) == (second["task_run_id"], second["release"])
