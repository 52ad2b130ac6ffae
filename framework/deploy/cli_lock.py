"""The lock of the Databricks CLI: a file that stays when the CLI is killed."""

import json
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from framework.core.errors import DatabricksError, DatabricksRefused
from framework.core.moments import shown
from framework.deploy.workspace_files import WorkspaceFiles

_CLI_LOCK = "deploy.lock"


def clear_cli_lock(
    files: WorkspaceFiles, state_path: str, takers: Iterable[tuple[str, tuple[datetime, datetime]]]
) -> bool:
    """Delete the CLI's lock when one of these took it, each a user between two moments; False when nobody of them."""
    found = cli_lock(files, state_path)
    if found is None:
        return True
    taken = _moment(found.get("AcquisitionTime"))
    ours = taken and any(found.get("User") == who and first <= taken <= last for who, (first, last) in takers)
    if ours:
        files.delete(f"{state_path}/{_CLI_LOCK}")
    return bool(ours)


def by_hand(found: dict[str, Any], state_path: str) -> DatabricksError:
    """The error that names who holds the CLI's lock."""
    who, moment = found.get("User", "somebody"), _moment(found.get("AcquisitionTime"))
    since = shown(moment.isoformat()) if moment else "an unknown time"
    return DatabricksError(
        f"{who} deploys with the Databricks CLI itself, since {since}",
        f"Wait until that is done. If you know that nobody is at work: "
        f"databricks workspace delete {state_path}/{_CLI_LOCK}",
    )


def cli_lock(files: WorkspaceFiles, state_path: str) -> dict[str, Any] | None:
    """What the CLI's lock says, or None when there is none."""
    text = read_if_there(files, f"{state_path}/{_CLI_LOCK}")
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def read_if_there(files: WorkspaceFiles, path: str) -> str | None:
    """A file's text, or None when it is not there. Raises DatabricksError."""
    try:
        return files.read(path).decode("utf-8", errors="replace")
    except DatabricksRefused as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None


def _moment(text: object) -> datetime | None:
    """The CLI writes nine digits after the second, and Python reads six; a second more or less says enough here."""
    if not isinstance(text, str):
        return None
    head, _, tail = text.partition(".")
    zone = tail.lstrip("0123456789") if tail else ""
    try:
        moment = datetime.fromisoformat(head + zone) if tail else datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
