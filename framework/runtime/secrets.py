"""A secret by its scope and key: from the workspace's scopes, or on one's own machine from a variable or a file."""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framework.core.errors import FrameworkError
from framework.runtime.redaction import keep_secret
from framework.runtime.run_records import on_databricks, outbox

_STATE, _FILE = ".framework", "secrets.json"


def secret(scope: str, key: str) -> str:
    """The secret, which from now on is redacted wherever this process tells something.

    On Databricks it comes from the secret scopes of the workspace, elsewhere from the environment or the file. Raises
    FrameworkError when it is not there.
    """
    if on_databricks():
        return keep_secret(_of_workspace(scope, key))
    return local_secret(_file(), scope, key)


def local_secret(file: Path, scope: str, key: str) -> str:
    """The secret in the variable, else in ``file`` (``{scope: {key: value}}``); from now on it is redacted.

    Raises FrameworkError naming both places when neither has it.
    """
    name = variable(scope, key)
    value = os.environ.get(name)
    if value is None and (value := scopes_in(file).get(scope, {}).get(key)) is None:
        raise FrameworkError(
            f"there is no secret '{key}' in scope '{scope}' for a local run",
            f'put {{"{scope}": {{"{key}": …}}}} into {file}, or set the environment variable {name}',
        )
    return keep_secret(value)


def scopes_in(file: Path) -> Mapping[str, Mapping[str, str]]:
    """All secrets of ``file``; none when it is not there. Raises FrameworkError when it holds something else."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        scopes = json.loads(text)
    except ValueError as error:
        # The error's own text would be fine, but not its document: that holds secrets.
        place = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise FrameworkError(f"{file}{place} is not JSON") from None
    if not isinstance(scopes, dict) or not all(isinstance(scope, dict) for scope in scopes.values()):
        raise FrameworkError(f"{file} must hold an object of scopes, each an object of keys and values")
    return {name: {key: str(value) for key, value in scope.items()} for name, scope in scopes.items()}


def variable(scope: str, key: str) -> str:
    """The environment variable that may hold a secret."""
    return "FRAMEWORK_SECRET_" + re.sub(r"[^A-Z0-9]", "_", f"{scope}_{key}".upper())


def _file() -> Path:
    """In the state of the checkout: an attempt's directory is below that, a test or a notebook runs beside it."""
    outside = Path.cwd()
    candidates = (*(outbox() or outside).absolute().parents, *(each / _STATE for each in (outside, *outside.parents)))
    found = (each for each in candidates if each.name == _STATE and each.is_dir())
    return next(found, outside / _STATE) / _FILE


def _of_workspace(scope: str, key: str) -> str:
    try:
        return str(_dbutils().secrets.get(scope=scope, key=key))
    except Exception as error:  # of Java, by way of py4j, or of the REST API: they have no base in common
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise FrameworkError(
            f"cannot read the secret '{key}' of scope '{scope}': {reason}",
            f"is it there (databricks secrets list-secrets {scope}), and may the job's run_as read that scope "
            f"(databricks secrets list-acls {scope})?",
        ) from None


def _dbutils() -> Any:
    """The notebook's own, else that of the session: code in a module or a wheel is given none."""
    if dbutils := getattr(sys.modules.get("__main__"), "dbutils", None):
        return dbutils
    from pyspark.dbutils import DBUtils
    from pyspark.sql import SparkSession

    return DBUtils(SparkSession.builder.getOrCreate())
