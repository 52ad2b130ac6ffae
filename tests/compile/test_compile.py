"""The bundle of a pipeline, as files."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from framework.check.checkout import checked
from framework.check.pipeline import check, check_together
from framework.compile.jobs import bundle_of
from framework.compile.writer import files_of, write
from framework.core.errors import InvalidProject
from framework.resolve.pipeline import resolve
from framework.spec.loader import load
from framework.spec.policy_spec import read_policy

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
GOLDEN = Path(__file__).parent / "golden" / "shop"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))


def compiled(root: Path):
    return bundle_of(check(resolve(load(root, "shop", "demand", "local"))))


def add_to_first_task(root: Path, text: str) -> None:
    file = root / "projects/shop/pipelines/demand.yml"
    file.write_text(file.read_text().replace("    primary_keys:", f"    {text}\n    primary_keys:"))


def test_the_bundle_is_what_the_golden_folder_holds(shop):
    files = files_of(compiled(shop))

    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        write(compiled(shop), GOLDEN)
    assert files == {str(p.relative_to(GOLDEN)): p.read_text() for p in GOLDEN.rglob("*") if p.is_file()}


def test_the_same_input_gives_the_same_bytes(shop):
    assert files_of(compiled(shop)) == files_of(compiled(shop))


def test_each_task_knows_where_its_telemetry_goes_and_no_secret(shop):
    section = 'telemetry: {otlp: {endpoint: "https://otlp.example.org", headers: {api-key: "{{secrets/obs/key}}"}}}\n'
    with (shop / "conf/base.yml").open("a") as base:
        base.write(section)

    tasks = compiled(shop).plans["demand"].as_dict()["tasks"]

    expected = yaml.safe_load(section)["telemetry"]
    assert [task["telemetry"] for task in tasks.values()] == [expected] * len(tasks)


def test_what_a_model_is_trained_on_is_kept_as_long_as_the_stricter_policy_wants(shop):
    for file, days in ((shop / "conf/policy.yml", 365), (shop / "projects/shop/policy.yml", 30)):
        file.write_text(f"targets: {{local: {{retention: {{training_inputs_days: {days}}}}}}}\n")
    resolved = resolve(load(shop, "shop", "demand", "local"))
    (alone,) = check_together([resolved], read_policy(shop, shop / "projects/shop"))
    ((of_checkout,),) = checked(shop, "shop", ("local",))[0]

    for each in (alone, of_checkout):
        tasks = bundle_of(each).plans["demand"].tasks
        assert {key: task.keep_inputs_days for key, task in tasks.items() if task.keep_inputs_days} == {"train": 365}


def test_tasks_have_the_tags_of_their_job(shop):
    file = shop / "projects/shop/pipelines/demand.yml"
    file.write_text(file.read_text() + 'tags: {team: retail, tier: "1"}\ndatabricks: {tags: {tier: "2"}}\n')

    bundle = compiled(shop)

    tags = bundle.jobs["demand"].tags
    assert tags == {"cost_center": "4711", "team": "retail", "tier": "2"}
    assert all(task.tags == tags for task in bundle.plans["demand"].tasks.values())


def test_native_fields_are_merged_last(shop):
    add_to_first_task(shop, "databricks: {disable_auto_optimization: true, max_retries: 2}")

    job = yaml.safe_load(files_of(compiled(shop))["resources/demand.job.yml"])["resources"]["jobs"]["demand"]

    assert job["tasks"][0]["disable_auto_optimization"] is True
    assert job["tasks"][0]["max_retries"] == 2


def test_a_native_field_that_the_jobs_service_does_not_know_points_at_its_line(shop):
    add_to_first_task(shop, "databricks: {max_retrys: 2}")

    with pytest.raises(InvalidProject) as raised:
        compiled(shop)

    (finding,) = raised.value.found
    assert finding.summary.endswith("unknown field 'max_retrys' (did you mean 'max_retries'?)")
    assert str(finding.location) == "projects/shop/pipelines/demand.yml:13:18"


@pytest.mark.parametrize(
    ("text", "at", "summary"),
    [
        ("databricks: {email_notifications: 5}", "databricks.email_notifications", "a value of the wrong type"),
        ("databricks: {libraries: 5}", "databricks.libraries", "a value of the wrong type"),
        ("databricks: {run_if: NEVER}", "databricks.run_if", "'NEVER' is not a valid RunIf"),
        (
            "databricks: {health: {rules: [{metrc: x, op: GREATER_THAN, value: 1}]}}",
            "databricks.health.rules[0].metrc",
            "unknown field 'metrc'",
        ),
        ("databricks: {libraries: [{pypi: {}}]}", "databricks.libraries[0].pypi", "field 'package' is missing"),
    ],
)
def test_a_native_value_that_does_not_fit_points_at_its_field(shop, text, at, summary):
    add_to_first_task(shop, text)

    with pytest.raises(InvalidProject) as raised:
        compiled(shop)

    (finding,) = raised.value.found
    assert finding.path == f"tasks[0].{at}"
    assert summary in finding.summary
    assert finding.location.line == 13


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("schedule: {cron: x}", {"schedule.cron": 3, "schedule": 3}),
        (
            "schedule: {quartz_cron_expression: 0 0 4 * * ?, timezone_id: UTC, pause_status: NO}",
            {"schedule.pause_status": 3},
        ),
        ("databricks: {schedule: daily, queue: 5}", {"databricks.schedule": 3, "databricks.queue": 3}),
        ("databricks: {schedule: {quartz_cron_expression: 0 0 4 * * ?}}", {"databricks.schedule": 3}),
    ],
)
def test_a_job_field_that_does_not_fit_points_at_it(shop, text, places):
    file = shop / "projects/shop/pipelines/demand.yml"
    file.write_text(file.read_text().replace("parameters:", f"{text}\nparameters:"))

    with pytest.raises(InvalidProject) as raised:
        compiled(shop)

    assert {finding.path: finding.location.line for finding in raised.value.found} == places


def test_writing_replaces_the_directory_as_a_whole(shop, tmp_path):
    target = tmp_path / "bundle"
    (target / "resources").mkdir(parents=True)
    (target / "resources" / "stale.job.yml").write_text("stale")

    write(compiled(shop), target)

    assert sorted(p.name for p in target.rglob("*") if p.is_file()) == ["demand.job.yml", "demand.json"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_written_directory_has_ordinary_permissions(shop, tmp_path):
    (tmp_path / "ordinary").mkdir()

    write(compiled(shop), tmp_path / "bundle")

    assert (tmp_path / "bundle").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_nothing_is_written_through_a_link(shop, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "bundle").symlink_to("real")

    with pytest.raises(NotADirectoryError, match="it is a link"):
        write(compiled(shop), tmp_path / "bundle")

    assert not any((tmp_path / "real").iterdir())


def test_a_file_in_the_way_stays_and_nothing_is_left_beside_it(shop, tmp_path):
    (tmp_path / "bundle").write_text("notes")

    with pytest.raises(NotADirectoryError):
        write(compiled(shop), tmp_path / "bundle")

    assert (tmp_path / "bundle").read_text() == "notes"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
