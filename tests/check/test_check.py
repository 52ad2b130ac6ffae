"""One folder per finding: a pipeline that breaks a rule, and all that a person reads about it.

``FRAMEWORK_UPDATE_GOLDEN=1 pytest tests/check`` writes the expected texts anew.
"""

import os
import shutil
from pathlib import Path

import pytest

from framework.check.pipeline import RULES, check
from framework.core.errors import InvalidProject
from framework.resolve.pipeline import resolve
from framework.spec.loader import load

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
CASES = sorted(case for case in (Path(__file__).parent / "golden").iterdir() if case.is_dir())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of a project in which no rule finds anything."""
    return Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))


def findings(root: Path) -> str:
    try:
        check(resolve(load(root, "shop", "demand", "local")))
    except InvalidProject as error:
        return "\n".join(str(finding) for finding in error.found) + "\n"
    return ""


def test_a_sound_project_has_no_findings(shop):
    assert findings(shop) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finding(case, shop):
    shutil.copy(case / "demand.yml", shop / "projects/shop/pipelines/demand.yml")

    found = findings(shop)

    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        (case / "expected.txt").write_text(found)
    assert found == (case / "expected.txt").read_text()
    assert found, "this case is here because it breaks a rule"


def test_every_rule_has_a_case_that_breaks_it():
    named = {case.name.partition("-")[0] for case in CASES}

    assert {rule.__name__ for rule in RULES} == named


def test_source_that_cannot_be_parsed_is_a_finding_and_not_run(shop):
    (shop / "projects/shop/src/shop/demand.py").write_text("import sys; sys.exit(3)\ndef daily_units(:\n")

    assert "'shop.demand' is not valid Python" in findings(shop)
    assert "demand.py:2" in findings(shop)
