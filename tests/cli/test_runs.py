"""Jobs of a bundle whose tasks need no Spark, run, listed, repaired and asked for their logs, as a user types it."""

import json
import time

import pytest
from typer.testing import CliRunner

from framework.cli.app import app

BUNDLE = """
bundle: {name: demo}
targets: {dev: {default: true}}
resources:
  jobs:
    main:
      name: main
      parameters: [{name: n, default: "3"}]
      tasks:
        - task_key: check
          condition_task: {left: "{{job.parameters.n}}", op: GREATER_THAN, right: "2"}
        - task_key: many
          depends_on: [{task_key: check, outcome: "true"}]
          for_each_task:
            inputs: "[1, 2]"
            task: {task_key: each, condition_task: {left: "{{input}}", op: EQUAL_TO, right: "2"}}
        - task_key: child
          depends_on: [{task_key: many}]
          run_job_task: {job_id: "${resources.jobs.other.id}"}
    other:
      name: other
      tasks: [{task_key: x, condition_task: {left: "1", op: EQUAL_TO, right: "1"}}]
    dbt:
      name: dbt
      tasks: [{task_key: models, dbt_task: {commands: ["dbt run"]}}]
"""


@pytest.fixture
def framework(tmp_path, monkeypatch):
    (tmp_path / "databricks.yml").write_text(BUNDLE)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_job(framework, *more):
    done = framework("run", "--bundle", ".", "main", "-o", "json", *more)
    return done, json.loads(done.stdout) if done.stdout else {}


def test_a_job_of_any_bundle_runs_without_spark_when_nothing_needs_it(framework):
    started = time.monotonic()
    done, run = run_job(framework)

    assert (done.exit_code, run["result"], run["project"], run["target"]) == (0, "SUCCESS", "demo", "dev")
    check, many, child = run["tasks"]
    assert check["outcome"] == "true"
    assert [each["outcome"] for each in many["iterations"]] == ["false", "true"]
    assert child["run_job_run_id"] > run["job_run_id"]
    assert "  many[0]: SUCCESS" in done.stderr
    assert "    x: SUCCESS" in done.stderr
    assert time.monotonic() - started < 30


def test_runs_are_listed_and_shown(framework):
    assert framework("runs").exit_code == 0
    _, first = run_job(framework)
    _, second = run_job(framework, "--params", "n=x")

    listed = json.loads(framework("runs", "-o", "json").stdout)
    shown = framework("runs", "last")

    assert [(run["job_run_id"], run["result"]) for run in listed] == [
        (second["job_run_id"], "FAILED"), (first["job_run_id"], "SUCCESS"),
    ]  # fmt: skip
    assert "'x' is not a number" in shown.stdout
    assert f"framework run --repair {second['job_run_id']}" in shown.stdout
    assert framework("runs", 1).exit_code == 2


def test_a_repair_with_other_parameters_succeeds_under_the_same_number(framework):
    _, failed = run_job(framework, "--params", "n=x")

    repaired = framework("run", "--repair", failed["job_run_id"], "--params", "n=3", "-o", "json")

    assert repaired.exit_code == 0
    assert json.loads(repaired.stdout)["job_run_id"] == failed["job_run_id"]
    (listed,) = json.loads(framework("runs", "-o", "json").stdout)
    assert (listed["repairs"], listed["result"]) == (1, "SUCCESS")


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999"])
@pytest.mark.parametrize("option", ["--repair", "--resume"])
def test_a_number_that_no_run_has_starts_none(framework, option, number):
    run_job(framework)
    done = framework("run", option, number)

    assert (done.exit_code, done.stdout) == (2, "")
    assert f"there is no run {number}" in done.stderr or f"'{number}' is no run" in done.stderr
    assert len(json.loads(framework("runs", "-o", "json").stdout)) == 1


def test_a_disk_that_refuses_is_no_bug_of_ours(framework, tmp_path):
    run_job(framework)
    (tmp_path / ".framework" / "runs.db").write_text("overwritten by something else " * 1000)

    done = framework("runs")

    assert (done.exit_code, done.stdout) == (1, "")
    assert "runs.db cannot be used: file is not a database" in done.stderr


def test_the_state_is_for_its_user_alone(framework, tmp_path):
    """Parameters and variables are in it as they are."""
    run_job(framework)

    assert (tmp_path / ".framework").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".framework" / "runs.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_secret_that_only_its_value_gives_away_is_in_no_answer(framework, tmp_path, monkeypatch, place):
    secret = f"swordfish of the {place}"
    if place == "environment":
        monkeypatch.setenv("DB_PASSWORD", secret)
    else:
        (tmp_path / ".framework").mkdir()
        (tmp_path / ".framework" / "secrets.json").write_text(json.dumps({"shop": {"db": secret}}))

    done, run = run_job(framework, "--params", f"n={secret}")
    asked = (("runs", "last"), ("runs", "last", "-o", "json"), ("runs", "-o", "json"), ("runs", "--project", "demo"))
    rows = framework("runs", "--task", "check", "-o", "json")

    assert run["parameters"] == {"n": "[REDACTED]"}
    assert json.loads(rows.stdout)[0]["error_message"].startswith("'[REDACTED]' is not a number")
    assert not any(secret in text for text in (done.output, rows.output, *(framework(*each).output for each in asked)))


def test_one_idempotency_token_is_one_run(framework):
    _, first = run_job(framework, "--idempotency-token", "monday")
    done, second = run_job(framework, "--idempotency-token", "monday")

    assert first["job_run_id"] == second["job_run_id"]
    assert "nothing was started" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("run", "--bundle", ".", "mian"), ["there is no job 'mian'", "main"]),
        (("run", "--bundle", "."), ["which job?"]),
        (("run", "--bundle", ".", "dbt"), ["is a dbt_task, which a local run cannot execute", "dbt run"]),
        (("run", "--bundle", ".", "-t", "prod", "main"), ["no target 'prod'", "dev"]),
        (("run", "--bundle", "nowhere", "main"), ["nowhere"]),
        (("run", "--bundle", ".", "main", "--params", "m=1"), ["job 'main' has no parameter 'm'", "n"]),
        (("run", "--bundle", ".", "main", "--only", "chek"), ["no task 'chek'", "Did you mean 'check'?"]),
        (("run", "--bundle", ".", "main", "--idempotency-token", "x" * 65), ["at most 64 characters"]),
        (("run", "--repair", "1"), ["there is no run in"]),
        (("run", "--resume", "1", "--params", "a=b"), ["keeps its parameters"]),
        (("run", "--rerun-tasks", "a"), ["go with --repair"]),
        (("run", "--repair", "1", "main"), ["name a run", "Leave out 'main'."]),
        (("run", "--resume", "1", "--idempotency-token", "x"), ["Leave out --idempotency-token."]),
        (("run", "--repair", "1", "--var", "a=b", "--only", "x"), ["Leave out --var, --only."]),
        (("run", "--repair", "0", "--resume", "1"), ["--resume for one that was killed"]),
        (("run", "--idempotency-token", ""), ["at least 1"]),
        (("logs", "last", "check"), []),
        (("backfill", "p", "--from", "2024-02-30", "--to", "2024-03-01", "--every", "1d"), ["is no date"]),
        (("backfill", "p", "--from", "2024-03-02", "--to", "2024-03-01", "--every", "1d"), ["comes before"]),
        (("backfill", "p", "--from", "2024-03-01", "--to", "2024-03-02", "--every", "week"), ["is no step"]),
    ],
)
def test_a_wrong_word_is_one_clear_message(framework, arguments, parts):
    done = framework(*arguments)

    assert done.exit_code in (1, 2)
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr
