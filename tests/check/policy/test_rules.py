"""One folder per finding: files laid over a checkout that keeps its policy, and all that a person reads about it.

``FRAMEWORK_UPDATE_GOLDEN=1 pytest tests/check/policy`` writes the expected texts anew.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.check.policy.findings import POLICY_RULES, policy_findings, rule_name
from framework.core.diagnostics import Diagnostics
from framework.resolve.pipeline import resolve
from framework.spec.loader import load
from framework.spec.policy_spec import PolicySpec, read_policy

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(case.name for case in GOLDEN.iterdir() if not case.name.startswith("_"))


def findings(root: Path, target: str = "prod", policy: PolicySpec | None = None) -> Diagnostics:
    pipeline = resolve(load(root, "shop", "daily", target))
    return Diagnostics.of(policy_findings(pipeline, policy or read_policy(root, root / "projects/shop")))


@pytest.mark.parametrize("target", ["local", "dev", "prod"])
def test_a_checkout_that_keeps_its_policy_has_no_findings(target):
    assert not findings(GOLDEN / "_sound", target)


@pytest.mark.parametrize("case", CASES)
def test_finding(case, tmp_path):
    shutil.copytree(GOLDEN / "_sound", tmp_path, dirs_exist_ok=True)
    shutil.copytree(GOLDEN / case, tmp_path, dirs_exist_ok=True)

    found = findings(tmp_path)

    text = "\n".join(map(str, found)) + "\n"
    expected = GOLDEN / case / "expected.txt"
    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        expected.write_text(text)
    assert text == expected.read_text()
    assert {finding.rule for finding in found} == {f"policy.{case.partition('-')[0]}"}


def test_every_rule_has_a_case_that_breaks_it():
    assert {rule_name(rule) for rule in POLICY_RULES} == {f"policy.{case.partition('-')[0]}" for case in CASES}


def test_without_a_policy_file_nothing_is_demanded(tmp_path):
    shutil.copytree(GOLDEN / "_sound", tmp_path, dirs_exist_ok=True)
    shutil.copytree(GOLDEN / "run_as", tmp_path, dirs_exist_ok=True)
    (tmp_path / "conf/policy.yml").unlink()

    assert not findings(tmp_path)


def test_the_example_keeps_the_policy_of_this_repository():
    root = Path(__file__).parents[3]
    for target in ("local", "dev", "staging", "prod"):
        pipeline = resolve(load(root, "example_demand_forecast", "demand_forecast", target))
        assert list(policy_findings(pipeline, read_policy(root))) == []


json = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 99) | st.sampled_from(["", "a", "SPOT"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["on_failure", "new_cluster", "autoscale", "id", "level", "group_name"]), inner
        )
    ),
    max_leaves=8,
)
of_job = ["tags", "run_as", "permissions", "email_notifications", "webhook_notifications", "job_clusters"]
of_task = ["new_cluster", "existing_cluster_id", "timeout_seconds", "max_retries", "email_notifications"]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(of_job), json), st.dictionaries(st.sampled_from(of_task), json))
def test_fields_of_any_shape_are_left_to_the_types_of_the_jobs_service(job, task):
    root = GOLDEN / "_sound"
    pipeline = resolve(load(root, "shop", "daily", "prod"))
    tasks = tuple(replace(each, databricks=task) for each in pipeline.tasks)
    strange = replace(pipeline, databricks=job, tasks=tasks)

    assert all(finding.location for finding in policy_findings(strange, read_policy(root)))
