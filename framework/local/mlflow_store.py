"""The MLflow store of a warehouse: sqlite, migrated once, with its artifacts beside it."""

import fcntl
import logging

from framework.local.paths import LocalPaths

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""No usage reports, progress bars, addresses or advice in the logs of a task."""


def environment(paths: LocalPaths) -> dict[str, str]:
    """The environment variables that send MLflow to the local store, quietly."""
    uri = f"sqlite:///{paths.mlflow_db}"
    return {
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_REGISTRY_URI": uri,
        # Where an experiment that project code creates by itself puts its artifacts: not into the working directory.
        "_MLFLOW_SERVER_ARTIFACT_ROOT": paths.artifacts.as_uri(),
        **QUIET,
    }


def migrate(paths: LocalPaths) -> None:
    """Bring the store's tables to this MLflow's version. Run it in a process of its own: it opens the database."""
    from mlflow.store.db.utils import _get_latest_schema_revision, _get_schema_version, _upgrade_db
    from mlflow.store.db.utils import create_sqlalchemy_engine_with_retry as open_database
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    logging.disable(logging.INFO)
    uri = f"sqlite:///{paths.mlflow_db}"
    # Two processes that migrate at once crash each other; an engine's lock does not cover somebody's own MLflow.
    with paths.mlflow_db.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if paths.mlflow_db.exists():
            database = open_database(uri)
            if _get_schema_version(database) != _get_latest_schema_revision():
                _upgrade_db(database)
        Tracking(uri, paths.artifacts.as_uri())
        Registry(uri)
