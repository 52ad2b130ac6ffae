"""From a thing to everything that it was made of."""

from collections.abc import Iterable, Mapping
from typing import Any

from framework.core.model_notes import says_kept
from framework.core.ops_tables import TASK_RUNS
from framework.trace import described, described_attempts
from framework.trace.conditions import Row, contains, one_of
from framework.trace.draft import Draft
from framework.trace.ops import newest_first
from framework.trace.sources import Sources
from framework.trace.tables import LOADED_AS, data_commit

MOST = 400
"""Things in one graph: nobody reads more."""
DEEPEST = 20
"""Attempts behind each other: a table that is made from its own last version has no end of them."""
_AT_ONCE = 200
"""Versions without a history whose writers are asked for in one question."""
_BACK = 10
"""How many versions of one table: tags, say, make one of their own."""
_ABOUT_MODELS = {"train": "trained by", "evaluate": "measured by", "register_model": "registered by"}


class Causes:
    """A graph of causes that grows: add things, then ``settle``, which asks once for all that waits, level by level."""

    def __init__(self, sources: Sources, draft: Draft) -> None:
        self._sources, self._draft = sources, draft
        self._said: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._models: dict[str, tuple[str, str, str]] = {}
        self._candidates: dict[str, list[str]] = {}
        self._without_history: dict[str, tuple[str, int]] = {}
        self._kept: set[str] = set()

    def version(self, table: str, version: int) -> str:
        """Add a table at a version; its node's id."""
        node = described.version_id(table, version)
        if node in self._draft or self._is_full:
            return node
        commit = data_commit(self._sources.tables, table, version)
        problem = self._sources.tables.unreadable(table, version)
        self._draft.add(described.of_version(table, version, commit, problem))
        if commit and commit.task_run_id:
            self._said[node] = (described.attempt_id(commit.task_run_id, commit.said.get("attempt", "")), commit.said)
        elif commit and LOADED_AS in commit.properties:
            source = described.of_source(commit)
            self._draft.add(source)
            self._draft.link(node, source.id, "loaded from")
        elif not (commit and commit.is_data):
            self._without_history[node] = table, version
        return node

    def attempt(self, row: Row) -> str:
        """Add an attempt; its node's id."""
        node = described.id_of(row)
        if node in self._draft or self._is_full:
            return node
        self._draft.add(described_attempts.of_attempt(row, self._sources))
        if row["commit"] or row["release"]:
            code = described_attempts.of_code(row)
            self._draft.add(code)
            self._draft.link(node, code.id, "code")
        for read in row["inputs"] or ():
            self._draft.link(node, self.version(read["table"], read["version"]), "reads")
        if row["mlflow_run_id"] and row["kind"] in ("evaluate", "register_model"):
            self._candidates.setdefault(row["mlflow_run_id"], []).append(node)
            self._kept |= {node} if says_kept(row["kind"], row["notes"]) else set()
        elif row["model_name"] and row["model_version"]:
            model = self.model(row["model_name"], row["model_version"], row["mlflow_run_id"])
            self._draft.link(node, model, "uses")
        return node

    def model(self, name: str, version: str, mlflow_run_id: str) -> str:
        """Add a version of a model; its node's id."""
        node = described.model_id(name, version)
        if node not in self._draft and not self._is_full:
            self._draft.add(described.of_model(name, version, mlflow_run_id, self._sources))
            self._models[node] = (name, version, mlflow_run_id)
        return node

    def settle(self) -> bool:
        """Find all that led to what was added. False: that is more than a graph holds."""
        for _ in range(DEEPEST):
            if self._is_full or not self._waits:
                break
            self._find_attempts()
            self._find_writers()
            self._find_trainings()
        return not (self._is_full or self._waits)

    @property
    def _waits(self) -> bool:
        return bool(self._said or self._models or self._candidates or self._without_history)

    @property
    def _is_full(self) -> bool:
        return len(self._draft) >= MOST

    def _find_attempts(self) -> None:
        said, self._said = self._said, {}
        if not said:
            return
        where = [one_of(name, (str(each.get(name, "")) for _, each in said.values())) for name in _IDS]
        rows = self._sources.ops.select(TASK_RUNS, where)[::-1]
        found = {row["task_run_id"]: row for row in rows} | {described.id_of(row): row for row in rows}
        for node, (attempt, each) in said.items():
            # One that was made once more after its process was lost has the same id, and leaves the first one's commit.
            if row := found.get(attempt) or found.get(str(each["task_run_id"])):
                self._draft.link(node, self.attempt(row), "written by")
            else:
                self._draft.add(described_attempts.of_unrecorded(each))
                self._draft.link(node, attempt, "written by")

    def _find_writers(self) -> None:
        """Of versions whose history is gone: the records have them still."""
        wanted, self._without_history = self._without_history, {}
        if not wanted:
            return
        back = min(_BACK, max(_AT_ONCE // len(wanted), 1))
        names = {node: [f"{table}@{n}" for n in _down(v, back)] for node, (table, v) in wanted.items()}
        where = [contains("output_keys", (name for each in names.values() for name in each))]
        rows = self._sources.ops.select(TASK_RUNS, where)
        for node, keys in names.items():
            found = ((key, row) for key in keys for row in rows if key in row["output_keys"])
            if nearest := next(found, None):
                role = "written by" if nearest[0] == keys[0] else f"v{nearest[0].rpartition('@')[2]} was written by"
                self._draft.link(node, self.attempt(nearest[1]), role)

    def _find_trainings(self) -> None:
        models, self._models = self._models, {}
        candidates, self._candidates = self._candidates, {}
        wanted = {*candidates, *(run for _, _, run in models.values() if run)}
        if not wanted:
            return
        where = [one_of("mlflow_run_id", wanted), one_of("kind", _ABOUT_MODELS)]
        rows = newest_first(self._sources.ops.select(TASK_RUNS, where))[::-1]
        for node, model in models.items():
            for row in _makers(model, rows):
                self._draft.link(node, self.attempt(row), _ABOUT_MODELS[row["kind"]])
        for run in wanted & self._candidates.keys():  # those that were added just now: their rows are here already
            candidates.setdefault(run, []).extend(self._candidates.pop(run))
        for run, nodes in candidates.items():
            for row in (row for row in rows if row["kind"] == "train" and row["mlflow_run_id"] == run):
                training = self.attempt(row)
                for node in nodes:
                    self._draft.link(node, training, f"{'kept ' if node in self._kept else ''}model trained by")


_IDS = ("job_run_id", "task_run_id")


def _down(version: int, count: int) -> range:
    return range(version, max(version - count, -1), -1)


def _makers(model: tuple[str, str, str], rows: Iterable[Row]) -> list[Row]:
    """Those of ``rows``, oldest first, that made this version: a gate may name it again, when it keeps it."""
    name, version, run = model
    mine = [row for row in rows if row["mlflow_run_id"] == run]
    named = (row for row in mine if row["kind"] == "register_model" and row["model_name"] == name)
    made = (row for row in named if row["model_version"] == version and not says_kept(row["kind"], row["notes"]))
    registered = list(made)[:1]
    order = list(_ABOUT_MODELS)
    others = sorted((row for row in mine if row["kind"] != "register_model"), key=lambda row: order.index(row["kind"]))
    return [*others, *registered]
