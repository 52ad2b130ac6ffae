"""What was looked at before a deployment, for a person."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from framework.deploy.preflight import Check, CheckState

_STYLES = {
    CheckState.OK: "green",
    CheckState.WARNING: "bold yellow",
    CheckState.MISSING: "bold red",
    CheckState.UNKNOWN: "yellow",
}


def show_preflight(console: Console, checks: Sequence[Check]) -> None:
    """A line for each; below it what to do, and SQL as it can be pasted."""
    width = max((len(each.name) for each in checks), default=0)
    for each in checks:
        state = Text(f"{each.state:<7}", _STYLES[each.state])
        console.print(Text.assemble(state, f"  {each.name:<{width}}  {each.found}"), soft_wrap=True)
        for line in each.advice.splitlines():
            arrow = "" if line.startswith("GRANT ") else "→ "  # a statement can be pasted
            console.print(Text(f"{'':<{width + 11}}{arrow}{line}"), soft_wrap=True)
