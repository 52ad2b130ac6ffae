"""The live table of a run: its tasks, those of the runs that they started, and what each one says right now."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from framework.console.results import styled
from framework.console.run_tree import Row, RunTree
from framework.core.events import RunStarted

_MARGIN = 3
"""Lines of the terminal that are left to the title, to what is not shown, and to the cursor."""
_CLOCK = 6
"""Columns that a time takes from ten seconds on; with fewer before that, all to its right would jump."""

_NamedRow = tuple[int, str, Row]


@dataclass
class RunBoard:
    """The table of ``tree``; rich asks for it anew at every refresh, so running times go on."""

    tree: RunTree = field(default_factory=RunTree)
    title: str = ""
    doing: str = ""
    _spinner: Spinner = field(default_factory=lambda: Spinner("dots"))

    def begin(self, event: RunStarted) -> None:
        """A run has its tasks shown."""
        if self.tree.begin(event).depth == 0:
            roots = self.tree.roots
            which = f"run {event.job_run_id}" if len(roots) == 1 else f"{len(roots)} runs"
            self.title = f"{event.pipeline} on {event.target}, {which}"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.title:
            yield Text(self.title, style="italic", no_wrap=True, overflow="ellipsis")
        rows = list(self.tree.in_order())
        if not rows:
            self._spinner.update(text=Text(self.doing))
            yield self._spinner
            return
        # Chosen by rank and shown in their own order: a table whose rows jump is hard to read.
        by_rank = sorted(range(len(rows)), key=lambda index: rows[index][2].rank)
        room = max(1, options.size.height - _MARGIN)
        yield self._table([rows[index] for index in sorted(by_rank[:room])], options.max_width, console.get_time())
        yield from _rest([rows[index] for index in by_rank[room:]])

    def _table(self, rows: list[_NamedRow], width: int, frame_at: float) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False, expand=True)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(12, width // 3))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, justify="right", min_width=_CLOCK)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        now = self.tree.clock()
        for depth, name, row in rows:
            clock, says = Text(row.clock(now)), Text(row.says(now))
            table.add_row(Text("  " * depth + name), self._state(row, frame_at), clock, says)
        return table

    def _state(self, row: Row, frame_at: float) -> Text:
        if row.state not in ("running", "retrying"):
            return styled(row.state)
        frame = self._spinner.render(frame_at)
        return Text.assemble(frame if isinstance(frame, Text) else "", " ", styled(row.state))


def _rest(rows: list[_NamedRow]) -> Iterator[Text]:
    if rows:
        states = ", ".join(f"{count} {state}" for state, count in Counter(row.state for _, _, row in rows).items())
        yield Text(f"… and {len(rows)} more: {states}", style="dim", no_wrap=True, overflow="ellipsis")
