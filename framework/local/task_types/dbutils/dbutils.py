"""The object that code knows as ``dbutils``."""

import logging

from framework.local.task_types.dbutils.fs import Fs
from framework.local.task_types.dbutils.notebook import Notebook
from framework.local.task_types.dbutils.secrets import Secrets
from framework.local.task_types.dbutils.task_values import Jobs, TaskValues
from framework.local.task_types.dbutils.unavailable import Unavailable
from framework.local.task_types.dbutils.widgets import Widgets
from framework.local.task_types.files import LocalFiles

_logger = logging.getLogger("framework.dbutils")


class Library(Unavailable):
    """``dbutils.library``: packages are those of the local environment."""

    def __init__(self) -> None:
        super().__init__("dbutils.library", "install the package in the local environment, or use %pip")

    def restartPython(self) -> None:  # noqa: N802
        """Nothing was installed, so nothing needs a new interpreter."""
        _logger.info("dbutils.library.restartPython: not done locally, variables stay")


class DbUtils:
    """What a notebook or script of Databricks finds under ``dbutils``."""

    def __init__(
        self, widgets: Widgets, task_values: TaskValues, files: LocalFiles, secrets: Secrets, notebook: Notebook
    ) -> None:
        self.widgets = widgets
        self.jobs = Jobs(task_values)
        self.notebook = notebook
        self.fs = Fs(files)
        self.secrets = secrets
        self.library = Library()
        self.credentials = Unavailable("dbutils.credentials")
        self.data = Unavailable("dbutils.data", "describe the DataFrame with df.describe() instead")
        self.preview = Unavailable("dbutils.preview")
        self.meta = Unavailable("dbutils.meta")

    def help(self, *_: str) -> None:
        """Print what there is."""
        print("In a local run dbutils has fs, jobs.taskValues, notebook, secrets and widgets.")
