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


@pytest.mark.parametrize("job", [{}, {"job_clusters": "${bundle.clusters}"}])
@pytest.mark.parametrize(
    "task", [{"new_cluster": "${bundle.cluster}"}, {"new_cluster": {"autoscale": "${bundle.scale}"}}]
)
def test_a_cluster_that_is_filled_in_later_keeps_no_rule(job, task):
    pipeline = resolve(load(GOLDEN / "_sound", "shop", "daily", "prod"))
    tasks = tuple(replace(each, databricks=task) for each in pipeline.tasks)

    found = policy_findings(replace(pipeline, databricks=job, tasks=tasks), read_policy(GOLDEN / "_sound"))

    unknown = {each.rule for each in found if "cannot be known here" in each.summary}
    of_whole = {"cluster_tags", "cluster_policies", "node_types", "spark_versions", "spot_instances"}
    is_whole = bool(job) or task["new_cluster"] == "${bundle.cluster}"
    assert unknown == {"policy.workers"} | {f"policy.{rule}" for rule in of_whole if is_whole}


def test_a_service_principal_that_is_filled_in_later_may_be_a_person(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/prod.yml").write_text("")
    (tmp_path / "conf/policy.yml").write_text("run_as: {service_principal: true}\n")
    pipeline = resolve(load(GOLDEN / "_sound", "shop", "daily", "prod"))
    run_as = {"service_principal_name": "${workspace.current_user.userName}"}

    (found,) = policy_findings(replace(pipeline, databricks={"run_as": run_as}), read_policy(tmp_path))

    assert found.summary == "what '${workspace.current_user.userName}' stands for cannot be known here"


def test_a_hint_names_the_first_values_that_are_allowed(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/prod.yml").write_text("")
    (tmp_path / "conf/policy.yml").write_text("compute: {spark_versions: [a, b, c, d, e, f]}\n")
    pipeline = resolve(load(GOLDEN / "_sound", "shop", "daily", "prod"))

    (found,) = policy_findings(pipeline, read_policy(tmp_path))

    assert found.hint == "conf/policy.yml:1 allows 'a', 'b', 'c', 'd', 'e', …."


json = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 99) | st.sampled_from(["", "a", "SPOT", "9", "${a.b}"]),
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
