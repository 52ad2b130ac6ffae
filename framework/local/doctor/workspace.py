"""What a deployment needs: the Databricks CLI, and a workspace that it can log in to."""

import configparser
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from framework.core.versions import MINIMUM_CLI, dotted, version_in
from framework.local.doctor.checkup import Checkup, Purpose, State
from framework.local.doctor.commands import output
from framework.spec.node_path import printable

_INSTALL = "Install it: docs.databricks.com/dev-tools/cli/install"
_LOGIN = "Log in: databricks auth login --host https://<your workspace>"
_ANSWER = 20.0
"""Seconds in which a workspace answers."""

_METHODS = {
    "token": "a token",
    "client_id": "a service principal",
    "azure_client_id": "a service principal of Azure",
    "username": "a user and password",
    "google_service_account": "a Google service account",
}
"""The keys that say how somebody logs in. Their values are nobody's business."""
_VARIABLES = {"azure_client_id": "ARM_CLIENT_ID"}
"""Where the environment's name is not DATABRICKS_ and the key."""


def databricks_cli() -> Checkup:
    """Its version."""
    path = shutil.which("databricks")
    if path is None:
        return _problem("databricks", "no Databricks CLI on PATH", _INSTALL)
    number = version_in(output([path, "-v"]) or "")
    found = f"{dotted(number)} at {path}"
    if not number:
        return _problem("databricks", f"{path} does not say its version", f"Does this work? {path} -v")
    if number < (0, 200):
        advice = f"That is the old one in Python: pip uninstall databricks-cli. {_INSTALL}"
        return _problem("databricks", found, advice)
    if number < MINIMUM_CLI:
        return _problem("databricks", found, f"{dotted(MINIMUM_CLI)} or later is needed. {_INSTALL}")
    return Checkup("databricks", Purpose.DEPLOY, State.OK, found)


def login(environment: Mapping[str, str] = os.environ) -> Checkup:
    """Whether a workspace and a way to log in are configured; nobody is asked."""
    if host := environment.get("DATABRICKS_HOST"):
        given = {key: "" for key in _METHODS if environment.get(_VARIABLES.get(key, f"DATABRICKS_{key.upper()}"))}
        return _configured("DATABRICKS_HOST", {"host": host, **given}, environment.get("DATABRICKS_AUTH_TYPE", ""))
    file = Path(environment.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg").expanduser()
    name = environment.get("DATABRICKS_CONFIG_PROFILE") or "DEFAULT"
    try:
        profiles = _profiles(file)
    except FileNotFoundError:
        return _problem("login", f"neither DATABRICKS_HOST nor {file} is there", _LOGIN)
    except (OSError, ValueError, configparser.Error):
        # Its own words would quote the line, and the line may be a secret.
        return _problem("login", f"{file} cannot be read", "It has to look like an .ini file.")
    if name not in profiles:
        found = f"no profile '{printable(name)}' in {file}"
        there = f"It has: {', '.join(map(printable, profiles))}. " if profiles else ""
        return _problem("login", found, f"{there}Name one with DATABRICKS_CONFIG_PROFILE, or log in anew.")
    return _configured(f"profile {printable(name)}", profiles[name], profiles[name].get("auth_type", ""))


def workspace() -> Checkup:
    """Whether the workspace knows whoever is configured: this asks it."""
    answer = output(["databricks", "current-user", "me", "--output", "json"], patience=_ANSWER)
    try:
        user = str(json.loads(answer or "")["userName"])
    except (ValueError, KeyError, TypeError):
        return _problem("workspace", "it did not let us in", "See why: databricks current-user me")
    return Checkup("workspace", Purpose.DEPLOY, State.OK, f"logged in as {printable(user)}")


def _profiles(file: Path) -> dict[str, dict[str, str]]:
    # DEFAULT is a profile as any other here, and % stands for itself.
    parser = configparser.ConfigParser(default_section="\0", interpolation=None, strict=False)
    with file.open(encoding="utf-8") as text:
        parser.read_file(text)
    return {section: dict(parser[section]) for section in parser.sections()}


def _configured(origin: str, settings: Mapping[str, str], kind: str) -> Checkup:
    host = _shown_host(settings.get("host", ""))
    if not host:
        return _problem("login", f"{origin} names no host of a workspace", _LOGIN)
    methods = [kind] if kind else [words for key, words in _METHODS.items() if key in settings]
    if not methods:
        found = f"{host} by {origin}, without a way to log in"
        return Checkup("login", Purpose.DEPLOY, State.WARNING, found, f"Or is that in another place? Else: {_LOGIN}")
    return Checkup("login", Purpose.DEPLOY, State.OK, f"{host} by {origin}, with {printable(methods[0])}")


def _shown_host(host: str) -> str:
    """The address without user, password, path and query: a person may have pasted anything."""
    try:
        parts = urlsplit(host if "://" in host else f"https://{host}")
        port = f":{parts.port}" if parts.port else ""
        return printable(f"{parts.scheme}://{parts.hostname}{port}") if parts.hostname else ""
    except ValueError:
        return ""


def _problem(name: str, found: str, advice: str) -> Checkup:
    return Checkup(name, Purpose.DEPLOY, State.PROBLEM, found, advice)
