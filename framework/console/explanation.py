"""Where a value comes from, target by target."""

import json
from collections.abc import Sequence
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
        for setting in reversed(each.settings[:-1]):
            console.print(Text(f"  {'':<{width}}    over {_shown(setting.written)}  {setting.location}", style="dim"))


def as_json(path: str, pipeline: str, explained: Sequence[Explained]) -> dict[str, Any]:
    """One object; fields may be added, never renamed."""
    return {
        "schema": 1,
        "pipeline": pipeline,
        "path": path,
        "targets": {
            each.target: {
                "value": each.value,
                "set": each.is_set,
                "settings": [_setting(setting) for setting in each.settings],
                "variables": {name: _setting(setting) for name, setting in each.variables.items()},
            }
            for each in explained
        },
    }


def _origin(each: Explained) -> str:
    if not each.settings:
        return "  (a default)" if each.is_set else ""
    last = each.settings[-1]
    variables = [f"{name} from {setting.location or '--var'}" for name, setting in each.variables.items()]
    written = f"  as {_shown(last.written)}, {', '.join(variables)}" if variables else ""
    return f"  {last.location or '--var'}{written}"


def _setting(setting: Setting) -> dict[str, Any]:
    return {"written": setting.written, "location": str(setting.location) if setting.location else None}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
