"""The tables of the run store."""

import json
from pathlib import Path
from typing import Any

from framework.records.database import Database
from framework.records.run_values import StoredAttempt, StoredRun

VERSION = 2

_TABLES = """
create table if not exists job_runs (
    job_run_id integer primary key, job text not null, project text not null, pipeline text not null,
    target text not null, tasks text not null, parameters text not null, source text not null,
    started_at text not null, trigger text not null, parent_run_id integer, owner_run_id integer not null,
    idempotency_token text, backfill text, state text not null, result text, ended_at text,
    duration_s real not null default 0, repairs integer not null default 0, repair_id integer
);
create unique index if not exists tokens on job_runs (job, idempotency_token) where idempotency_token is not null;
create index if not exists active on job_runs (job, state);
create index if not exists children on job_runs (parent_run_id);
create table if not exists tasks (
    job_run_id integer, task_key text, iteration integer, outcome text not null,
    primary key (job_run_id, task_key, iteration)
) without rowid;
create table if not exists attempts (
    task_run_id text primary key, job_run_id integer not null, task_key text not null, iteration integer not null,
    attempt integer not null, repair integer not null, started_at text not null, result text, ended_at text,
    directory text not null, child_run_id integer
);
create index if not exists attempts_of on attempts (job_run_id);
create table if not exists task_values (
    job_run_id integer, task_key text, name text, value text not null, primary key (job_run_id, task_key, name)
) without rowid;
create table if not exists recorded (job_run_id integer primary key, repairs integer not null);
create table if not exists unrecorded (job_run_id integer primary key);
create trigger if not exists ended after update of state on job_runs when new.state = 'TERMINATED' begin
    insert or ignore into unrecorded values (new.job_run_id);
end;
insert or ignore into unrecorded select job_run_id from job_runs where state = 'TERMINATED';
"""


def open_database(file: Path) -> Database:
    """The store in ``file``, made when it is not there. Raises FrameworkError when the file is something else."""
    database = Database(file)
    database.migrate(_TABLES, VERSION)
    return database


def run_of(row: dict[str, Any]) -> StoredRun:
    """A row of ``job_runs`` as a value."""
    as_json = {name: json.loads(row[name]) for name in ("tasks", "parameters", "source")}
    return StoredRun(**row | as_json | {"tasks": tuple(as_json["tasks"])})


def attempt_of(row: dict[str, Any]) -> StoredAttempt:
    """A row of ``attempts`` as a value."""
    return StoredAttempt(**row | {"iteration": None if row["iteration"] == -1 else row["iteration"]})
