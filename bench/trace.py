"""What ``framework trace`` and ``framework runs`` take with a million run records, each as a process of its own.

The records are as wide as those of real runs: 200,000 runs of eight pipelines of five tasks (features, training,
evaluation, registration, scoring) over two years and a half, appended by delta-rs in 40 commits, and the same runs in
the run store; the tables of the last runs are real. Limit: each question is answered in under a second, the start of
Python included.
"""

import argparse
import hashlib
import json
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from _measure import about_this_machine, measure, row
from deltalake import CommitProperties, write_deltalake

from framework.core.ops_tables import JOB_RUNS, TASK_RUNS, OpsTable
from framework.records.ops_arrow import arrow_schema
from framework.records.run_store import RunStore

COMMAND = (sys.executable, "-m", "framework")
COMMITS, PIPELINES, REAL, LIMIT = 40, 8, 20, 1.0
START, EVERY = datetime(2024, 1, 1, tzinfo=UTC), timedelta(minutes=7)
KINDS = ("feature_table", "train", "evaluate", "register_model", "batch_inference")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--records", type=int, default=1_000_000)
    given = arguments.parse_args()
    print(about_this_machine())
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        root, jobs = Path(folder), given.records // len(KINDS)
        make(root, jobs)
        for question in questions(jobs):
            times = [measure([*COMMAND, *question], root).seconds for _ in range(given.runs)]
            print(row(" ".join(question)[:60].ljust(62), times, "s"), flush=True)
            slowest = max(slowest, statistics.median(times))
    print(f"limit {LIMIT} s; the slowest took {slowest:.2f} s, among {given.records:,} records")
    return 0 if slowest < LIMIT else 1


