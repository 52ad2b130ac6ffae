"""Where a value comes from, target by target."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from framework.resolve.explain import Explained, Setting


def show_explained(console: Console, path: str, pipeline: str, explained: Sequence[Explained]) -> None:
    """The value for each target, the place that set it, and what it was laid over."""
    console.print(Text.assemble((path, "bold"), f" of {pipeline}"))
    width = max(len(each.target) for each in explained)
    for each in explained:
        value = _shown(each.value) if each.is_set else "not set"
        console.print(
            Text.assemble(f"  {each.target:<{width}}  ", (value, "green" if each.is_set else "dim"), _origin(each))
        )
        for line in _with(each.parts) if each.parts else _over(each):
            console.print(Text(f"  {'':<{width}}    {line}", style="dim"))


def as_json(path: str, pipeline: str, explained: Sequence[Explained]) -> dict[str, Any]:
    """One object; fields may be added, never renamed."""
    return {
        "schema": 1,
        "pipeline": pipeline,
        "path": path,
        "targets": {each.target: _as_json(each) for each in explained},
    }


def _as_json(each: Explained) -> dict[str, Any]:
    return {
        "value": each.value,
        "set": each.is_set,
        "settings": [_setting(setting) for setting in each.settings],
        "variables": {name: _setting(setting) for name, setting in each.variables.items()},
        "parts": {name: _as_json(part) for name, part in each.parts.items()},
        "follows_from": each.follows_from,
    }


def _origin(each: Explained) -> str:
    if each.parts:
        return ""
    if not each.settings:
        why = f"follows from {each.follows_from}" if each.follows_from else "a default"
        return f"  ({why})" if each.is_set else ""
    last = each.settings[-1]
    variables = [f"{name} from {setting.location or '--var'}" for name, setting in each.variables.items()]
    written = f"  as {_shown(last.written)}, {', '.join(variables)}" if variables else ""
    more = f", the rest follows from {each.follows_from}" if each.follows_from else ""
    return f"  {last.location or '--var'}{written}{more}"


def _over(each: Explained) -> list[str]:
    return [f"over {_shown(setting.written)}  {setting.location}" for setting in reversed(each.settings[:-1])]


def _with(parts: Mapping[str, Explained], above: str = "") -> Iterator[str]:
    """A line for each value of a map that several files make together, and for what it is laid over."""
    for name, each in parts.items():
        if each.parts:
            yield from _with(each.parts, f"{above}{name}.")
        elif each.is_set:
            where = _origin(each).strip()
            yield f"with {above}{name} {_shown(each.value)}  {'from ' if each.settings else ''}{where}"
            yield from (f"  {line}" for line in _over(each))


def _setting(setting: Setting) -> dict[str, Any]:
    return {"written": setting.written, "location": str(setting.location) if setting.location else None}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
