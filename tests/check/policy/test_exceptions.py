"""What the rules about time and cost leave alone."""

import shutil
from pathlib import Path

import pytest

from framework.check.policy.findings import policy_findings
from framework.resolve.pipeline import resolve
from framework.spec.loader import load
from framework.spec.policy_spec import read_policy

SOUND = Path(__file__).parent / "golden/_sound"
CONDITION = "condition_task: {left: a, op: EQUAL_TO, right: b}"
IN_WAREHOUSE = "notebook_task: {notebook_path: /Shared/a, warehouse_id: w}"
SERVERLESS = "notebook_task: {notebook_path: /Shared/a}"


@pytest.fixture
def rules(tmp_path):
    """The rules that find something when the pipeline is this one task, under this policy for production."""

    def broken(task: str, policy: str) -> list[str]:
        root = Path(shutil.copytree(SOUND, tmp_path, dirs_exist_ok=True))
        target = root / "conf/prod.yml"
        target.write_text(target.read_text().replace("  budget_policy_id: budget-1\n", ""))
        (root / "conf/policy.yml").write_text(f"targets: {{prod: {policy}}}\n")
        pipeline = root / "projects/shop/pipelines/daily.yml"
        pipeline.write_text(f"name: daily\ntasks: [{{task_key: a, {task}}}]\n")
        found = policy_findings(resolve(load(root, "shop", "daily", "prod")), read_policy(root, root / "projects/shop"))
        return [finding.rule for finding in found]

    return broken


@pytest.mark.parametrize(("task", "found"), [(CONDITION, []), (SERVERLESS, ["policy.time_limits"])])
def test_a_condition_needs_no_time_limit(task, found, rules):
    assert rules(task, "{limits: {task_timeout_seconds: 10}}") == found


@pytest.mark.parametrize(("task", "found"), [(IN_WAREHOUSE, []), (SERVERLESS, ["policy.budget_policy"])])
def test_a_notebook_in_a_warehouse_needs_no_budget_policy(task, found, rules):
    assert rules(task, "{compute: {budget_policies: [budget-1]}}") == found
