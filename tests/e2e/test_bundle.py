"""``framework run --bundle`` on a bundle with every kind of task, as the team that wrote it would deploy it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from framework.local.engine import Engine
from framework.local.paths import LocalPaths

BUNDLE = Path(__file__).parent / "bundle"
pytestmark = [pytest.mark.spark, pytest.mark.timeout(300)]


@pytest.fixture
def bundle(tmp_path):
    paths = LocalPaths(Path(shutil.copytree(BUNDLE, tmp_path / "bundle")))
    with Engine.connect(paths, lambda event: None):
        yield paths


def rows(paths: LocalPaths, table: str) -> list[tuple[object, ...]]:
    schema, name = table.split(".")
    frame = pd.read_parquet(list((paths.warehouse / f"{schema}.db" / name).glob("*.parquet")))
    return sorted(frame.itertuples(index=False, name=None))


def test_a_bundle_with_every_kind_of_task(bundle):
    command = ["run", "--bundle", str(bundle.root), "-t", "dev", "daily", "-o", "json"]
    done = subprocess.run([sys.executable, "-m", "framework", *command], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads(done.stdout)
    tasks = {task["task_key"]: task for task in run["tasks"]}
    assert {key: task["result"] for key, task in tasks.items()} == {
        "load": "SUCCESS",
        "any_orders": "SUCCESS",
        "nothing_came": "EXCLUDED",
        "per_country": "SUCCESS",
        "totals": "SUCCESS",
        "report": "DISABLED",
        "explore": "SUCCESS",
        "close": "SUCCESS",
        "archive": "SUCCESS",
    }
    assert run["result"] == "SUCCESS"
    assert tasks["explore"]["notes"] == ["exit value: DE of 4 orders"]
    # A schema of the bundle's catalog is one of the local catalog.
    assert rows(bundle, "orders_dev__raw.orders")[0] == (0, "DE", "2026-02-03", 1.0)
    assert rows(bundle, "orders_dev__raw.by_country") == [("DE", 5.5), ("FR", 2.5), ("IT", 1.5)]
    assert rows(bundle, "orders_dev__sales.totals") == [("DE", 5.5), ("FR", 2.5)]
    closed_by = f"run {run['job_run_id']}"
    assert rows(bundle, "orders_dev__sales.closed") == [("DE", 5.5, closed_by), ("FR", 2.5, closed_by)]
    assert rows(bundle, "orders_dev__sales.archive") == [("DE", 5.5, 2), ("FR", 2.5, 2)]
