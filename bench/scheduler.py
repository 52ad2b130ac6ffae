"""What the scheduler costs per task, beside kedro's sequential runner and dagster's in-process executor.

The same graphs of tasks that do nothing: ours are condition tasks, each decided by the Jobs service's rules, its state
on disk when the run ends (sqlite, synchronous=FULL); kedro records nothing, dagster keeps its events in memory. Timed
from the finished graph to the end of the run, the three by turns. Then Python tasks: each in a process of its own,
connected to a warm Spark. Limits: 4 ms a control task, 400 ms a Python task, never slower than dagster.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _measure import about_this_machine, python_with

HERE = Path(__file__).parent
VENV = HERE.parent / ".matrix" / "rivals"
CONTROL_LIMIT, PYTHON_LIMIT = 4.0, 400.0
CHECK = {"condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--sizes", type=int, nargs="*", default=[10, 100, 1000])
    arguments.add_argument("--python-sizes", type=int, nargs="*", default=[10, 100])
    given = arguments.parse_args()
    print(about_this_machine())
    rivals = python_with(VENV, "kedro>=1,<2", "dagster>=1.11,<2")
    print(f"{'ms per task':28s}{'ours':>10s}{'kedro':>10s}{'dagster':>10s}")
    fine = True
    for size in given.sizes:
        for name, shape in SHAPES.items():
            fine &= compare(name, shape(size), given.runs, rivals)
    for size in given.python_sizes:
        fine &= python_tasks(size)
    return 0 if fine else 1


def compare(name: str, upstream: dict[str, list[str]], runs: int, rivals: str) -> bool:
    times: dict[str, list[float]] = {"ours": [], "kedro": [], "dagster": []}
    for _ in range(runs):
        times["ours"].append(ours(upstream, CHECK))
        for rival in ("kedro", "dagster"):
            times[rival].append(timed_by_itself([rivals, str(HERE / "_scheduler_rival.py"), rival], upstream))
    each = {who: statistics.median(seconds) * 1000 / len(upstream) for who, seconds in times.items()}
    print(f"{len(upstream):5d} tasks, {name:15s}" + "".join(f"{value:10.2f}" for value in each.values()), flush=True)
    return each["ours"] <= CONTROL_LIMIT and each["ours"] <= each["dagster"]


def timed_by_itself(command: list[str], upstream: dict[str, list[str]]) -> float:
    done = subprocess.run([*command, json.dumps(upstream)], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def ours(
    upstream: dict[str, list[str]], does: dict[str, object], files: Path | None = None, parallel: int = 2
) -> float:
    """Seconds from the finished graph to the end of the run."""
    from framework.local.requests import RunRequest
    from framework.local.run import run

    with tempfile.TemporaryDirectory() as folder:
        made = runnable(upstream, does, files or Path(folder))
        request = RunRequest(root=files or Path(folder), job_key="job", parameters={}, max_parallel=parallel)
        started = time.perf_counter()
        done = run(made, request, lambda event: None)
        seconds = time.perf_counter() - started
    assert done.result == "SUCCESS", done
    return seconds


def runnable(upstream: dict[str, list[str]], does: dict[str, object], files: Path):
    from databricks.bundles.jobs import Job

    from framework.compile.bundle import Bundle
    from framework.local.runnable import Runnable

    tasks = [{"task_key": key, "depends_on": [{"task_key": up} for up in ups], **does} for key, ups in upstream.items()]
    job = Job.from_dict({"name": "job", "tasks": tasks})
    return Runnable(bundle=Bundle(name="bench", target="local", jobs={"job": job}), files=files, job_ids={"job": 1})


def python_tasks(size: int) -> bool:
    from framework.local.engine import Engine
    from framework.local.paths import LocalPaths

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "a.py").write_text("from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate().version\n")
        does = {"spark_python_task": {"python_file": "a.py"}}
        with Engine.connect(LocalPaths(root), lambda event: None):
            ours(chain(2), does, root)
            each = {name: ours(shape(size), does, root) * 1000 / size for name, shape in SHAPES.items()}
    for name, value in each.items():
        print(f"{size:5d} Python, {name:14s}{value:10.1f}   (limit {PYTHON_LIMIT:.0f})", flush=True)
    return all(value <= PYTHON_LIMIT for value in each.values())


def chain(size: int) -> dict[str, list[str]]:
    return {f"t{n}": [f"t{n - 1}"] if n else [] for n in range(size)}


def fan_out(size: int) -> dict[str, list[str]]:
    return {f"t{n}": ["t0"] if n else [] for n in range(size)}


def layered(size: int) -> dict[str, list[str]]:
    """Layers of ten; each task waits for three of the layer before."""
    return {f"t{n}": [f"t{n // 10 * 10 - 10 + (n + k) % 10}" for k in range(3)] if n >= 10 else [] for n in range(size)}


SHAPES = {"chain": chain, "fan-out": fan_out, "layered": layered}


if __name__ == "__main__":
    sys.exit(main())
