"""``framework run`` from YAML to predictions, as its users see it."""

from pathlib import Path

import pytest

FIELDS = {
    "task_key",
    "kind",
    "result",
    "attempts",
    "duration_s",
    "inputs",
    "outputs",
    "metrics",
    "model",
    "error",
    "log",
}


def test_from_yaml_to_predictions_twice(shop):
    first = shop.framework("run", "-o", "json")
    second = shop.framework("run", "shop", "--env", "local", "-o", "json")

    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    assert first.stdout.count("\n") == 1, "one object, and nothing else"
    assert first.json["schema"] == 1
    assert first.json["result"] == "SUCCESS"
    assert [task["task_key"] for task in first.json["tasks"]] == ["features", "train", "evaluate", "register", "score"]
    assert set(first.task("score")) >= FIELDS
    # The second run adds a model version, and no row.
    version = int(first.task("score")["model"]["version"])
    assert int(second.task("score")["model"]["version"]) == version + 1
    assert first.task("score")["outputs"][0]["rows"] == second.task("score")["outputs"][0]["rows"] == 30
    assert second.task("score")["outputs"][0]["version"] > first.task("score")["outputs"][0]["version"]
    assert second.task("evaluate")["verdict"]["against"] == f"champion v{version}"
    assert second.task("evaluate")["metrics"]["mae"] == 0.0


def test_a_worse_model_is_not_registered_and_the_champion_scores(shop):
    done = shop.framework("run", "--params", "slope=5")

    assert done.code == 0, done.stderr
    for part in (
        "SUCCESS demand on local",
        "30 rows",
        "Verdict of evaluate: not passed",
        "is above 0.5",
        "register: kept champion v",
        "naive",
        "mlflow ui",
    ):
        assert part in done.stdout
    assert "score: SUCCESS" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


WEEKLY = """
name: weekly
tasks:
  - task_key: demand
    run_job_task: {job_id: "${resources.jobs.demand.id}", job_parameters: {as_of: "2024-03-02"}}
  - task_key: done
    depends_on: [demand]
    condition_task: {left: "{{tasks.demand.result_state}}", op: EQUAL_TO, right: success}
"""


def test_a_pipeline_runs_another_one(shop):
    (shop.root / "projects/shop/pipelines/weekly.yml").write_text(WEEKLY)

    done = shop.framework("run", "--pipeline", "weekly", "-o", "json")

    assert done.code == 0, done.stderr
    child = shop.framework("runs", str(done.task("demand")["run_job_run_id"]), "-o", "json")
    assert [task["result"] for task in child.json["tasks"]] == ["SUCCESS"] * 5
    assert child.json["parameters"]["as_of"] == "2024-03-02"


COUNTED = """
name: counted
parameters: {least: 2}
tasks:
  - {task_key: count, kind: python, entrypoint: "shop.counts:count", params: {least: "{{job.parameters.least}}"}}
  - {task_key: many, condition_task: {left: "{{tasks.count.values.rows}}", op: EQUAL_TO, right: "3"}}
  - task_key: each
    depends_on: [{task_key: many, outcome: "true"}]
    for_each_task:
      inputs: "{{tasks.count.values.countries}}"
      task: {task_key: one, notebook_task: {notebook_path: ../notebooks/one.py, base_parameters: {name: "{{input}}"}}}
  - {task_key: unread, kind: python, entrypoint: "shop.counts:count", params: {least: "{{job.parameters.least}}"}}
"""
COUNTS = """
def count(context, least: int) -> None:
    context.set_task_value("rows", least + 1)
    context.set_task_value("countries", ["DE", "FR"])
"""


def test_a_function_sets_values_for_a_condition_and_a_loop(shop):
    project = shop.root / "projects/shop"
    (project / "pipelines/counted.yml").write_text(COUNTED)
    (project / "src/shop/counts.py").write_text(COUNTS)
    (project / "notebooks").mkdir()
    (project / "notebooks/one.py").write_text("# Databricks notebook source\nprint(dbutils.widgets.get('name'))\n")

    done = shop.framework("run", "--pipeline", "counted", "-o", "json")

    assert {task["task_key"]: task["result"] for task in done.json["tasks"]} == {
        "count": "SUCCESS",
        "many": "SUCCESS",
        "each": "SUCCESS",
        "unread": "FAILED",
    }, done.stderr
    assert done.task("count")["kind"] == "python"
    assert done.task("many")["outcome"] == "true"
    logs = [Path(each["log"]).with_name("stdout.log").read_text() for each in done.task("each")["iterations"]]
    assert logs == ["DE\n", "FR\n"]
    # What nobody reads is no notebook's: it would be lost.
    assert done.task("unread")["error"]["message"].startswith("the task value 'rows' cannot be set here")


