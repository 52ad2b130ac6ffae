"""Makes editors know the schemas: the files of a checkout are wired to them, and nothing else is changed."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from framework.spec.files import is_inside, shown
from framework.spec.json_schemas.shipped import APPLIES_TO, schema_text

DIRECTORY = PurePosixPath(".framework/schemas")
"""In the part of a checkout that git ignores: which fields there are is up to the framework that is installed."""
SETTINGS = PurePosixPath(".vscode/settings.json")

_KEY = "yaml.schemas"
_MODELINE = re.compile(r"^#[ \t]*yaml-language-server:[ \t]*\$schema=(\S+)[^\r\n]*", re.MULTILINE)
_MARK = "\ufeff"
"""Of the order of bytes; it stays the first character of a file."""


@dataclass(frozen=True)
class Installed:
    """What was ``written``, relative to the root. ``by_hand`` are lines for the settings that could not be added."""

    written: tuple[str, ...]
    by_hand: str = ""


def install(root: Path, *, modelines: bool = False) -> Installed:
    """Put the schemas under ``root`` and name them in VS Code's settings; a second time changes nothing.

    ``modelines`` adds a comment to each file that a schema is about, for other editors.
    """
    wanted = {root / DIRECTORY / f"{name}.json": schema_text(name) for name in APPLIES_TO}
    settings = root / SETTINGS
    merged = _merged(_text(settings)) if is_inside(settings, root) else None
    if merged is not None:
        wanted[settings] = merged
    if modelines:
        wanted |= dict(_with_modelines(root))
    changed = [path for path, text in wanted.items() if not path.is_file() or _text(path) != text]
    for path in changed:
        _write(path, wanted[path])
    return Installed(tuple(shown(path, root) for path in changed), _lines() if merged is None else "")


def settings() -> dict[str, list[str]]:
    """The value of ``yaml.schemas``: the files that each schema is about, by the path of the schema."""
    return {str(DIRECTORY / f"{name}.json"): list(patterns) for name, patterns in APPLIES_TO.items()}


def _merged(text: str | None) -> str | None:
    """VS Code's settings with ours; None when they cannot be written anew without losing something."""
    try:
        written = json.loads(text or "{}", object_pairs_hook=_without_repetition) if text is not None else None
    except ValueError:  # comments, or commas at the end: VS Code allows both
        return text if text and all(json.dumps(path) in text for path in settings()) else None
    if not isinstance(written, dict) or not isinstance(written.get(_KEY, {}), dict):
        return None
    schemas = {**written.get(_KEY, {}), **settings()}
    if written.get(_KEY) == schemas:
        return text
    indent = re.search(r"^([ \t]+)\S", text or "", re.MULTILINE)
    return json.dumps({**written, _KEY: schemas}, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n"


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object. Raises ValueError when a name is there twice: one of them would be lost."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands there twice")
    return dict(pairs)


def _lines() -> str:
    return json.dumps({_KEY: settings()}, indent=2)[2:-2]


def _with_modelines(root: Path) -> Iterator[tuple[Path, str]]:
    """Each file with its comment. One that names a schema of somebody else keeps it."""
    for path, name in _files(root).items():
        if (text := _text(path)) is None:
            continue
        way = os.path.relpath(root / DIRECTORY / f"{name}.json", path.parent).replace(os.sep, "/")
        comment, found = f"# yaml-language-server: $schema={way}", _MODELINE.search(text)
        if not found:
            yield path, _MARK * text.startswith(_MARK) + comment + _line_end(text) + text.removeprefix(_MARK)
        elif f"{DIRECTORY}/" in found[1]:
            yield path, text[: found.start()] + comment + text[found.end() :]


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _files(root: Path) -> dict[Path, str]:
    """The files that a schema is about, with its name. Links that lead out of the checkout are left alone."""
    found: dict[Path, str] = {}
    for name, patterns in APPLIES_TO.items():
        without = {path for pattern in patterns if pattern[0] == "!" for path in root.glob(pattern[1:])}
        for pattern in (each for each in patterns if each[0] != "!"):
            found |= {p: name for p in sorted(root.glob(pattern)) if p not in without and is_inside(p, root)}
    return found


def _text(path: Path) -> str | None:
    """What a file says, line ends as they are; nothing when there is no file, None when it is no UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        return None


def _write(path: Path, text: str) -> None:
    """Put ``text`` there as a whole or not at all; whoever could read the file still can."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(text.encode("utf-8"))
    if path.exists():
        shutil.copymode(path, temporary)
    temporary.replace(path)
