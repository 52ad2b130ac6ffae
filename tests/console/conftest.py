"""What a person reads beside what is expected; ``FRAMEWORK_UPDATE_GOLDEN=1 pytest tests/console`` writes that anew."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def assert_golden() -> Callable[[str, str], None]:
    def compare(name: str, shown: str) -> None:
        if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
            (GOLDEN / name).write_text(shown)
        assert shown == (GOLDEN / name).read_text()

    return compare
