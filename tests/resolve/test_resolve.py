"""What the files leave to defaults, to the target or to each other."""

import shutil
from pathlib import Path

import pytest

from framework.core.errors import InvalidProject, UsageError
from framework.core.task_run import Parameter
from framework.resolve.parameters import run_parameters
from framework.resolve.pipeline import resolve
from framework.spec.loader import load

SHOP = Path(__file__).parents[1] / "e2e" / "shop"

PROD = """\
host: https://example.cloud.databricks.com
mode: production
catalog: prod
experiment_root: /mlops/experiments
tags: {environment: prod}
pipelines:
  demand:
    parameters: {as_of: "{{job.trigger.time.iso_date}}"}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    (root / "conf" / "prod.yml").write_text(PROD)
    return root


def resolved(root: Path, target: str = "local"):
    return resolve(load(root, "shop", "demand", target))


def by_key(pipeline):
    return {task.task_key: task for task in pipeline.tasks}


def test_who_reads_waits_for_who_writes(shop):
    edges = {key: [d.task_key for d in task.depends_on] for key, task in by_key(resolved(shop)).items()}

    assert edges == {
        "features": [],
        "train": ["features"],
        "evaluate": ["features", "train"],
        "register": ["train", "evaluate"],
        "score": ["features", "register"],
    }


def test_depends_on_adds_to_what_follows_from_the_data(shop):
    file = shop / "projects/shop/pipelines/demand.yml"
    file.write_text(file.read_text().replace("    columns:", "    depends_on: [train]\n    columns:"))

    assert [d.task_key for d in by_key(resolved(shop))["score"].depends_on] == ["train", "features", "register"]


def test_the_target_gives_every_name_its_catalog(shop):
    local, prod = by_key(resolved(shop)), by_key(resolved(shop, "prod"))

    assert local["features"].options.writes == "spark_catalog.features.daily_units"
    assert prod["features"].options.reads == {"sales": "prod.raw.sales"}
    assert prod["score"].options.model == "prod.models.demand@champion"


def test_a_gate_takes_its_model_and_experiment_from_the_pipeline(shop):
    tasks = by_key(resolved(shop, "prod"))

    assert tasks["evaluate"].options.model == "prod.models.demand"
    assert tasks["evaluate"].options.experiment == "/mlops/experiments/demand"
    assert tasks["register"].options.gates == ["evaluate"]


def test_the_target_changes_values_but_not_types(shop):
    parameters = resolved(shop, "prod").parameters

    assert parameters == {"as_of": Parameter("str", "{{job.trigger.time.iso_date}}"), "slope": Parameter("int", "2")}


def test_a_target_cannot_set_a_parameter_that_the_pipeline_lacks(shop):
    (shop / "conf" / "prod.yml").write_text(PROD.replace("as_of:", "asof:"))

    with pytest.raises(InvalidProject) as raised:
        resolved(shop, "prod")

    (finding,) = raised.value.found
    assert finding.summary == "pipeline 'demand' has no parameter 'asof' (did you mean 'as_of'?)"
    assert str(finding.location) == "conf/prod.yml:8:18"


@pytest.mark.parametrize("value", ["steep", "2.5", "true"])
def test_a_target_cannot_change_the_type_of_a_parameter(shop, value):
    (shop / "conf" / "prod.yml").write_text(PROD.replace("as_of:", f"slope: {value}, as_of:"))

    with pytest.raises(InvalidProject) as raised:
        resolved(shop, "prod")

    (finding,) = raised.value.found
    assert finding.summary == f"parameter 'slope' is of type int, and '{value}' is not"
    assert str(finding.location) == "conf/prod.yml:8:25"
    assert finding.hint == "Its type is that of its default, at projects/shop/pipelines/demand.yml:5:10."


def test_a_target_may_give_a_parameter_a_reference(shop):
    (shop / "conf" / "prod.yml").write_text(PROD.replace("as_of:", 'slope: "{{job.trigger.time.day}}", as_of:'))

    assert resolved(shop, "prod").parameters["slope"] == Parameter("int", "{{job.trigger.time.day}}")


def test_names_of_tables_and_models_are_equal_in_any_case(shop):
    before = {key: task.depends_on for key, task in by_key(resolved(shop)).items()}
    file = shop / "projects/shop/pipelines/demand.yml"
    written = file.read_text().replace("writes: features.daily_units", "writes: features.Daily_Units")
    file.write_text(written.replace("models.demand@champion", "Models.DEMAND@champion"))

    assert {key: task.depends_on for key, task in by_key(resolved(shop)).items()} == before


def test_an_absolute_experiment_stays_where_it_is(shop):
    file = shop / "projects/shop/pipelines/demand.yml"
    file.write_text(file.read_text().replace("experiment: demand", "experiment: /Users/me/demand"))

    tasks = by_key(resolved(shop, "prod"))

    assert tasks["train"].options.experiment == "/Users/me/demand"
    assert tasks["evaluate"].options.experiment == "/Users/me/demand"


def test_tags_of_organisation_and_target_come_together(shop):
    assert resolved(shop, "prod").tags == {"cost_center": "4711", "environment": "prod"}


def test_a_task_parameter_has_the_type_of_the_job_parameter_it_stands_for(shop):
    assert by_key(resolved(shop))["train"].params == {"slope": Parameter("int", "{{job.parameters.slope}}")}


def test_a_source_named_on_the_command_line_replaces_the_declared_file(shop, tmp_path):
    (source,) = resolve(load(shop, "shop", "demand", "local"), {"raw.sales": tmp_path / "mine.csv"}).sources

    assert source.table == "spark_catalog.raw.sales"
    assert source.path == tmp_path / "mine.csv"
    assert source.given


def test_parameters_of_a_run_replace_defaults(shop):
    assert run_parameters({"slope": "3"}, resolved(shop).parameters) == {"as_of": "2024-03-01", "slope": "3"}


@pytest.mark.parametrize(
    ("given", "message"),
    [({"slop": "3"}, "the pipeline has no parameter 'slop'"), ({"slope": "steep"}, "parameter 'slope' is of type int")],
)
def test_parameters_of_a_run_must_be_declared_and_fit(shop, given, message):
    with pytest.raises(UsageError, match=message):
        run_parameters(given, resolved(shop).parameters)


def test_a_source_that_the_project_does_not_declare_is_a_usage_error(shop, tmp_path):
    with pytest.raises(UsageError, match=r"declares no source 'raw\.sale'"):
        resolve(load(shop, "shop", "demand", "local"), {"raw.sale": tmp_path / "mine.csv"})


OVERRIDES = """\
pipelines:
  demand:
    timeout_seconds: 3600
    databricks: {email_notifications: {on_failure: [team@example.org]}}
    tasks:
      train: {timeout_seconds: 60, databricks: {libraries: []}}
