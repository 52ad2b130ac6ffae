"""The bundles that are committed are what the projects compile to."""

from pathlib import Path

from framework import phases
from framework.compile import committed


def test_committed_bundles_are_current(root: Path) -> None:
    found, _ = phases.compared(phases.Asked(directory=root))

    states = {str(each.directory.relative_to(root)): each.state for each in found}
    assert set(states.values()) == {"unchanged"}, f"run framework compile: {states}"
    assert not committed.left_over(root, found)
