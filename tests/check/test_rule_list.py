"""The rules by their names, as the documentation and code scanning show them."""

import os
import shutil
from pathlib import Path

import pytest

from framework.check.pipeline import check_together
from framework.check.rule_list import page, rules_there_are
from framework.core.diagnostics import Severity
from framework.resolve.pipeline import resolve
from framework.spec.loader import load

GOLDEN = Path(__file__).parent / "golden"
PAGE = Path(__file__).parents[2] / "docs/reference/rules.md"
CASES = sorted(case for case in GOLDEN.iterdir() if case.is_dir())
KNOWN = {rule.name: rule for rule in rules_there_are()}


def test_the_page_of_the_rules_is_current():
    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page()


def test_each_rule_says_what_it_finds_in_one_sentence():
    assert [
        rule.name for rule in rules_there_are() if not (rule.finds.endswith(".") and rule.finds[0].isprintable())
    ] == []


@pytest.mark.parametrize("name", sorted({case.name.partition("-")[0] for case in CASES}))
def test_the_severity_that_is_told_is_that_of_the_findings(name):
    texts = [(case / "expected.txt").read_text() for case in CASES if case.name.partition("-")[0] == name]
    found = {severity for severity in Severity if any(f"{severity.capitalize()}: " in text for text in texts)}

    assert KNOWN[name].severity in found
    assert KNOWN[name].severity is Severity.ERROR or Severity.ERROR not in found


def test_what_pipelines_are_warned_of_together_is_not_lost(project):
    shutil.copytree(GOLDEN / "parameters_of_runs", project.parents[1], dirs_exist_ok=True)
    pipelines = [resolve(load(project.parents[1], "shop", name, "local")) for name in ("nightly", "demand")]

    warned = [finding.rule for each in check_together(pipelines) for finding in each.warnings]

    assert warned == ["parameters_of_runs"]
