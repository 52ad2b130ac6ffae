"""Where the answers of ``trace`` and of searches come from: this machine, or the workspace of a target."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.local.paths import LocalPaths
    from framework.trace.sources import Sources

LOCAL = "local"


def sources_of(target: str | None, project: str = "") -> "Sources":
    """Those of ``target``; of none, of this machine. Raises UsageError when there is nothing to ask."""
    return _local(project) if target in (None, LOCAL) else _remote(str(target), project)


def _local(project: str) -> "Sources":
    from framework.local import stored_runs
    from framework.local.pending_rows import pending_rows
    from framework.trace.delta_ops import DeltaOps
    from framework.trace.delta_tables import DeltaTables
    from framework.trace.pending import WithPending
    from framework.trace.registry import LocalModels
    from framework.trace.sources import Sources

    paths = stored_runs.with_tables(Path.cwd())
    return Sources(
        ops=WithPending(DeltaOps(paths.warehouse, project), lambda: pending_rows(paths, project)),
        tables=DeltaTables(paths.warehouse),
        models=LocalModels(paths.mlflow_db),
        catalog="spark_catalog",
        log_of=lambda row: _log(paths, row),
    )


def _log(paths: "LocalPaths", row: Mapping[str, Any]) -> str:
    key = row["task_key"] if row["iteration"] is None else f"{row['task_key']}[{row['iteration']}]"
    file = paths.attempt(int(row["job_run_id"]), key, row["attempt"]) / "stderr.log"
    return os.path.relpath(file) if file.exists() else ""


def _remote(target: str, project: str) -> "Sources":
    from framework.cli.ops import opened
    from framework.deploy.unity_models import UnityModels
    from framework.trace.sources import Sources
    from framework.trace.warehouse_ops import WarehouseOps
    from framework.trace.warehouse_tables import WarehouseTables

    place, warehouse, projects = opened(target, [project] if project else [])
    return Sources(
        ops=WarehouseOps(warehouse.rows, [place.schema(name) for name in projects], target),
        tables=WarehouseTables(warehouse.rows),
        models=UnityModels(place.client),
        catalog=place.target.catalog,
        prefix=place.person,
    )
