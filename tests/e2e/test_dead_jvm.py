"""The JVM of a warm engine dies under a run: at once it is known, and the next command goes on with a new one."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.spark, pytest.mark.timeout(300)]


def jvm_of(root: Path) -> int:
    """The Java process that names the warehouse's directory."""
    listing = subprocess.run(["ps", "-eo", "pid=,args=", "-ww"], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0]) for line in listing.splitlines() if "java " in line and f"{root}/" in line)


def test_a_jvm_that_is_killed_ends_the_run_which_is_repaired_on_a_new_one(warm_copy):
    code, waiting = warm_copy.root / "projects/shop/src/shop/demand.py", warm_copy.root / "waiting"
    whole = code.read_text()
    code.write_text(
        whole.replace(
            "def daily_units(", "def daily_units(sales, **rest):\n    import time, pathlib\n"
            f"    pathlib.Path({str(waiting)!r}).touch()\n    time.sleep(600)\n\n\ndef _daily_units(", 1,
        )
    )  # fmt: skip
    run = subprocess.Popen(
        warm_copy.command("run", "--only", "features", "-o", "json"),
        cwd=warm_copy.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not waiting.exists():
        assert run.poll() is None, run.communicate()
        time.sleep(0.05)

    began = time.monotonic()
    os.kill(jvm_of(warm_copy.root), signal.SIGKILL)
    stdout, _ = run.communicate(timeout=60)

    assert time.monotonic() - began < 30, "it was found by chance, when something else gave up"
    done = json.loads(stdout)
    lost = done["tasks"][0]
    assert (run.returncode, done["result"], lost["result"]) == (1, "FAILED", "INTERNAL_ERROR")
    assert lost["error"]["message"] == (
        "the Java process of local Spark was killed, most likely because the machine ran out of memory"
    )
    assert "FRAMEWORK_DRIVER_MEMORY" in lost["error"]["hint"]
    assert "py4j" not in json.dumps(lost["error"])

    code.write_text(whole)
    repaired = warm_copy.framework("run", "--repair", str(done["job_run_id"]), "-o", "json")
    assert repaired.json["result"] == "SUCCESS", repaired.stderr
