"""The registry of models on this machine: MLflow's database, asked by itself, as to import MLflow takes seconds."""

import sqlite3
from contextlib import closing
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.core.task_run import ModelVersion

_ALIAS = "select version from registered_model_aliases where name = ? and alias = ?"
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
        found = self._row(_ALIAS, name, alias)
        return self.at_version(name, str(found[0])) if found else None

    def at_version(self, name: str, version: str) -> ModelVersion | None:
        """See Models."""
        found = self._row(_VERSION, name, int(version))
        return ModelVersion(name, str(found[0]), str(found[1] or "")) if found else None

    def _row(self, question: str, *values: str | int) -> tuple[int | str | None, ...] | None:
        if not self._file.exists():
            return None
        try:
            with closing(sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True)) as database:
                row: tuple[int | str | None, ...] | None = database.execute(question, values).fetchone()
                return row
        except sqlite3.Error as error:
            raise FrameworkError(f"MLflow's database {self._file} cannot be read: {error}") from None
