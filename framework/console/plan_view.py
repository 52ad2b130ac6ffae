"""A plan for a person: what comes, what changes, what goes; red is what cannot be undone."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from framework.console.results import several
from framework.deploy.plan_changes import Action, Change, FieldChange
from framework.deploy.planned import Planned

_SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.ADOPT: ("+", "cyan"),
    Action.UPDATE: ("~", "yellow"),
    Action.LEAVE: ("·", "cyan"),
    Action.DELETE: ("-", "red"),
    Action.RECREATE: ("±", "bold red"),
}
_WORDS = {
    Action.ADOPT: "is there already, and is taken over",
    Action.LEAVE: "is not in the bundle any more, and stays as it is",
    Action.RECREATE: "is deleted and made again",
}
_PAST = {
    Action.CREATE: "to create",
    Action.ADOPT: "to take over",
    Action.UPDATE: "to update",
    Action.LEAVE: "to leave",
    Action.DELETE: "to delete",
    Action.RECREATE: "to delete and make again",
}
_WIDEST = 60
_NOTHING = "(nothing)"


def show_plan(console: Console, planned: Planned, missing: Sequence[str] = ()) -> None:
    """A line for each resource that changes, its fields below it, and what it comes to.

    ``missing`` are the names of checks that keep it from being done.
    """
    for change in planned.changes:
        _show(console, change, planned.release)
    if planned.changes:
        console.print()
    console.print(Text(f"Release {planned.release}: {_summary(planned)}."))
    if planned.to_finish:
        said = f"{planned.to_finish} did not end well, or is still going on; a deployment goes on from there."
        console.print(Text.assemble(("To finish: ", "yellow"), said), soft_wrap=True)
    findings = [*((each, "Warning", "yellow") for each in planned.warnings)]
    findings += [(each, "Refused", "bold red") for each in planned.refused]
    for finding, word, style in findings:
        console.print(Text.assemble((f"{word}: ", style), finding.summary))
        if finding.hint:
            console.print(f"  {finding.hint}")
    if missing:
        said = f", for what is missing above: {', '.join(missing)}."
        console.print(Text.assemble(("A deployment would be refused", "bold red"), said))


def _show(console: Console, change: Change, release: str) -> None:
    sign, style = _SIGNS[change.action]
    name = f" ({change.name})" if change.name and change.name != change.resource else ""
    words = f" {_WORDS[change.action]}" if change.action in _WORDS else ""
    console.print(Text.assemble((f"{sign} {change.action:<8} ", style), f"{change.key}{name}", words))
    moved = [each for each in change.fields if each.only_release]
    for each in change.fields:
        if each not in moved:
            console.print(Text(f"    {each.path or 'all'}: {_shown(each)}"))
    if moved:
        inside = "it" if len(moved) == 1 else "them"
        said = f"{several(len(moved), 'field')}: only the release in {inside} changes, to {release}"
        console.print(Text(f"    {said}"))


def _shown(field: FieldChange) -> str:
    old, new = field.shown
    if isinstance(old, list) and isinstance(new, list) and old and new:
        return _shown_lists(old, new)
    return f"{_short(old)} → {_short(new)}" + (" (hidden, and different)" if old == new else "")


def _shown_lists(old: Sequence[Any], new: Sequence[Any]) -> str:
    gone, come = (
        [each for each in old if each not in new],
        [each for each in new if each not in old],
    )
    parts = [*(f"- {_short(each)}" for each in gone), *(f"+ {_short(each)}" for each in come)]
    return ", ".join(parts) or "in another order"


def _short(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return _NOTHING
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"


def _summary(planned: Planned) -> str:
    counts = planned.counts
    parts = [f"{counts[action]} {words}" for action, words in _PAST.items() if counts.get(action)]
    children = sum(change.is_child for change in planned.changes)
    parts += [several(children, "change") + " of permissions or grants"] if children else []
    parts += ["1 deployment to finish"] if planned.to_finish else []
    return ", ".join([*(parts or ["nothing to do"]), f"{planned.unchanged} unchanged"])
