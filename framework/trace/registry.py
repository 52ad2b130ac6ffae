"""The registry of models on this machine: MLflow's database, asked by itself, as to import MLflow takes seconds."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.core.task_run import ModelVersion

_Row = tuple[int | str | None, ...]
_ALIAS = "select version from registered_model_aliases where name = ? and alias = ?"
_MODELS = "select name from registered_models order by name"
_LABELS = """
    select '@' || alias from registered_model_aliases where name = ?1
    union all
    select '/' || version from model_versions where name = ?1 and current_stage <> 'Deleted_Internal'
"""
_VERSION = """
    select version, run_id from model_versions where name = ? and version = ? and current_stage <> 'Deleted_Internal'
"""
"""MLflow keeps the row of a version that was deleted, without what it was."""


class LocalModels:
    """The models in the database ``file``; see Models."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def at_alias(self, name: str, alias: str) -> ModelVersion | None:
        """See Models."""
        if not self._file.exists():
            raise FrameworkError(
                f"MLflow's database {self._file} is not there",
                "Runs make it, and it alone knows aliases: framework run.",
            )
        found = self._row(_ALIAS, name, alias)
        return self.at_version(name, str(found[0])) if found else None

    def at_version(self, name: str, version: str) -> ModelVersion | None:
        """See Models."""
        found = self._row(_VERSION, name, int(version))
        return ModelVersion(name, str(found[0]), str(found[1] or "")) if found else None

    def beside(self, name: str) -> Sequence[str]:
        """See Models."""
        return [str(row[0]) for row in self._rows(_MODELS)]

    def labels(self, name: str) -> Sequence[str]:
        """See Models."""
        return [str(row[0]) for row in self._rows(_LABELS, name)]

    def _row(self, question: str, *values: str | int) -> _Row | None:
        return next(iter(self._rows(question, *values)), None)

    def _rows(self, question: str, *values: str | int) -> list[_Row]:
        if not self._file.exists():
            return []
        try:
            with closing(sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True)) as database:
                return database.execute(question, values).fetchall()
        except sqlite3.Error as error:
            hint = "Bring it back from a backup, or move it away: the next run makes a new one, without the models."
            raise FrameworkError(f"MLflow's database {self._file} cannot be read: {error}", hint) from None
