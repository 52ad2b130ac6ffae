"""One folder per finding: files that break a rule, laid over a sound project, and all that a person reads about it.

``FRAMEWORK_UPDATE_GOLDEN=1 pytest tests/check`` writes the expected texts anew.
"""

import os
import shutil
from itertools import chain
from pathlib import Path

import pytest

from framework.check.pipeline import RULES, RULES_TOGETHER, findings_together
from framework.check.pipeline import findings as findings_of_one
from framework.check.thin_checks import thin_entry_points
from framework.core.diagnostics import Diagnostics
from framework.resolve.pipeline import resolve
from framework.spec.loader import load, pipeline_names

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
SOUND = Path(__file__).parent / "sound"
CASES = sorted(case for case in (Path(__file__).parent / "golden").iterdir() if case.is_dir())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of a project in which no rule finds anything."""
    return Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))


def findings(root: Path, target: str = "local") -> str:
    names = ["demand", *sorted(set(pipeline_names(root, "shop")) - {"demand"})]
    pipelines = [resolve(load(root, "shop", name, target)) for name in names]
    found = [*chain.from_iterable(map(findings_of_one, pipelines)), *findings_together(pipelines)]
    return "".join(f"{finding}\n" for finding in Diagnostics.of(found))


def test_a_sound_project_has_no_findings(shop):
    assert findings(shop) == ""


@pytest.mark.parametrize("target", ["local", "dev"])
def test_what_is_right_in_each_rules_eyes_is_no_finding(target, shop):
    shutil.copytree(SOUND, shop, dirs_exist_ok=True)

    assert findings(shop, target) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finding(case, shop):
    shutil.copytree(case, shop, dirs_exist_ok=True)

    # Rules about compute are about where there is some: such a case brings a target.
    found = findings(shop, "dev" if (case / "conf/dev.yml").is_file() else "local")

    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        (case / "expected.txt").write_text(found)
    assert found == (case / "expected.txt").read_text()
    assert found, "this case is here because it breaks a rule"


def test_every_rule_has_a_case_that_breaks_it():
    named = {case.name.partition("-")[0] for case in CASES}

    assert {rule.__name__ for rule in (*RULES, *RULES_TOGETHER, thin_entry_points)} == named


def test_source_that_cannot_be_parsed_is_a_finding_and_not_run(shop):
    (shop / "projects/shop/src/shop/demand.py").write_text("import sys; sys.exit(3)\ndef daily_units(:\n")

    assert "'shop.demand' is not valid Python" in findings(shop)
    assert "demand.py:2" in findings(shop)


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    from fast import daily_units\nexcept ImportError:\n    def daily_units(sales): ...",
        "if True:\n    def daily_units(sales): ...",
        "from shop.steps import *",
        "daily_units: object = print",
        "import steps as daily_units",
        "other, daily_units = print, print",
        "@with_defaults\ndef daily_units(sales, region): ...",
        "class daily_units(Steps): ...",
        "def __getattr__(name): ...",
        "def daily_units(sales, context, *, digits=2): ...",
    ],
)
def test_a_name_that_may_be_a_fitting_function_is_none(source, shop):
    file = shop / "projects/shop/src/shop/other.py"
    file.write_text(source + "\n")
    (file.parent / "steps.py").touch()
    pipeline = shop / "projects/shop/pipelines/demand.yml"
    pipeline.write_text(pipeline.read_text().replace("shop.demand:daily_units", "shop.other:daily_units"))

    assert findings(shop) == ""


def test_an_installed_package_is_not_read(shop):
    pipeline = shop / "projects/shop/pipelines/demand.yml"
    pipeline.write_text(pipeline.read_text().replace("shop.demand:daily_units", "json.decoder:anything"))

    assert findings(shop) == ""


def test_a_default_may_refer_to_another_parameter(shop):
    pipeline = shop / "projects/shop/pipelines/demand.yml"
    pipeline.write_text(pipeline.read_text().replace("  slope:", '  day: "{{job.parameters.as_of}}"\n  slope:'))

    assert findings(shop) == ""


def test_a_reference_that_the_target_sets_is_a_finding_in_the_target(shop):
    (shop / "conf/prod.yml").write_text(
        "host: https://example.com\nmode: production\ncatalog: prod\n"
        'pipelines:\n  demand:\n    parameters: {as_of: "{{job.today}}"}\n'
    )

    assert "in conf/prod.yml:6:25" in findings(shop, "prod")


@pytest.mark.filterwarnings("error")
def test_warnings_about_a_projects_code_are_not_ours_to_show(shop):
    file = shop / "projects/shop/src/shop/demand.py"
    file.write_text(file.read_text() + '\nPATTERN = "\\d"\n')

    assert findings(shop) == ""