BAD_CODE = [
    pytest.param(
        [('groupBy("product", "day")', 'groupBy("product", "dya")')],
        ["dya", "daily_units", "demand.py"],
        id="missing column",
    ),
    pytest.param(
        [("    return sales.groupBy", '    raise ValueError("no sales today")\n    return sales.groupBy')],
        ["ValueError: no sales today", "demand.py", "in daily_units", "log"],
        id="a function that raises",
    ),
    pytest.param(
        [("    return sales.groupBy", "    return 3\n    return sales.groupBy")],
        ["shop.demand:daily_units", "DataFrame", "int"],
        id="a function that returns the wrong type",
    ),
    pytest.param(
        [("    return sales.groupBy", "    return sales\n    return sales.groupBy")],
        ["primary key (product, day) is not unique", "2 rows have"],
        id="a key that repeats",
    ),
]


@pytest.mark.parametrize(("edits", "parts"), BAD_CODE)
def test_code_that_fails_is_one_clear_message_and_nothing_is_written(shop, edits, parts):
    before = shop.commits("features.db/daily_units")
    shop.edit(shop.code, *edits)

    done = shop.framework("run")

    assert done.code == 1
    for part in parts:
        assert part in done.stdout, done.stdout
    assert "site-packages" not in done.stdout
    assert shop.commits("features.db/daily_units") == before


BAD_INPUT = [
    pytest.param(
        ["--source", "raw.sales=nowhere.parquet"], ["there is no data file", "nowhere.parquet"], 1, id="no file"
    ),
    pytest.param(["--source", "raw.sale=x.csv"], ["declares no source 'raw.sale'"], 2, id="no such source"),
    pytest.param(["--params", "slop=1"], ["no parameter 'slop'", "Did you mean 'slope'?"], 2, id="no such parameter"),
    pytest.param(["--params", "slope"], ["--params takes KEY=VALUE"], 2, id="not a pair"),
    pytest.param(["--env", "prd"], ["prd"], 2, id="no such target"),
    pytest.param(["shpo"], ["shpo", "shop"], 2, id="no such project"),
    pytest.param(["--pipeline", "demnd"], ["demnd", "demand"], 2, id="no such pipeline"),
]


@pytest.mark.parametrize(("arguments", "parts", "code"), BAD_INPUT)
def test_bad_input_is_one_clear_message_before_anything_runs(shop, arguments, parts, code):
    done = shop.framework("run", *arguments)

    assert done.code == code
    for part in parts:
        assert part in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_empty_source_is_refused_and_the_table_stays(shop):
    (shop.root / "empty.csv").write_text("product,day,units\n")
    before = shop.commits("raw.db/sales")

    done = shop.framework("run", "--source", "raw.sales=empty.csv")

    assert done.code == 1
    assert "empty.csv has no rows" in done.stderr
    assert shop.commits("raw.db/sales") == before


def test_a_mistake_in_the_yaml_points_at_its_place(shop):
    shop.edit(
        shop.pipeline,
        ("entrypoint: shop.demand:train", "entrypoint: shop.demand:trian"),
        ("model_from: train\n\n", "modle_from: train\n\n"),
    )

    done = shop.framework("run")

    assert done.code == 1
    assert "unknown field 'modle_from' (did you mean 'model_from'?)" in done.stderr
    assert f"{shop.pipeline}:33:5" in done.stderr


FAILS_TWICE = """\
    from pathlib import Path
    tries = len(list(Path.cwd().glob("try-*")))
    Path(f"try-{tries}").touch()
    if tries < 2:
        raise RuntimeError("not yet")
"""


def test_a_task_is_tried_again_as_often_as_it_may(shop):
    shop.edit(shop.pipeline, ("    primary_keys:", "    max_retries: 2\n    primary_keys:"))
    shop.edit(shop.code, ("    return sales.groupBy", FAILS_TWICE + "    return sales.groupBy"))

    done = shop.framework("run", "-o", "json")

    assert done.code == 0, done.stderr
    assert done.task("features")["attempts"] == 3


def test_a_task_that_takes_too_long_is_killed_and_what_follows_is_not_run(shop):
    shop.edit(shop.pipeline, ("    primary_keys:", "    timeout_seconds: 2\n    primary_keys:"))
    shop.edit(shop.code, ("    return sales.groupBy", "    import time\n    time.sleep(60)\n    return sales.groupBy"))

    done = shop.framework("run", "-o", "json")

    assert done.code == 1
    assert [task["result"] for task in done.json["tasks"]] == ["TIMEDOUT"] + ["UPSTREAM_FAILED"] * 4