def questions(jobs: int) -> Iterator[list[str]]:
    """One of each sort: about what is new, what is old, and what there is none of."""
    old, new = jobs // 3 // PIPELINES * PIPELINES, jobs - PIPELINES
    yield ["trace", "predictions.p0"]
    yield ["trace", "predictions.p0", "--row", "product=7", "--row", f"logical_date={day(REAL - 1)}"]
    yield ["trace", number(old)]
    yield ["trace", digest("release", old // 50)[:16]]
    yield ["trace", f"models.m0/{old // PIPELINES + 1}"]
    yield ["trace", f"models.m0/{old // PIPELINES + 1}", "--down"]
    yield ["trace", "features.p0@3", "--down"]
    yield ["runs"]
    yield ["runs", "--project", "bench"]
    yield ["runs", "--result", "failed", "--pipeline", "p3", "--until", "2024-06-01"]
    yield ["runs", "--task", "batch_inference", "--result", "failed"]
    yield ["runs", "--metric", "wape<0.401", "--metric", "wape>0.4"]
    yield ["runs", "--metric", "wape<0", "--limit", "5"]
    yield ["runs", "--param", "as_of=2025-01-05"]
    yield ["runs", "--commit", digest("commit", 17)[:8]]
    yield ["runs", "compare", number(old), number(new)]


def make(root: Path, jobs: int) -> None:
    """The records, the run store and the tables of ``jobs`` runs."""
    schema = root / ".framework/warehouse/ops_bench.db"
    for part in range(COMMITS):
        numbers = range(jobs * part // COMMITS, jobs * (part + 1) // COMMITS)
        for table, rows in ((TASK_RUNS, task_rows(numbers, jobs)), (JOB_RUNS, map(job_row, numbers))):
            write_deltalake(str(schema / table.name), as_arrow(table, rows), mode="append")
    make_run_store(root / ".framework/runs.db", jobs)
    for index in range(REAL):
        job = jobs - (REAL - index) * PIPELINES
        scored = {"product": list(range(100)), "forecast": [index + each / 100 for each in range(100)]}
        for place, kind in (("features", 0), ("predictions", 4)):
            said = {"task_run_id": f"{number(job)}000{kind + 1}", "attempt": 1, "job_run_id": number(job)}
            said |= {"slice": {"logical_date": str(day(index))}} if kind else {}
            write_deltalake(
                str(root / f".framework/warehouse/{place}.db/p0"),
                pa.table({**scored, "logical_date": pa.array([day(index)] * 100)}),
                mode="append" if kind else "overwrite",
                commit_properties=CommitProperties(custom_metadata={"userMetadata": json.dumps(said)}),
            )


def as_arrow(table: OpsTable, rows: Iterator[dict[str, Any]]) -> pa.Table:
    """``rows`` as columns: for a million of them, ten times as fast as row by row."""
    schema, columns = arrow_schema(table), {column.name: [] for column in table.columns}
    for each in rows:
        for name, values in columns.items():
            values.append(each.get(name))
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in columns}, schema=schema)


def task_rows(numbers: range, jobs: int) -> Iterator[dict[str, Any]]:
    """The five attempts of each run."""
    for job in numbers:
        about, pipeline = job_row(job), f"p{job % PIPELINES}"
        age = jobs // PIPELINES - REAL
        version, past = job // PIPELINES - age, "" if job // PIPELINES >= age else "_past"
        read = [table(f"spark_catalog.features.{pipeline}{past}", version if not past else job // PIPELINES, 68120)]
        made = [table(f"spark_catalog.predictions.{pipeline}{past}", version if not past else job // PIPELINES, 1310)]
        raw = [table(f"spark_catalog.raw.{pipeline}", job // 80, None)]
        inputs, outputs = (raw, read, read, [], read), (read, [], [], [], made)
        wape = 0.4 + job % 1000 / 4000
        metrics = ({}, {"wape": wape, "bias": 0.01}, {"wape": wape, "naive_wape": 0.7, "bias": 0.01}, {}, {})
        for step, kind in enumerate(KINDS):
            began = about["started_at"] + timedelta(seconds=30 * step)
            registered = {
                "model_name": f"spark_catalog.models.m{job % PIPELINES}",
                "model_version": str(job // PIPELINES + 1),
            }
            failed = {"error_type": "ValueError", "error_message": "no rows", "error_traceback": "line\n" * 80}
            yield {
                **about,
                "task_run_id": f"{about['job_run_id']}000{step + 1}",
                "task_key": kind,
                "kind": kind,
                "attempt": 1,
                "started_at": began,
                "ended_at": began + timedelta(seconds=20),
                "duration_s": 20 + job % 100 / 10,
                "inputs": inputs[step],
                "outputs": outputs[step],
                "input_keys": [f"{each['table']}@{each['version']}" for each in inputs[step]],
                "output_keys": [f"{each['table']}@{each['version']}" for each in outputs[step]],
                "metrics": list(metrics[step].items()),
                "mlflow_run_id": digest("mlflow", job)[:32] if step else "",
                "source": "process",
                **(registered if step > 2 else {"model_name": "", "model_version": ""}),
                **(failed if step == 4 and about["result"] == "FAILED" else {"result": "SUCCESS"}),
            }


def job_row(job: int) -> dict[str, Any]:
    began, deployed = moment(job), job // 50
    return {
        "job_run_id": number(job),
        "repair": 0,
        "project": "bench",
        "pipeline": f"p{job % PIPELINES}",
        "target": "local",
        "job": f"bench.p{job % PIPELINES}",
        "trigger": "periodic",
        "source": "scheduler",
        "result": "FAILED" if job % 97 == 0 else "SUCCESS",
        "started_at": began,
        "ended_at": began + timedelta(seconds=150),
        "duration_s": 150.0,
        "logical_date": began.date(),
        "parameters": [("as_of", str(began.date())), ("horizon_weeks", "4")],
        "tasks": list(KINDS),
        "release": digest("release", deployed)[:16],
        "deployment": digest("deployment", deployed)[:16],
        "commit": digest("commit", deployed)[:40],
        "dirty": False,
        **dict.fromkeys(("project_wheel", "runtime_wheel", "bundle"), digest("wheel", deployed)[:16]),
        **{"framework": "1.0.0", "python": "3.11.9", "spark": "4.2.0", "runtime": "17.3", "principal": "robot"},
        "compute": [("kind", "job_cluster"), ("cluster_id", digest("cluster", job)[:20]), ("machine", "x86_64")],
        "job_id": str(job % PIPELINES),
        "run_url": f"https://workspace.example.com/jobs/{job % PIPELINES}/runs/{number(job)}",
    }


def make_run_store(file: Path, jobs: int) -> None:
    with RunStore(file):
        pass
    runs = ((int(number(job)), f"p{job % PIPELINES}", moment(job).isoformat()) for job in range(jobs))
    with sqlite3.connect(file) as database:
        database.executemany(
            "insert into job_runs (job_run_id, job, project, pipeline, target, tasks, parameters, source, started_at, "
            "trigger, owner_run_id, state, result, duration_s) "
            "values (?1, ?2, 'bench', ?2, 'local', '[]', '{}', '{}', ?3, 'periodic', ?1, 'TERMINATED', 'SUCCESS', 150)",
            runs,
        )
        database.executemany("insert into recorded values (?, 0)", ((int(number(job)),) for job in range(jobs)))


def table(name: str, version: int, rows: int | None) -> dict[str, Any]:
    return {"table": name, "version": version, "rows": rows, "schema_hash": digest("schema", name)[:16]}


def day(index: int) -> date:
    return START.date() + timedelta(days=index)


def moment(job: int) -> datetime:
    return START + EVERY * job


def number(job: int) -> str:
    return str(int(moment(job).timestamp() * 1000))


def digest(what: str, which: object) -> str:
    return hashlib.sha256(f"{what} {which}".encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
