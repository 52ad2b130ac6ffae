"""Everything that a trace asks: one value, so that a trace on this machine and one of a workspace are the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from framework.core.task_run import ModelVersion
from framework.trace.conditions import Row
from framework.trace.ops import Ops
from framework.trace.tables import Tables


class Models(Protocol):
    """The registry of models."""

    def at_alias(self, name: str, alias: str) -> ModelVersion | None:
        """The version that the alias stands for now; None when it stands for none."""

    def at_version(self, name: str, version: str) -> ModelVersion | None:
        """That version; None when there is none."""

    def beside(self, name: str) -> Sequence[str]:
        """The models that there are, one of which may be meant when there is no ``name``."""

    def labels(self, name: str) -> Sequence[str]:
        """Its aliases and versions as a trace takes them: ``@champion``, ``/1``; none when there is no such model."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """``catalog`` and ``prefix`` (of a person's schemas in development) complete the names of tables and models.

    ``log_of`` says where an attempt's log is, and ``mlflow_of`` where an MLflow run is shown: nothing when unknown.
    """

    ops: Ops
    tables: Tables
    models: Models
    catalog: str
    prefix: str = ""
    log_of: Callable[[Row], str] = lambda row: ""
    mlflow_of: Callable[[str], str] = lambda run_id: run_id
