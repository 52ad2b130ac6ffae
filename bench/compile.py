"""What ``framework compile`` costs per job of five tasks, and whether that grows with the number of jobs.

Projects of 100 pipelines of 5 tasks for one target, with a policy. Each run is a process of its own that reads the
YAML, applies every rule and writes the bundles; the time of one for a single task is taken off as start-up. Beside it:
the same jobs as Python that ``databricks.bundles.build`` loads ('pydabs': no YAML, rules, plans or files), brickflow's
compile of the same graphs to its bundle (neither), and ``databricks bundle validate`` of 100 of the compiled jobs when
the CLI is on PATH, against the fake workspace. Limits: 5 ms a job beyond start-up for the largest size, and no more
than 1.3 times that of the smallest.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import validate
from _measure import Measured, about_this_machine, measure, python_with, row

HERE = Path(__file__).parent
COMMAND = (sys.executable, "-m", "framework", "compile", "--env=prod")
PIPELINES, TASKS = 100, 5
LIMIT, GROWTH = 5.0, 1.3
VARIABLES = ("release_path=/Workspace/r", "project_wheel=p-1-py3-none-any.whl", "runtime_wheel=r-1-py3-none-any.whl")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--projects", type=int, nargs="*", default=[1, 10])
    given = arguments.parse_args()
    print(about_this_machine())
    each = {}
    with tempfile.TemporaryDirectory() as folder:
        small = validate.checkout(Path(folder, "small"), projects=1, pipelines=1, tasks=1)
        start = [compiled(small).seconds for _ in range(given.runs)]
        print(row("start-up", start, "s"))
        for projects in given.projects:
            root = validate.checkout(Path(folder, str(projects)), projects, PIPELINES, TASKS)
            runs = [compiled(root) for _ in range(given.runs)]
            times = [(run.seconds - statistics.median(start)) * 1000 / (projects * PIPELINES) for run in runs]
            print(row(f"compile, {projects * PIPELINES:,} jobs", times, "ms a job"))
            print(row("", [run.peak_mb for run in runs], "MB"), flush=True)
            each[projects] = statistics.median(times)
        rivals(given.runs, Path(folder), Path(folder, str(max(given.projects)), "bundles/project_00/prod"))
    most, least = each[max(each)], each[min(each)]
    print(f"limit {LIMIT} ms; {max(each)} projects take {most / least:.2f} times as long per job as {min(each)}")
    return 0 if most <= LIMIT and most <= GROWTH * least else 1


def compiled(root: Path) -> Measured:
    shutil.rmtree(root / "bundles", ignore_errors=True)
    return measure(COMMAND, root)


def rivals(runs: int, folder: Path, bundle: Path) -> None:
    start = statistics.median([loaded_by_pydabs(folder, 1) for _ in range(runs)])
    loaded = [(loaded_by_pydabs(folder, 1000) - start) for _ in range(runs)]
    print(row("pydabs, 1,000 jobs", loaded, "ms a job"), flush=True)
    python = python_with(validate.VENV, "brickflows>=2,<3")
    command = [python, str(HERE / "_validate_rival.py"), str(PIPELINES), str(TASKS), "1"]
    times = [float(subprocess.check_output(command, text=True).splitlines()[-1]) for _ in range(runs)]
    print(row(f"brickflow, {PIPELINES} jobs", [seconds * 1000 / PIPELINES for seconds in times], "ms a job"))
    if cli := shutil.which("databricks"):
        times = [validated_by_cli(cli, bundle) * 1000 / PIPELINES for _ in range(runs)]
        print(row(f"bundle validate, {PIPELINES} jobs", times, "ms a job, start-up too"))
    else:
        print("bundle validate: there is no Databricks CLI on PATH")


def loaded_by_pydabs(folder: Path, jobs: int) -> float:
    """Seconds."""
    file = folder / "input.json"
    python = {"resources": ["_compile_rival:load_resources"], "venv_path": None}
    file.write_text(json.dumps({"python": python, "bundle": {"target": "prod"}, "variables": {}}))
    outputs = [f"--{name}={folder / name}.json" for name in ("output", "diagnostics")]
    command = [sys.executable, "-m", "databricks.bundles.build", "--phase=load_resources", f"--input={file}", *outputs]
    environment = {"BENCH_JOBS": str(jobs), "BENCH_TASKS": str(TASKS), "PYTHONPATH": str(HERE)}
    seconds = measure(command, folder, environment).seconds
    made = json.loads((folder / "output.json").read_text())
    assert len(made["resources"]["jobs"]) == jobs, "it loaded other jobs"
    return seconds


def validated_by_cli(cli: str, bundle: Path) -> float:
    """Seconds."""
    from framework.testing.fake_workspace import FakeWorkspace

    file = bundle / "databricks.yml"
    file.write_text("".join(line for line in file.read_text().splitlines(keepends=True) if "host:" not in line))
    with FakeWorkspace() as workspace:
        settings = {**os.environ, **workspace.environment, "DATABRICKS_BUNDLE_ENGINE": "direct"}
        return measure([cli, "bundle", "validate", *(f"--var={each}" for each in VARIABLES)], bundle, settings).seconds


if __name__ == "__main__":
    sys.exit(main())
