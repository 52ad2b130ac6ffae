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

    def broken(task: str, policy: str, job: str = "") -> list[str]:
        root = Path(shutil.copytree(SOUND, tmp_path, dirs_exist_ok=True))
        target = root / "conf/prod.yml"
        of_target = target.read_text().partition("  job_clusters:")[0]
        target.write_text(of_target.replace("  budget_policy_id: budget-1\n", ""))
        (root / "conf/policy.yml").write_text(f"targets: {{prod: {policy}}}\n")
        pipeline = root / "projects/shop/pipelines/daily.yml"
        pipeline.write_text(f"name: daily\ntasks: [{{task_key: a, {task}}}]\n{job}")
        found = policy_findings(resolve(load(root, "shop", "daily", "prod")), read_policy(root, root / "projects/shop"))
        return [finding.rule for finding in found]

    return broken


@pytest.mark.parametrize(("task", "found"), [(CONDITION, []), (SERVERLESS, ["policy.time_limits"])])
def test_a_condition_needs_no_time_limit(task, found, rules):
    assert rules(task, "{limits: {task_timeout_seconds: 10}}") == found


@pytest.mark.parametrize(("task", "found"), [(IN_WAREHOUSE, []), (SERVERLESS, ["policy.budget_policy"])])
def test_a_notebook_in_a_warehouse_needs_no_budget_policy(task, found, rules):
    assert rules(task, "{compute: {budget_policies: [budget-1]}}") == found


CLUSTER = "sql_task: {}, databricks: {new_cluster: {%s}}"


@pytest.mark.parametrize(
    ("cluster", "policy"),
    [
        ("is_single_node: true", "{compute: {max_workers: 4}}"),
        ("num_workers: 0", "{compute: {max_workers: 4}}"),
        ("instance_pool_id: p", "{compute: {spot: forbidden, instance_pools: [p], node_types: [m5.*]}}"),
        ("gcp_attributes: {use_preemptible_executors: false}", "{compute: {spot: forbidden}}"),
        ("gcp_attributes: {use_preemptible_executors: true}", "{compute: {spot: required}}"),
    ],
)
def test_a_cluster_may_say_it_in_another_way(cluster, policy, rules):
    assert rules(CLUSTER % cluster, policy) == []


@pytest.mark.parametrize("cluster", ["is_single_node: '${bundle.one}'", "is_single_node: false", "autoscale: {}"])
def test_a_cluster_that_does_not_say_how_many_workers_it_has_keeps_no_limit(cluster, rules):
    assert rules(CLUSTER % cluster, "{compute: {max_workers: 4}}") == ["policy.workers"]


def test_a_tag_may_be_one_of_many_values(rules):
    job = "{tags: {required: {environment: {values: ['dev*', 'pr*']}}}}"

    assert rules(SERVERLESS, job) == []


@pytest.mark.parametrize(
    "policy",
    [
        "compute: {serverless_only: true}",
        "compute: {existing_clusters: false}",
        "compute: {budget_policies: [b]}",
        "compute: {policy_ids: [p]}",
        "compute: {node_types: [m]}",
        "compute: {spark_versions: [s]}",
        "compute: {max_workers: 1}",
        "compute: {autoscale: required}",
        "compute: {spot: forbidden}",
        "limits: {task_timeout_seconds: 10}",
        "limits: {max_retries: 1}",
        "notifications: {emails: [a]}",
        "names: {task: a}",
    ],
)
def test_a_loop_over_a_task_that_is_filled_in_later_keeps_no_rule_about_tasks(policy, rules):
    loop = 'timeout_seconds: 1, for_each_task: {inputs: "[1]", task: "${bundle.task}"}'

    assert len(rules(loop, f"{{{policy}}}")) == 1


@pytest.mark.parametrize("field", ["run_as", "tags", "permissions"])
def test_what_the_jobs_service_refuses_is_not_missing_too(field, rules):
    policy = "run_as: {service_principal: true}, tags: {required: {environment: {}}}"
    policy += ", permissions: {required: [{group_name: data-science}]}"

    assert rules(SERVERLESS, f"{{{policy}}}", f"databricks: {{{field}: me}}\n") == []
