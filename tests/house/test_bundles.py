"""The bundles that are committed are what the projects compile to."""

from pathlib import Path

from framework import phases
from framework.compile import committed


def test_committed_bundles_are_current(root: Path) -> None:
    bundles, _ = phases.bundles(phases.Asked(directory=root))

    found = {
        str(each.directory.relative_to(root)): each.state for each in (committed.compared(b, root) for b in bundles)
    }

    assert set(found.values()) == {"unchanged"}, f"run framework compile: {found}"
    assert not committed.left_over(root, bundles)
