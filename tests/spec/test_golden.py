"""Every kind of mistake in the files, with exactly what the user reads about it.

A case is a folder of files laid over ``golden/_valid``. ``FRAMEWORK_UPDATE_GOLDEN=1`` writes ``expected.txt`` anew.
"""

import os
import shutil
from pathlib import Path

import pytest

from framework.core.errors import FrameworkError
from framework.spec.loader import load

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir() if not path.name.startswith("_"))


@pytest.mark.parametrize("case", CASES)
def test_findings_read_as_expected(case: str, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "_valid", tmp_path, dirs_exist_ok=True)
    shutil.copytree(GOLDEN / case, tmp_path, dirs_exist_ok=True)
    with pytest.raises(FrameworkError) as raised:
        load(tmp_path, "shop", "daily", "dev")
    found = "\n\n".join(str(d) for d in raised.value.diagnostics()) + "\n"
    expected = GOLDEN / case / "expected.txt"
    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN") == "1":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_the_files_under_the_cases_are_right() -> None:
    source = load(GOLDEN / "_valid", "shop", "daily", "dev")
    assert [task.task_key for task in source.pipeline.tasks] == ["features", "train"]
