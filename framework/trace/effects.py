"""From a thing to everything that was made of it."""

from framework.core.model_notes import says_kept
from framework.core.ops_tables import TASK_RUNS
from framework.trace import described, described_attempts
from framework.trace.causes import DEEPEST, MOST
from framework.trace.conditions import Row, contains, one_of
from framework.trace.draft import Draft
from framework.trace.sources import Sources
from framework.trace.tables import same_data

_AT_ONCE = 100
"""Rows that one question brings: the newest."""


class Effects:
    """A graph of effects that grows: add things, then ``settle``, which asks once for what waits, level by level."""

    def __init__(self, sources: Sources, draft: Draft) -> None:
        self._sources, self._draft = sources, draft
        self._versions: dict[str, str] = {}
        self._models: dict[tuple[str, str], str] = {}
        self._trainings: dict[str, str] = {}
        self._cut = False

    def version(self, table: str, version: int) -> str:
        """Add a table at a version; its node's id."""
        node = described.version_id(table, version)
        if node not in self._draft and not self._is_full:
            tables = self._sources.tables
            commit, problem = tables.commit(table, version), tables.unreadable(table, version)
            self._draft.add(described.of_version(table, version, commit, problem))
            self._versions |= {f"{table}@{each}": node for each in same_data(tables, table, version)}
        return node

    def attempt(self, row: Row) -> str:
        """Add an attempt; its node's id."""
        node = described.id_of(row)
        if node in self._draft or self._is_full:
            return node
        self._draft.add(described_attempts.of_attempt(row, self._sources))
        for written in row["outputs"] or ():
            self._draft.link(node, self.version(written["table"], written["version"]), "writes")
        if row["kind"] == "train" and row["mlflow_run_id"]:
            self._trainings[row["mlflow_run_id"]] = node
        elif row["kind"] == "register_model" and row["model_version"]:
            model = self.model(row["model_name"], row["model_version"], row["mlflow_run_id"])
            self._draft.link(node, model, "keeps" if says_kept(row["kind"], row["notes"]) else "registers")
        return node

    def model(self, name: str, version: str, mlflow_run_id: str) -> str:
        """Add a version of a model; its node's id."""
        node = described.model_id(name, version)
        if node not in self._draft and not self._is_full:
            self._draft.add(described.of_model(name, version, mlflow_run_id, self._sources))
            self._models[name, version] = node
        return node

    def settle(self) -> bool:
        """Find all that came of what was added. False: that is more than a graph holds."""
        for _ in range(DEEPEST):
            if self._is_full or not self._waits:
                break
            self._find_readers()
            self._find_judges()
            self._find_users()
        return not (self._is_full or self._cut or self._waits)

    @property
    def _waits(self) -> bool:
        return bool(self._versions or self._models or self._trainings)

    @property
    def _is_full(self) -> bool:
        return len(self._draft) >= MOST

    def _find_readers(self) -> None:
        versions, self._versions = self._versions, {}
        if not versions:
            return
        for row in self._rows(contains("input_keys", versions)):
            for key in set(row["input_keys"]) & versions.keys():
                self._draft.link(versions[key], self.attempt(row), "read by")

    def _find_judges(self) -> None:
        trainings, self._trainings = self._trainings, {}
        if not trainings:
            return
        where = one_of("mlflow_run_id", trainings), one_of("kind", ("evaluate", "register_model"))
        for row in self._rows(*where):
            self._draft.link(trainings[row["mlflow_run_id"]], self.attempt(row), _role(row))

    def _find_users(self) -> None:
        models, self._models = self._models, {}
        if not models:
            return
        names, versions = zip(*models, strict=True)
        where = one_of("model_name", names), one_of("model_version", versions), one_of("kind", ("batch_inference",))
        for row in self._rows(*where):
            if node := models.get((row["model_name"], row["model_version"])):
                self._draft.link(node, self.attempt(row), "used by")

    def _rows(self, *where: object) -> list[Row]:
        rows = self._sources.ops.select(TASK_RUNS, where, limit=_AT_ONCE)  # type: ignore[arg-type]
        self._cut = self._cut or len(rows) == _AT_ONCE
        return rows


def _role(judge: Row) -> str:
    if judge["kind"] == "evaluate":
        return "measured by"
    return "kept by" if says_kept(judge["kind"], judge["notes"]) else "registered by"
