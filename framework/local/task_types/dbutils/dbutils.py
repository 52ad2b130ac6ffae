"""The object that code knows as ``dbutils``."""

import logging
from pathlib import Path

from framework.local.task_types.dbutils.fs import Fs
from framework.local.task_types.dbutils.notebook import Notebook, RunNotebook
from framework.local.task_types.dbutils.secrets import Secrets
from framework.local.task_types.dbutils.task_values import Jobs, TaskValues
from framework.local.task_types.dbutils.unavailable import Unavailable
from framework.local.task_types.dbutils.widgets import Widgets
from framework.local.task_types.files import LocalFiles

_logger = logging.getLogger("framework.dbutils")


class Library:
    """``dbutils.library``: packages are those of the local environment."""

    def restartPython(self) -> None:  # noqa: N802
        """Nothing was installed, so nothing needs a new interpreter."""
        _logger.info("dbutils.library.restartPython: not done locally, variables stay")


class DbUtils:
    """What a notebook or script of Databricks finds under ``dbutils``."""

    def __init__(
        self, widgets: Widgets, task_values: TaskValues, files: LocalFiles, secrets: Path, run: RunNotebook
    ) -> None:
        self.widgets = widgets
        self.jobs = Jobs(task_values)
        self.notebook = Notebook(run)
        self.fs = Fs(files)
        self.secrets = Secrets(secrets)
        self.library = Library()
        self.credentials = Unavailable("dbutils.credentials")
        self.data = Unavailable("dbutils.data", "describe the DataFrame with df.describe() instead")
        self.preview = Unavailable("dbutils.preview")
        self.meta = Unavailable("dbutils.meta")
