"""A subject, and everything that it came from, or that came of it."""

from collections.abc import Mapping
from typing import Any

from framework.core.errors import UsageError
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS
from framework.trace import described, described_attempts
from framework.trace.causes import MOST, Causes
from framework.trace.conditions import Row, equals
from framework.trace.draft import Draft
from framework.trace.effects import Effects
from framework.trace.graph import Direction, Graph, Node
from framework.trace.ops import newest_first
from framework.trace.plain_values import jsonable
from framework.trace.rows import WrittenRow, written_row
from framework.trace.search import run_number
from framework.trace.sources import Sources
from framework.trace.subjects import Subject, completed, parse

_OF_RELEASE = 50
"""Attempts of a release that are followed: the newest."""
_COUNTED = 20_000
"""Attempts of a release that are counted."""


def trace(text: str, sources: Sources, direction: Direction = "up", row: Mapping[str, str] | None = None) -> Graph:
    """The graph of what ``text`` names; with ``row``, of that row of a table alone.

    Raises UsageError when there is no such thing, FrameworkError when a store cannot answer.
    """
    return _Trace(sources, direction).graph(parse(text), row or {})


class _Trace:
    def __init__(self, sources: Sources, direction: Direction) -> None:
        self._sources, self._direction = sources, direction
        self._draft = Draft()
        self._walk = (Causes if direction == "up" else Effects)(sources, self._draft)

    def graph(self, subject: Subject, row: Mapping[str, str]) -> Graph:
        if row and subject.kind != "table":
            raise UsageError("--row is for tables", "framework trace schema.table --row column=value")
        add = {
            "run": self._run,
            "release": self._release,
            "mlflow_run": self._mlflow_run,
            "table": lambda subject: self._row(subject, row) if row else self._table(subject),
            "alias": self._alias,
            "model": self._model,
        }
        root = add[subject.kind](subject)
        if not self._walk.settle():
            note = Node(id="more", kind="note", title=f"there is more: it was left off after {len(self._draft)} things")
            self._draft.add(note)
            self._draft.link(root, note.id, "note")
        return self._draft.graph(root, self._direction)

    def _table(self, subject: Subject) -> str:
        return self._walk.version(*self._version(subject))

    def _row(self, subject: Subject, given: Mapping[str, str]) -> str:
        if self._direction == "down":
            raise UsageError("what came of one row is not recorded", "What came of its table: leave --row out.")
        found = written_row(*self._version(subject), given, self._sources.tables)
        node = _of_row(found, given)
        self._draft.add(node)
        if found.commit:
            self._draft.link(node.id, self._walk.version(found.table, found.commit.version), "written in")
        return node.id

    def _version(self, subject: Subject) -> tuple[str, int]:
        tables, name = self._sources.tables, self._completed(subject.name)
        latest = tables.latest(name)
        if latest is None and self._sources.prefix and subject.name.count(".") == 1:
            name = completed(subject.name, self._sources.catalog)  # the shared one, where a person has none
            latest = tables.latest(name)
        if latest is None:
            hint = f"A model: {subject.name}@champion or {subject.name}/1."
            raise UsageError(f"there is no table {name}", hint)
        version = int(subject.version) if subject.version else latest
        if version > latest:
            raise UsageError(f"{name} has no version {version}", f"The latest is {name}@{latest}.")
        return name, version

    def _alias(self, subject: Subject) -> str:
        name = self._completed(subject.name)
        found = self._sources.models.at_alias(name, subject.version)
        if not found:
            raise UsageError(f"{name} has no alias '{subject.version}'", f"A version: {subject.name}/1.")
        root = Node(id=f"alias:{name}@{subject.version}", kind="alias", title=f"{name}@{subject.version}")
        self._draft.add(root)
        model = self._walk.model(found.name, found.version, found.mlflow_run_id)
        self._draft.link(root.id, model, "stands for")
        return root.id

    def _model(self, subject: Subject) -> str:
        name = self._completed(subject.name)
        if found := self._sources.models.at_version(name, subject.version):
            return self._walk.model(found.name, found.version, found.mlflow_run_id)
        # A registry forgets what was deleted from it; the records do not.
        where = equals("model_name", name), equals("model_version", subject.version)
        if not (rows := self._sources.ops.select(TASK_RUNS, where, limit=1)):
            raise UsageError(f"{name} has no version {subject.version}", "A table's version: schema.table@3.")
        return self._walk.model(name, subject.version, rows[0]["mlflow_run_id"])

    def _mlflow_run(self, subject: Subject) -> str:
        return self._all("mlflow_run", f"MLflow run {subject.name}", self._attempts("mlflow_run_id", subject.name))

    def _run(self, subject: Subject) -> str:
        number = run_number(self._sources.ops, subject.name)
        if rows := self._attempts("job_run_id", number):
            jobs = self._sources.ops.select(JOB_RUNS, [equals("job_run_id", number)])
            root = described.of_run(number, max(jobs, key=lambda row: row["repair"], default=None), rows)
            return self._group(root, rows)
        rows = self._attempts("task_run_id", number)
        if len(rows) == 1:
            return self._walk.attempt(rows[0])
        if len(number) == 16 and not rows:
            return self._release(subject)
        return self._all("task_run", f"task run {number}", rows)

    def _release(self, subject: Subject) -> str:
        where = [equals("release", subject.name)]
        rows = self._sources.ops.select(TASK_RUNS, where, limit=_OF_RELEASE)
        if not rows:
            raise UsageError(f"no run of release {subject.name} is recorded", "framework releases lists them.")
        code = described_attempts.of_code(rows[0])
        facts = {**code.facts, **self._use_of(where), "project": rows[0]["project"], "target": rows[0]["target"]}
        root = Node(id=f"release:{subject.name}", kind="release", title=f"release {subject.name}", facts=facts)
        if self._direction == "down":
            return self._group(root, rows)
        self._draft.add(root)
        self._draft.add(code)
        self._draft.link(root.id, code.id, "code")
        return root.id

    def _use_of(self, where: list[Any]) -> dict[str, Any]:
        columns = ("job_run_id", "started_at", "pipeline", "task_key")
        used = self._sources.ops.select(TASK_RUNS, where, columns=columns, limit=_COUNTED)
        times = [row["started_at"] for row in used if row["started_at"]]
        return {
            "job_runs": len({row["job_run_id"] for row in used}),
            "attempts": f"{_COUNTED} or more" if len(used) == _COUNTED else len(used),
            "first_used": described.moment(min(times, default=None)),
            "last_used": described.moment(max(times, default=None)),
            "tasks": sorted({f"{row['pipeline']}.{row['task_key']}" for row in used}),
        }

    def _attempts(self, column: str, value: str) -> list[Row]:
        return self._sources.ops.select(TASK_RUNS, [equals(column, value)], limit=MOST)

    def _all(self, kind: str, title: str, rows: list[Row]) -> str:
        if not rows:
            raise UsageError(f"no record of {title} was found", "framework runs lists the runs; runs sync brings more.")
        return self._group(Node(id=f"{kind}:{title}", kind=kind, title=title), rows)

    def _group(self, root: Node, rows: list[Row]) -> str:
        self._draft.add(root)
        for row in reversed(newest_first(rows)):
            self._draft.link(root.id, self._walk.attempt(row), "did")
        return root.id

    def _completed(self, name: str) -> str:
        return completed(name, self._sources.catalog, self._sources.prefix)


def _of_row(found: WrittenRow, given: Mapping[str, str]) -> Node:
    written = ", ".join(f"{name}={value}" for name, value in given.items())
    return Node(
        id=f"row:{found.table}@{found.version}?{written}",
        kind="row",
        title=f"row {written} of {found.table} v{found.version}",
        facts={"values": jsonable(found.values)},
        problem=found.note,
    )
