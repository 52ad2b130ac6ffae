"""What ``framework compile`` did, or with ``--check`` would do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from framework.compile.committed import Compared
from framework.console.results import several
from framework.core.diagnostics import Diagnostics

_STYLES = {"new": "green", "changed": "yellow", "unchanged": "dim", "removed": "red"}
_IN_CHECK = {"new": "missing", "changed": "stale", "unchanged": "current", "removed": "left over"}


def show_compared(console: Console, found: Sequence[Compared], gone: Sequence[Path], root: Path, check: bool) -> None:
    """A line for each bundle; with ``check`` also each file that is not as it should be, and the next command."""
    width = max((len(_below(root, each.directory)) for each in found), default=0)
    for each in found:
        counts = f"{several(len(each.contents), 'file')}, {several(each.jobs, 'job')}, "
        tasks = several(each.tasks, "task")
        console.print(_line(each.state, _below(root, each.directory).ljust(width), f"  {counts}{tasks}", check))
        for words, names in _differing(each) if check and each.state == "changed" else ():
            for name in names:
                console.print(f"             {words} {name}")
    for directory in gone:
        console.print(_line("removed", _below(root, directory), "", check))
    if check and (gone or any(each.state != "unchanged" for each in found)):
        console.print("\nbundles/ is not what compiles now. Run framework compile and commit what it writes.")
    if not found:
        console.print("There is no pipeline yet, so there was nothing to compile.")


def as_json(found: Sequence[Compared], gone: Sequence[Path], warnings: Diagnostics, root: Path) -> dict[str, Any]:
    """The same for a machine; ``state`` is what writing it does, with ``--check`` would do."""
    bundles = [
        {
            "project": each.project,
            "target": each.target,
            "directory": _below(root, each.directory),
            "state": each.state,
            "files": len(each.contents),
            "jobs": each.jobs,
            "tasks": each.tasks,
            **{words.replace(" ", "_"): list(names) for words, names in _differing(each)},
        }
        for each in found
    ]
    left_over = [_below(root, directory) for directory in gone]
    said = [str(warning) for warning in warnings]
    return {"schema": 1, "bundles": bundles, "left_over": left_over, "warnings": said}


def _differing(each: Compared) -> tuple[tuple[str, Sequence[str]], ...]:
    return ("stale", each.stale), ("missing", each.missing), ("left over", each.left_over)


def _line(state: str, directory: str, rest: str, check: bool) -> Text:
    word = _IN_CHECK[state] if check else state
    return Text.assemble((word.ljust(11), _STYLES[state]), directory, rest)


def _below(root: Path, directory: Path) -> str:
    return directory.relative_to(root).as_posix()
