"""A run that is interrupted or killed leaves no process behind, and no table half written or written later."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from random import Random

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")

MARK = "FRAMEWORK_TEST_MARK"
SLOW = (
    'return sales.groupBy("product", "day").agg(F.sum("units").cast("double").alias("units"))',
    "from pyspark.sql import SparkSession\n"
    "    rows = SparkSession.builder.getOrCreate().range(0, 400_000_000, 1, 40)\n"
    '    return rows.selectExpr("string(id) as product", "int(id) as day", "double(id) as units")',
)


def start(shop, command):
    mark = uuid.uuid4().hex
    run = subprocess.Popen(
        command,
        cwd=shop.root,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return run, mark


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


def processes(mark):
    needle = f"{MARK}={mark}".encode()
    return [int(p.name) for p in Path("/proc").glob("[0-9]*") if needle in environment_of(p)]


def environment_of(process):
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def is_writing(shop):
    return any((shop.root / ".framework/warehouse/features.db/daily_units").rglob("*.parquet"))


@pytest.mark.timeout(300)
def test_after_ctrl_c_nothing_is_left_and_the_next_run_works(cold_shop, request):
    shop = cold_shop()
    # A task without a key to check writes from its first row on, and this one goes on for minutes.
    shop.edit(shop.pipeline, ("kind: feature_table", "kind: python"), ("    primary_keys: [product, day]\n", ""))
    shop.edit(shop.code, SLOW)
    run, mark = start(shop, shop.command("run", "-o", "json"))
    request.addfinalizer(run.kill)
    assert wait_for(lambda: is_writing(shop), 120), run.stderr.read() if run.poll() is not None else "no write began"

    os.killpg(run.pid, signal.SIGINT)
    output, _ = run.communicate(timeout=60)

    assert wait_for(lambda: not processes(mark), 15), processes(mark)
    assert shop.commits("features.db/daily_units") == []
    assert run.returncode == 130
    assert '"result": "CANCELED"' in output
    shop.reset()
    again = shop.framework("run", "--only", "features", "-o", "json")
    assert again.code == 0, again.stderr
    (output,) = again.task("features")["outputs"]
    assert (output["table"], output["version"], output["rows"]) == ("spark_catalog.features.daily_units", 0, 30)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_at_random_moments_the_next_run_is_whole(cold_shop):
    shop, random = cold_shop(), Random(20111107)
    for _ in range(30):
        run, mark = start(shop, shop.command("run", "-o", "json"))
        time.sleep(random.uniform(0.5, 40))
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate(timeout=60)
        assert wait_for(lambda mark=mark: not processes(mark), 15), processes(mark)
    whole = shop.framework("run", "-o", "json")

    assert whole.code == 0, whole.stderr
    assert [task["result"] for task in whole.json["tasks"]] == ["SUCCESS"] * 5
    assert whole.task("score")["outputs"][0]["rows"] == 30
