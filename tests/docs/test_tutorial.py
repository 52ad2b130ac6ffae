"""The files that the tutorial shows are a project without findings."""

import re
from pathlib import Path

from framework.check.pipeline import check
from framework.resolve.pipeline import resolve
from framework.spec.loader import load

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
FILE = re.compile(r"```(?:yaml|python)\n# (projects/\S+)\n(.*?)```", re.DOTALL)


def test_the_project_of_the_tutorial_has_no_findings(tmp_path):
    for name, text in FILE.findall(TUTORIAL.read_text()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    pipeline = check(resolve(load(tmp_path, "shop", "demand", "local"))).pipeline

    assert [task.task_key for task in pipeline.tasks] == ["features", "train", "evaluate", "register", "score"]
