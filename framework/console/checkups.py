"""What the doctor found, for a person and for a machine."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from framework.local.doctor.checkup import Checkup, Purpose, State, ready_for

_STYLES = {State.OK: "green", State.WARNING: "bold yellow", State.PROBLEM: "bold red"}
_COMMANDS = {Purpose.RUN: "framework run", Purpose.DEPLOY: "deploying"}


def show_checkups(console: Console, checkups: Sequence[Checkup]) -> None:
    """A line for each, what to do below it where something is to be done, and what it comes to."""
    width = max(len(each.name) for each in checkups)
    for each in checkups:
        state = Text(f"{each.state:<7}", _STYLES[each.state])
        console.print(Text.assemble(state, f"  {each.name:<{width}}  {each.found}"))
        if each.advice:
            console.print(Text(f"{'':<{width + 11}}→ {each.advice}"))
    console.print()
    for purpose, command in _COMMANDS.items():
        problems = [c.name for c in checkups if c.state is State.PROBLEM and c.purpose is purpose]
        verdict = Text("ready", "green") if not problems else Text(f"not ready: {', '.join(problems)}", "bold red")
        console.print(Text.assemble(f"{command}: ", verdict))


def as_json(checkups: Sequence[Checkup]) -> dict[str, Any]:
    """One object; fields may be added, never renamed."""
    return {
        "schema": 1,
        "ready": {str(purpose): ready_for(purpose, tuple(checkups)) for purpose in Purpose},
        "checks": [
            {
                "name": each.name,
                "needed_for": str(each.purpose),
                "state": str(each.state),
                "found": each.found,
                "advice": each.advice,
            }
            for each in checkups
        ],
    }
