"""What ``${bundle.…}`` and ``${workspace.…}`` stand for on this machine."""

import getpass
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framework.local.foreign_bundle.interpolate import mentions
from framework.local.foreign_bundle.tree import Placed, given

_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def with_surroundings(tree: Placed, root: Path, reach: Path, target: str) -> Placed:
    """The tree with what the CLI would learn from git, the workspace and the person who calls it.

    ``reach`` is what it would upload as ``${workspace.file_path}``.
    """
    place = tree.place
    bundle, workspace = tree.at("bundle"), tree.at("workspace")
    git = given(_git(root), place) if mentions(tree, "bundle.git.") else given({}, place)
    git = git.with_fields(**{name: value for name, value in bundle.at("git").fields.items() if value.value is not None})
    bundle = bundle.with_fields(target=given(target, place), environment=given(target, place), git=git)
    for name in ("mode", "cluster_id"):
        bundle = bundle if name in bundle.fields else bundle.with_fields(**{name: given("", place)})
    paths = {**_paths(root, target), "file_path": str(reach)}
    remote = {name: value for name, value in workspace.fields.items() if name not in paths}
    here = given({"host": "http://localhost", "profile": "", **paths, **_user()}, place)
    return tree.with_fields(bundle=bundle, workspace=here.with_fields(**remote))


def short_name(user: str) -> str:
    """The user's name as it is put before the names of what a development target deploys."""
    return normalized(user.partition("@")[0])


def normalized(name: str) -> str:
    """Lower-case letters and digits with single underscores between them."""
    return _NO_LETTER_OR_DIGIT.sub("_", name.lower()).strip("_")


def _paths(root: Path, target: str) -> dict[str, str]:
    """What a deployment writes would be in ``root_path``; the bundle's files are where they are."""
    deployed = root / ".databricks" / "bundle" / target
    inside = {f"{name}_path": str(deployed / folder) for name, folder in _FOLDERS.items()}
    return {"root_path": str(deployed), **inside}


_FOLDERS = {"artifact": "artifacts", "state": "state", "resource": "resources"}


def _user() -> dict[str, Any]:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        name = "user"
    dashed = short_name(name).replace("_", "-")
    names = {"userName": name, "displayName": name, "short_name": short_name(name)}
    return {"current_user": {**names, "domain_friendly_name": dashed, "id": "0"}}


def _git(root: Path) -> Mapping[str, str]:
    top = _asked(root, "rev-parse", "--show-toplevel")
    return {
        "branch": _asked(root, "symbolic-ref", "--short", "HEAD"),
        "commit": _asked(root, "rev-parse", "--verify", "HEAD"),
        "origin_url": _asked(root, "config", "--get", "remote.origin.url"),
        "bundle_root_path": root.relative_to(top).as_posix() if top and root.is_relative_to(top) else ".",
    }


def _asked(root: Path, *arguments: str) -> str:
    try:
        command = ["git", "--no-optional-locks", *arguments]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
