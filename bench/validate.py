"""What ``framework validate`` costs per task and target, and whether that grows with the number of projects.

Projects of 50 pipelines of 20 tasks in layers of five, every task with its function, tables, parameters and time
limit, one in twenty with a field under ``databricks:``; three targets with a policy. Each run is a process of its
own; the time of one for a single task is taken off as start-up. Beside it brickflow's compile of the same graphs to
its bundle, once per target: it has no validation, its tasks have no tables, and neither reads YAML. Limits: 0.4 ms a
task and target beyond start-up for the largest size, and no more than 1.3 times that of the smallest.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from _measure import Measured, about_this_machine, measure, python_with, row

HERE = Path(__file__).parent
VENV = HERE.parent / ".matrix" / "validate_rivals"
COMMAND = (sys.executable, "-m", "framework", "validate")
TARGETS = ("dev", "staging", "prod")
PIPELINES, TASKS, LAYER = 50, 20, 5
LIMIT, GROWTH = 0.4, 1.3


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--projects", type=int, nargs="*", default=[1, 5, 19])
    given = arguments.parse_args()
    print(about_this_machine())
    each = {}
    with tempfile.TemporaryDirectory() as folder:
        small = checkout(Path(folder, "small"), projects=1, pipelines=1, tasks=1)
        start = [validated(small).seconds for _ in range(given.runs)]
        print(row("start-up", start, "s"))
        for projects in given.projects:
            root = checkout(Path(folder, str(projects)), projects)
            runs = [validated(root) for _ in range(given.runs)]
            looked_at = projects * PIPELINES * TASKS * len(TARGETS)
            times = [(run.seconds - statistics.median(start)) * 1000 / looked_at for run in runs]
            print(row(f"{projects * PIPELINES * TASKS:,} tasks, 3 targets", times, "ms a task and target"))
            print(row("", [run.peak_mb for run in runs], "MB"), flush=True)
            each[projects] = statistics.median(times)
    compiled = [rival() * 1000 / (PIPELINES * TASKS * len(TARGETS)) for _ in range(given.runs)]
    print(row(f"brickflow, {PIPELINES * TASKS:,} tasks", compiled, "ms a task and target"))
    most, least = each[max(each)], each[min(each)]
    print(f"limit {LIMIT} ms; {max(each)} projects take {most / least:.2f} times as long per task as {min(each)}")
    return 0 if most <= LIMIT and most <= GROWTH * least else 1


def validated(root: Path) -> Measured:
    return measure([*COMMAND, *(f"--env={target}" for target in TARGETS)], root)


def rival() -> float:
    command = [
        python_with(VENV, "brickflows>=2,<3"),
        str(HERE / "_validate_rival.py"),
        str(PIPELINES),
        str(TASKS),
        str(len(TARGETS)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def checkout(root: Path, projects: int, pipelines: int = PIPELINES, tasks: int = TASKS) -> Path:
    """A sound checkout of that size."""
    write(root / "conf/base.yml", "tags: {owner: team}\nvariables: {region: north}\n")
    write(root / "conf/policy.yml", POLICY)
    for target in TARGETS:
        write(root / f"conf/{target}.yml", TARGET.format(target=target))
    for number in range(projects):
        name = f"project_{number:02d}"
        directory = root / "projects" / name
        write(directory / "project.yml", f"name: {name}\ntags: {{cost_center: '{number}'}}\n")
        write(directory / f"src/{name}/__init__.py", "")
        write(directory / f"src/{name}/steps.py", "".join(map(function, range(tasks))))
        for each in range(pipelines):
            written = "".join(task(name, each, key) for key in range(tasks))
            write(directory / f"pipelines/p{each:02d}.yml", PIPELINE.format(number=each) + written)
    return root


def task(project: str, pipeline: int, number: int) -> str:
    """A task that reads a table of each task of the layer before; the first layer reads none that is written here."""
    schema, begin = f"{project}_{pipeline:02d}", number // LAYER * LAYER - LAYER
    tables = [f"{schema}.t{up:02d}" for up in range(begin, begin + LAYER)] if begin >= 0 else ["raw.sales"]
    reads = ", ".join(f"r{index}: {table}" for index, table in enumerate(tables))
    own = "    databricks: {disable_auto_optimization: true}\n" if number == 0 else ""
    return (
        f"  - task_key: t{number:02d}\n    kind: feature_table\n    entrypoint: {project}.steps:step_{number}\n"
        f"    reads: {{{reads}}}\n    writes: {schema}.t{number:02d}\n    primary_keys: [id]\n"
        f'    params: {{as_of: "{{{{job.parameters.as_of}}}}", top: {number}}}\n    timeout_seconds: 3600\n{own}'
    )


def function(number: int) -> str:
    reads = ", ".join(f"r{index}: DataFrame" for index in range(LAYER if number >= LAYER else 1))
    head = "" if number else "from pyspark.sql import DataFrame\n"
    return f"{head}\n\ndef step_{number}({reads}, as_of: str, top: int) -> DataFrame:\n    return r0.limit(top)\n"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


PIPELINE = """\
name: p{number:02d}
description: Made for a benchmark.
parameters: {{as_of: "2030-01-01"}}
logical_date: "{{{{job.parameters.as_of}}}}"
tags: {{domain: retail}}
schedule: {{quartz_cron_expression: "0 0 5 * * ?", timezone_id: Europe/Berlin}}
tasks:
"""
TARGET = """\
host: https://{target}.example.com
mode: production
catalog: {target}
compute: {{environments: [{{environment_key: default, spec: {{environment_version: "4"}}}}], budget_policy_id: "7"}}
run_as: {{service_principal_name: robot-{target}}}
permissions: [{{level: CAN_VIEW, group_name: everyone}}]
"""
POLICY = """\
tags: {required: {cost_center: {pattern: "[0-9]+"}, owner: {}, domain: {values: [retail, finance]}}}
names: {task: "[a-z][a-z0-9_]*", table: "[a-z][a-z0-9_]*"}
run_as: {service_principal: true}
compute: {serverless_only: true, budget_policies: ["*"]}
limits: {task_timeout_seconds: 7200}
"""

if __name__ == "__main__":
    sys.exit(main())