"""


def test_a_target_changes_settings_of_a_pipeline_and_of_its_tasks(shop):
    conf = shop / "conf" / "prod.yml"
    conf.write_text(PROD.partition("pipelines:")[0] + OVERRIDES)
    there, here = resolved(shop, "prod"), resolved(shop)

    assert (there.job["timeout_seconds"], here.job.get("timeout_seconds")) == (3600, None)
    assert there.job["email_notifications"] == {"on_failure": ["team@example.org"]}
    train = by_key(there)["train"]
    assert train.settings["timeout_seconds"] == 60
    assert str(there.location((*train.path, "timeout_seconds"))) == "conf/prod.yml:11:32"
    assert str(there.location(("databricks", "email_notifications", "on_failure", 0))) == "conf/prod.yml:9:53"


def test_a_target_that_changes_a_task_which_is_not_there_is_a_finding(shop):
    (shop / "conf" / "prod.yml").write_text(PROD.partition("pipelines:")[0] + OVERRIDES.replace("train", "trian"))

    with pytest.raises(InvalidProject) as raised:
        resolved(shop, "prod")
    (finding,) = raised.value.found
    assert finding.summary == "pipeline 'demand' has no task 'trian' (did you mean 'train'?)"
    assert str(finding.location) == "conf/prod.yml:11:7"


COMPUTE = """\
compute:
  environments:
    - {environment_key: default, spec: {environment_version: "3"}}
  budget_policy_id: b1
"""


def test_tasks_of_ours_run_on_what_the_target_has(shop):
    (shop / "conf" / "prod.yml").write_text(PROD + COMPUTE)
    there = resolved(shop, "prod")

    assert {task.settings["environment_key"] for task in there.tasks} == {"default"}
    assert there.job["environments"][0]["spec"] == {"environment_version": "3"}
    assert str(there.location(("environments", 0, "spec"))) == "conf/prod.yml:11:40"


IN_FULL = """\
pipelines:
  shop/demand:
    schedule: {pause_status: PAUSED}
    databricks: {email_notifications: {on_failure: [team@example.org]}, health: {rules: []}}
"""


def test_a_target_changes_parts_of_a_map_and_each_keeps_its_place(shop):
    (shop / "conf" / "prod.yml").write_text(PROD.partition("pipelines:")[0] + IN_FULL)
    file = shop / "projects/shop/pipelines/demand.yml"
    own = "schedule: {quartz_cron_expression: 0 0 4 ? * *, timezone_id: UTC}\n"
    file.write_text(f"{own}databricks: {{email_notifications: {{on_start: [us@example.org]}}}}\n{file.read_text()}")

    there = resolved(shop, "prod")

    assert there.job["schedule"] == {
        "quartz_cron_expression": "0 0 4 ? * *", "timezone_id": "UTC", "pause_status": "PAUSED"
    }  # fmt: skip
    mails = ("databricks", "email_notifications")
    places = {
        ("schedule", "pause_status"): "conf/prod.yml:8:30",
        ("schedule", "timezone_id"): "projects/shop/pipelines/demand.yml:1:62",
        (*mails, "on_failure", 0): "conf/prod.yml:9:53",
        (*mails, "on_start", 0): "projects/shop/pipelines/demand.yml:2:47",
        ("databricks", "health", "rules"): "conf/prod.yml:9:89",
    }
    assert {path: str(there.location(path)) for path in places} == places
