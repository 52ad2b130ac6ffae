"""Pipelines for Databricks jobs: declared in YAML, compiled into bundles, run alike on a cluster and on local Spark."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.runtime.context import TaskContext
    from framework.runtime.trained_model import TrainedModel

__all__ = ["TaskContext", "TrainedModel", "__version__"]
__version__ = "0.1.0"

_EXPORTS = {"TaskContext": "framework.runtime.context", "TrainedModel": "framework.runtime.trained_model"}


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'framework' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_EXPORTS[name]), name)
