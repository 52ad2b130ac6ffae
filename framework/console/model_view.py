"""Aliases of models: what a move would do, and what was moved when."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from framework.core.moments import shown
from framework.deploy.models import PlannedMove
from framework.records.alias_changes import MOVED, AliasChange


def show_moves(console: Console, moves: Sequence[PlannedMove]) -> None:
    """Both versions of each, and whether the one can take the place of the other."""
    for move in moves:
        said = f"{move.alias} of {move.model}: {_version(move.before)}"
        if not move.changes:
            console.print(f"{said} already", soft_wrap=True)
            continue
        fits = Text("not known whether they fit: a version does not tell its columns", "yellow")
        if move.compared:
            fits = Text("; ".join(move.misfits), "bold red") if move.misfits else Text("the columns fit", "green")
        console.print(Text.assemble(f"{said} → {_version(move.after)}  (", fits, ")"), soft_wrap=True)


def show_changes(console: Console, changes: Sequence[AliasChange]) -> None:
    """A line for each move, the newest first."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold")
    for column in ("when", "model", "alias", "from", "to", "by", "why"):
        table.add_column(column, overflow="fold")
    for each in reversed(changes):
        versions = (_version(each.before), _version(each.after))
        why = each.reason if each.result == MOVED else f"{each.reason} (nobody saw its end)"
        row = (shown(each.moved_at), each.model, each.alias, *versions, each.by, why)
        table.add_row(*map(Text, row))
    console.print(table)


def _version(version: str) -> str:
    return f"v{version}" if version else "none"
