"""The files of a workspace as files of this machine, and what refers to them."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framework.compile.jobs import PACKAGE
from framework.testing.fake_workspace import Json, State

_PATH = re.compile(r"(?<![\w/.:-])/(?:Workspace/|(?=(?:Shared|Users|Repos)/))")
_RUNTIME = re.compile(rf"/{PACKAGE}-[^/]*\.whl")
_SUFFIXES = {"PYTHON": ".py", "SQL": ".sql", "R": ".r", "SCALA": ".scala"}


def files_of(state: State) -> dict[str, bytes]:
    """Every file and notebook by its path below the mirror; a notebook gets its suffix back."""
    return {
        path.lstrip("/") + _suffix(found, state.contents[found["sha256"]]): state.contents[found["sha256"]]
        for path, found in state.objects.items()
        if "sha256" in found
    }


def write(files: Mapping[str, bytes], mirror: Path) -> None:
    """Bring ``mirror`` up to date: what has not changed stays as it is, and so may be in use."""
    for path, content in files.items():
        file = mirror / path
        if file.is_file() and file.stat().st_size == len(content) and file.read_bytes() == content:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        Path(draft).replace(file)


def in_mirror(settings: Json, mirror: Path) -> Json:
    """The settings of a job with every path of the workspace as one of the mirror's.

    Those of libraries are relative to it, as a bundle has them. The runtime is the one that is installed here.
    """
    moved: Json = _moved(settings, f"{mirror}/")
    return moved


def text_in_mirror(text: str, mirror: Path) -> str:
    """``text`` with the paths of the workspace in it as those of the mirror."""
    return _PATH.sub(f"{mirror}/", text)


def _moved(value: Any, prefix: str) -> Any:
    if isinstance(value, str):
        return _PATH.sub(prefix, value)
    if isinstance(value, list):
        return [_moved(each, prefix) for each in value]
    if isinstance(value, dict):
        return {
            name: _libraries(each) if name in ("libraries", "dependencies") else _moved(each, prefix)
            for name, each in value.items()
        }
    return value


def _libraries(listed: Any) -> Any:
    return [_moved(each, "") for each in listed if not _RUNTIME.search(str(each))]


def _suffix(found: Json, content: bytes) -> str:
    if found["object_type"] != "NOTEBOOK":
        return ""
    return ".ipynb" if content.lstrip().startswith(b"{") else _SUFFIXES.get(found.get("language", ""), ".py")
