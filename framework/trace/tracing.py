"""A subject, and everything that it came from, or that came of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from framework.core.errors import UsageError
from framework.core.job_run import FAILED
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS
from framework.trace import described, described_attempts, wrong_names
from framework.trace.causes import MOST, Causes
from framework.trace.conditions import Row, contains, equals
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
_NAMED = 5
"""Runs of a release that are named: the newest."""


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
        if latest is None and not (subject.version and self._is_recorded(f"{name}@{subject.version}")):
            raise UsageError(*wrong_names.table(name, self._sources))
        version = int(subject.version or latest or 0)
        if latest is not None and version > latest:
            raise UsageError(f"{name} has no version {version}", f"The latest is {name}@{latest}.")
        return name, version

    def _is_recorded(self, key: str) -> bool:
        """Whether a task wrote or read ``table@version``, though the table is gone."""
        ops = self._sources.ops
        return any(ops.select(TASK_RUNS, [contains(keys, [key])], limit=1) for keys in ("output_keys", "input_keys"))

    def _alias(self, subject: Subject) -> str:
        name = self._completed(subject.name)
        found = self._sources.models.at_alias(name, subject.version)
        if not found:
            raise UsageError(*wrong_names.model(name, f"alias '{subject.version}'", self._sources.models))
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
            raise UsageError(*wrong_names.model(name, f"version {subject.version}", self._sources.models))
        return self._walk.model(name, subject.version, rows[0]["mlflow_run_id"])

    def _mlflow_run(self, subject: Subject) -> str:
        return self._all("mlflow_run", f"MLflow run {subject.name}", self._attempts("mlflow_run_id", subject.name))

    def _run(self, subject: Subject) -> str:
        number = run_number(self._sources.ops, subject.name, also_unrecorded=True)
        if rows := self._attempts("job_run_id", number):
            jobs = self._sources.ops.select(JOB_RUNS, [equals("job_run_id", number)])
            root = described.of_run(number, max(jobs, key=lambda row: row["repair"], default=None), rows)
            order = next((row["tasks"] for row in jobs if row["tasks"]), None) or ()
            oldest_first = newest_first(rows)[::-1]
            return self._group(root, sorted(oldest_first, key=lambda row: _place(row, order)))
        rows = self._attempts("task_run_id", number)
        if len(rows) == 1:
            return self._walk.attempt(rows[0])
        if len(number) == 16 and not rows:
            return self._release(subject)
        return self._all("task_run", f"task run {number}" if rows else f"run {number}", rows)

    def _release(self, subject: Subject) -> str:
        where = [equals("release", subject.name)]
        rows = self._sources.ops.select(TASK_RUNS, where, limit=_OF_RELEASE)
        if not rows:
            hint = f"A target's are in framework releases -e TARGET. A commit: framework runs --commit {subject.name}"
            raise UsageError(f"no run of release {subject.name} is recorded", hint)
        # The same content may be that of several commits.
        codes = {(row["commit"], row["dirty"]): described_attempts.of_code(row) for row in reversed(rows)}
        facts = {
            **described_attempts.of_code(rows[0]).facts,
            **self._use_of(where),
            "project": rows[0]["project"],
            "target": rows[0]["target"],
        }
        root = Node(id=f"release:{subject.name}", kind="release", title=f"release {subject.name}", facts=facts)
        if self._direction == "down":
            return self._group(root, newest_first(rows)[::-1])
        self._draft.add(root)
        for code in codes.values():
            self._draft.add(code)
            self._draft.link(root.id, code.id, "code")
        return root.id

    def _use_of(self, where: list[Any]) -> dict[str, Any]:
        columns = ("job_run_id", "started_at", "pipeline", "task_key")
        used = self._sources.ops.select(TASK_RUNS, where, columns=columns, limit=_COUNTED)
        runs = list(dict.fromkeys(row["job_run_id"] for row in newest_first(used)))
        times = [row["started_at"] for row in used if row["started_at"]]
        return {
            "job_runs": len(runs),
            "last_runs": runs[:_NAMED],
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
        return self._group(Node(id=f"{kind}:{title}", kind=kind, title=title), newest_first(rows)[::-1])

    def _group(self, root: Node, rows: list[Row]) -> str:
        self._draft.add(root)
        for row in rows:
            self._draft.link(root.id, self._walk.attempt(row), _did(row))
        return root.id

    def _completed(self, name: str) -> str:
        return completed(name, self._sources.catalog, self._sources.prefix)


def _place(row: Row, order: Sequence[str]) -> int:
    return order.index(row["task_key"]) if row["task_key"] in order else len(order)


def _did(row: Row) -> str:
    if row["attempt"] == 0:
        return "did not do"
    return "failed in" if row["result"] in FAILED else "did"


def _of_row(found: WrittenRow, given: Mapping[str, str]) -> Node:
    written = ", ".join(f"{name}={value}" for name, value in given.items())
    return Node(
        id=f"row:{found.table}@{found.version}?{written}",
        kind="row",
        title=f"row {written} of {found.table} v{found.version}",
        facts={"values": jsonable(found.values)},
        problem=found.note,
    )
