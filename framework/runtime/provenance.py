"""Which code an attempt is made of, and where it runs: from files beside its plan, and from its surroundings."""

import functools
import getpass
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from framework import __version__
from framework.core.errors import FrameworkError
from framework.core.task_run import Environment, Origin
from framework.runtime.arguments import NO_WORKSPACE, Arguments
from framework.runtime.run_records import on_databricks, outbox

LOCAL = "local"
"""The target of runs on a person's own machine."""
PROVENANCE, MANIFEST = "provenance.json", "release.json"
"""Beside the directory of plans: what a local run, or a deployed release, says of itself."""
_NOTHING = Arguments(plan="", task="", job_run_id="", task_run_id="")
_NOBODY = "refused: nobody could tell where results of this run come from"


def origin_of(plan: Path) -> Origin:
    """The code of the bundle that ``plan`` belongs to; empty where no file says so, or none can be read.

    A deployed release has its hashes in its manifest, and no commit: the records of deployments have that.
    """
    try:
        return _told(plan)
    except OSError:
        return Origin()


def environment_of(given: Arguments = _NOTHING) -> Environment:
    """This process's surroundings. On Databricks the principal is not known here: the table of records fills it in."""
    remote = on_databricks()
    return Environment(
        framework=__version__,
        python=platform.python_version(),
        spark=_spark_version(),
        runtime=os.environ.get("DATABRICKS_RUNTIME_VERSION", "") if remote else LOCAL,
        compute=dict(_compute()),
        principal="" if remote else _user(),
        job_id=given.job_id,
        run_url=_run_url(given) if remote else "",
    )


def traceable(given: Arguments, target: str) -> Origin:
    """The code of an attempt. Raises FrameworkError naming what is missing to trace it back, but in a local run."""
    is_local_run = outbox() and given.workspace_url in ("", NO_WORKSPACE)
    if is_local_run or (target == LOCAL and not on_databricks()):
        return origin_of(Path(given.plan))
    try:
        origin = _told(Path(given.plan))
    except OSError as error:
        may = "who the job runs as needs CAN_READ on the project's directory of releases; with that, run the task again"
        raise FrameworkError(f"{_NOBODY}: {error.filename} cannot be read: {error.strerror}", may) from None
    needed = {
        "commit": origin.commit,
        "hash of the project's wheel": origin.project_wheel,
        "release": origin.release,
        # A reference that nobody filled in is no id.
        "job run id": "" if "{{" in given.job_run_id else given.job_run_id,
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise FrameworkError(
            f"{_NOBODY}; it has no {', no '.join(missing)}",
            f"outside of local only what was deployed from a commit runs: framework deploy -e {target}",
        )
    return origin


def hash_of_plans(digests: Mapping[str, str]) -> str:
    """16 hex digits for the plans among ``digests``: path in the release → sha256."""
    lines = (f"{path}\n{digest}\n" for path, digest in sorted(digests.items()) if path.startswith("plans/"))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


@functools.cache
def _told(plan: Path) -> Origin:
    """See origin_of. Raises OSError for a file that is there and cannot be read; asked again, it looks again."""
    if not plan.name:
        return Origin()
    release = plan.parent.parent
    if (beside := release / PROVENANCE).is_file():
        known = {field.name for field in fields(Origin)}
        return Origin(**{name: value for name, value in _read(beside).items() if name in known})
    return _of_release(release, _read(release / MANIFEST))


def _of_release(release: Path, manifest: Mapping[str, Any]) -> Origin:
    files = manifest.get("files")
    if not isinstance(files, dict):
        return Origin()
    deployment = _newest_deployment(release.parent.parent / "deployments", str(manifest.get("id", "")))
    wheels = {name: str(files.get(f"wheels/{manifest.get(name)}", ""))[:16] for name in _WHEELS}
    return Origin(
        release=str(manifest.get("id", "")),
        deployment=str(deployment.get("id", "")),
        commit=str(deployment.get("commit", "")),
        dirty=bool(deployment.get("dirty", False)),
        bundle=hash_of_plans(files),
        **wheels,
    )


_WHEELS = ("project_wheel", "runtime_wheel")


def _newest_deployment(records: Path, release: str) -> dict[str, Any]:
    """The last record of a deployment of that release. Their names sort by time."""
    try:
        names = sorted((each.name for each in records.iterdir() if each.suffix == ".json"), reverse=True)
    except FileNotFoundError:
        return {}
    # Of each deployment one file: how it ended comes after how it began, and says all of that.
    for name in {name.partition(".")[0]: name for name in names}.values():
        found = _read(records / name)
        if found.get("release") == release and found.get("kind") != "destroy":
            return found
    return {}


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; empty when the file is not there, or is none. Raises OSError when it cannot be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _spark_version() -> str:
    if loaded := sys.modules.get("pyspark"):
        return str(getattr(loaded, "__version__", ""))
    try:
        return importlib.metadata.version("pyspark")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _compute() -> Iterator[tuple[str, str]]:
    yield "machine", platform.machine()
    yield "cpus", str(os.cpu_count() or "")
    if os.environ.get("IS_SERVERLESS", "").lower() == "true":
        yield "kind", "serverless"
    for name in ("DATABRICKS_CLUSTER_ID", "DB_CLUSTER_ID"):
        if cluster := os.environ.get(name):
            yield "cluster_id", cluster
            return


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return ""


def _run_url(given: Arguments) -> str:
    host = given.workspace_url.rstrip("/")
    if not host or not given.job_id:
        return ""
    return f"{host if '://' in host else f'https://{host}'}/jobs/{given.job_id}/runs/{given.job_run_id}"
