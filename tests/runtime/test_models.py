"""From training to predictions: MLflow runs, gates, the registry and scoring."""

import datetime
import json
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion

from framework.core.model_notes import AliasMove, Signature
from framework.core.task_run import ModelVersion, TaskRun
from framework.runtime import registry, tracking
from framework.runtime.context import TaskContext
from framework.runtime.task import Task
from framework.trace.registry import LocalModels

EXPERIMENT = "shop"


def test_mlflow_that_goes_away_hides_nothing_that_ended_the_task(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    template = TaskRun(project="shop", pipeline="shop", target="local", task_key="t", kind="train", options={})
    there = mlflow.get_tracking_uri()
    try:
        with (
            pytest.raises(ValueError, match=r"^mine$"),
            tracking.opened_run(Task(template=template, context=TaskContext()), EXPERIMENT, {}),
        ):
            mlflow.set_tracking_uri("http://127.0.0.1:1")
            raise ValueError("mine")
    finally:
        mlflow.set_tracking_uri(there)


@pytest.fixture
def points(table) -> str:
    """The truth is 2x; ``big`` holds numbers that a float cannot, beside a null."""
    rows = [("a", 1.0, 1, 2.0, 2**60 + 1), ("b", 2.0, 2, 4.0, None), ("c", 3.0, 3, 6.0, 5)]
    return table("points", rows, "id string, x double, n bigint, y double, big bigint")


@pytest.fixture
def train(attempt, points):
    def run(factor: float, runner=attempt):
        record = runner(
            "train", task_key="train", entrypoint="shop.models:train", reads={"rows": points}, experiment=EXPERIMENT,
            params={"factor": factor},
        )  # fmt: skip
        assert record.error is None
        return record

    return run


@pytest.fixture
def evaluate(attempt, points):
    def run(runner=attempt, entrypoint="shop.models:evaluate", **options):
        return runner(
            "evaluate", task_key="evaluate", entrypoint=entrypoint, model_from="train", reads={"rows": points},
            experiment=EXPERIMENT, model=attempt.name("model"), **{"thresholds": {"wape": {"max": 0.3}}, **options},
        )  # fmt: skip

    return run


@pytest.fixture
def register(attempt):
    def run(runner=attempt, gates=("evaluate",), **options):
        return runner(
            "register_model", model=attempt.name("model"), model_from="train", gates=list(gates), experiment=EXPERIMENT,
            **options,
        )  # fmt: skip

    return run


def alias(attempt, name: str = "champion") -> str:
    return str(MlflowClient().get_model_version_by_alias(attempt.name("model"), name).version)


def test_training_logs_a_run_that_leads_back_to_its_causes(train, attempt, points):
    record = train(2.0)
    run = mlflow.get_run(record.model.mlflow_run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["framework.job_run_id"] == attempt.job_run_id
    assert run.data.tags["framework.commit"] == "abc123" and run.data.tags["owner"] == "tests"
    assert json.loads(run.data.tags["framework.inputs"]) == {points: 0}
    assert run.data.tags["framework.model_digest"] == record.model.digest != ""
    assert run.data.params["factor"] == "2.0" and run.data.params["depth"] == "3"
    assert run.data.metrics == {"fit": 1.0} == record.metrics
    assert "mlruns" not in run.info.artifact_uri
    requirements = mlflow.pyfunc.get_model_dependencies(record.model.name)
    assert any(line.startswith("scikit-learn==") for line in Path(requirements).read_text().splitlines())


def test_a_training_that_returns_no_model_fails_its_run(attempt, points):
    record = attempt(
        "train", task_key="train", entrypoint="shop.models:train_nothing", reads={"rows": points}, experiment=EXPERIMENT
    )
    assert record.error.message == "shop.models:train_nothing returned a dict; its task expects a TrainedModel"
    (run,) = mlflow.search_runs(
        experiment_names=[EXPERIMENT], filter_string=f"tags.`framework.job_run_id` = '{attempt.job_run_id}'",
        output_format="list",
    )  # fmt: skip
    assert run.info.status == "FAILED"
    assert (record.inputs[0].key, record.model) == (f"{points}@0", ModelVersion("", "", run.info.run_id))


def test_a_model_of_no_known_flavor_is_refused(attempt, points):
    record = attempt("train", entrypoint="shop.models:train_unknown", reads={"rows": points}, experiment=EXPERIMENT)
    assert "class builtins.object, which no flavor fits" in record.error.message


def test_from_training_to_predictions(remote, spark, train, evaluate, register, points):
    train(2.2, remote)
    verdict = evaluate(remote, beats="champion").verdict
    assert verdict.passed and verdict.against == ""
    assert register(remote).model.version == "1"
    scores = remote.name("scores")
    for _ in range(2):
        record = remote(
            "batch_inference", model=remote.name("model") + "@champion", reads={"rows": points}, writes=scores,
            columns=["id", "big"], where="x > 1 AND logical_date = DATE'2011-11-07'",
            given={"framework.logical_date": "2011-11-07"},
        )  # fmt: skip
        assert record.error is None
    assert record.model.version == "1" and [(o.version, o.rows) for o in record.outputs] == [(2, 2)]
    found = [tuple(row) for row in spark.table(scores).orderBy("id").collect()]
    day = datetime.date(2011, 11, 7)
    assert spark.table(scores).columns == ["id", "big", "prediction", "model_name", "model_version", "logical_date"]
    assert found == [
        ("b", None, 4.4, remote.name("model"), "1", day),
        ("c", 5, pytest.approx(6.6), remote.name("model"), "1", day),
    ]


def test_big_numbers_beside_nulls_stay_exact(attempt, spark, train, register, points):
    train(2.0)
    register(gates=())
    attempt(
        "batch_inference", model=attempt.name("model") + "/1", reads={"rows": points}, writes=attempt.name("scores"),
        write_mode="overwrite",
    )  # fmt: skip
    found = {row["id"]: row["big"] for row in spark.table(attempt.name("scores")).collect()}
    assert found == {"a": 2**60 + 1, "b": None, "c": 5}


def test_a_worse_candidate_leaves_the_champion_live(attempt, train, evaluate, register):
    train(2.0)
    evaluate()
    register()
    train(2.5)
    record = evaluate(thresholds={"wape": {"max": 0.2}}, beats="champion")
    assert record.result == "SUCCESS" and not record.verdict.passed
    assert record.verdict.reasons == ("wape 0.25 is above 0.2", "wape 0.25 is worse than 0 of champion v1")
    assert record.metrics["champion_wape"] == 0 and record.metrics["naive_wape"] == 1
    assert register().notes == ("kept champion v1: wape 0.25 is above 0.2; wape 0.25 is worse than 0 of champion v1",)
    assert "did not pass" in register(on_fail="stop").error.message
    assert alias(attempt) == "1"


def test_a_failed_gate_without_a_champion_fails_the_registration(train, evaluate, register, attempt):
    train(9.0)
    assert not evaluate().verdict.passed
    record = register()
    assert record.error.message == (
        f"{attempt.name('model')} has no champion yet, and the candidate did not pass: wape 3.5 is above 0.3"
    )


def test_registering_again_makes_no_second_version_and_a_new_model_moves_both_aliases(
    attempt, points, train, evaluate, register
):
    train(2.1)
    evaluate()
    register()
    assert register().model.version == "1"
    train(2.1)
    record = evaluate(beats={"alias": "champion", "metric": "wape"})
    assert record.verdict.passed and record.verdict.against == "champion v1"
    assert register().model.version == "2"
    assert (alias(attempt), alias(attempt, "previous_champion")) == ("2", "1")
    version = MlflowClient().get_model_version(attempt.name("model"), "2")
    assert version.tags["framework_commit"] == "abc123" and version.tags["framework_job_run_id"] == attempt.job_run_id
    assert version.tags["framework_dirty"] == "true"
    assert f"{points} v0" in version.description


def test_a_registration_killed_before_the_alias_moved_is_completed(attempt, train, register):
    record = train(2.0)
    mlflow.register_model(record.model.name, attempt.name("model"))
    assert register(gates=()).model.version == "1"
    assert alias(attempt) == "1"


def test_a_champion_that_cannot_score_counts_as_beaten(attempt, points, train, evaluate, register):
    attempt(
        "train", task_key="train", entrypoint="shop.models:train_with_whole_numbers", reads={"rows": points},
        experiment=EXPERIMENT,
    )  # fmt: skip
    register(gates=())
    train(2.0)
    verdict = evaluate(entrypoint="shop.models:evaluate_by_column", beats="champion").verdict
    assert verdict.passed and "champion v1 cannot score these rows and counts as beaten" in verdict.reasons[-1]
    tags = [run.data.tags for run in mlflow.search_runs(experiment_names=[EXPERIMENT], output_format="list")]
    assert "does not know column x; password=[REDACTED]" in str(tags) and "hunter2" not in str(tags)


def test_a_champion_that_needs_a_column_which_is_gone_counts_as_beaten(attempt, points, train, evaluate, register):
    attempt(
        "train", task_key="train", entrypoint="shop.models:train_with_gone", reads={"rows": points},
        experiment=EXPERIMENT,
    )  # fmt: skip
    register(gates=())
    train(2.0)
    verdict = evaluate(beats="champion").verdict
    assert verdict.passed and "cannot score these rows and counts as beaten: Model is missing" in verdict.reasons[-1]


def test_the_description_of_a_version_tells_its_columns_and_each_move_of_an_alias_to_it(attempt, train, register):
    train(2.0)
    register(gates=())
    register(gates=())  # a repair

    said = MlflowClient().get_model_version(attempt.name("model"), "1").description
    assert Signature.of(said).outputs
    (move,) = AliasMove.lines_in(said)
    assert (move.alias, move.before, move.after) == ("champion", "", "1")
    assert move.by == f"job run {attempt.job_run_id}"


def test_a_candidate_that_was_never_compared_with_the_live_model_does_not_go_live(
    attempt, train, evaluate, register, monkeypatch
):
    train(2.2)
    evaluate()
    register()
    train(2.1)
    assert evaluate(beats={"metric": "wape"}).verdict.against == "champion v1"
    other = replace(attempt, job_run_id=f"{attempt.job_run_id}-other")
    train(2.0, other)
    evaluate(other, beats={"metric": "wape"})
    assert register(other).model.version == "2"
    error = register().error
    assert error.message == "the gate compared with champion v1, but champion is v2 now"
    assert "run task 'evaluate' again in this job run" in error.hint
    assert alias(attempt) == "2"
    assert register(other).notes == ("champion is now v2",)


def test_a_version_that_never_got_ready_is_not_used(attempt, train, register):
    record = train(2.0)
    register(gates=())
    store = MlflowClient()._get_registry_client().store
    with store.ManagedSessionMaker() as session:
        session.query(SqlModelVersion).filter_by(name=attempt.name("model")).update({"status": "FAILED_REGISTRATION"})
    made = registry.create_version(attempt.name("model"), record.model.mlflow_run_id, record.model.name, {})
    assert made.version == "2"


def test_a_version_that_was_deleted_is_unknown_to_a_trace_that_reads_the_database(tmp_path):
    client, name = MlflowClient(), "deleted_again"
    client.create_registered_model(name)
    for run in ("d" * 32, "e" * 32):
        client.create_model_version(name, str(tmp_path), run_id=run)
    client.delete_model_version(name, "2")

    models = LocalModels(Path(mlflow.get_registry_uri().removeprefix("sqlite:///")))
    assert models.at_version(name, "1") == ModelVersion(name, "1", "d" * 32)
    assert models.at_version(name, "2") is None


def test_an_alias_is_absent_but_a_broken_request_is_no_absence(attempt, train, register):
    train(2.0)
    register(gates=())
    assert registry.at_alias(attempt.name("model"), "none") is None
    assert registry.at_version(attempt.name("model"), "none") is None
    with pytest.raises(MlflowException):
        registry.at_alias("", "champion")


def test_a_candidate_is_measured_on_the_rows_it_was_trained_on(attempt, spark, points, train, evaluate):
    candidate = replace(train(2.0).model, digest="")
    spark.sql(f"ALTER TABLE {points} SET TBLPROPERTIES ('kept' = 'for long')")
    assert evaluate().error is None
    spark.sql(f"ALTER TABLE {points} ADD COLUMNS (later double)")
    record = evaluate()
    assert record.error.message == f"the candidate was trained on {points} v0, and would be measured on v2"
    assert "run task 'train' again" in record.error.hint
    assert (record.inputs[0].key, record.model) == (f"{points}@2", candidate)


def test_a_gate_that_decides_nothing_is_refused(train, evaluate):
    train(2.0)
    assert "neither min nor max" in evaluate(thresholds={"wape": {}}).error.message


def test_scoring_no_rows_leaves_the_slice_as_it_was(remote, spark, train, register, points):
    train(2.0, remote)
    register(remote, gates=())
    options = {
        "model": remote.name("model") + "@champion", "reads": {"rows": points}, "writes": remote.name("scores"),
        "given": {"framework.logical_date": "2011-11-07"},
    }  # fmt: skip
    remote("batch_inference", **options)
    record = remote("batch_inference", where="x > 99", **options)
    assert record.error.message == "no rows to score for logical date 2011-11-07: where is x > 99"
    assert (record.inputs[0].key, record.model.version) == (f"{points}@0", "1")
    assert spark.table(remote.name("scores")).count() == 3


def test_what_is_only_passed_on_comes_back_as_it_was(remote, spark, train, register):
    train(2.0, remote)
    register(remote, gates=())
    names = ("x", "n", "ended", "local", "share", "part")
    values = "(1D, 1L, TIMESTAMP'9999-12-31 23:59:59.999999', TIMESTAMP_NTZ'9999-12-31 00:00:00', DOUBLE('NaN'), 0.1F)"
    nulls = "(2D, 2L, NULL, NULL, NULL, FLOAT('Infinity'))"
    source, scores = remote.name("source"), remote.name("scores")
    frame = spark.sql(f"SELECT * FROM VALUES {values}, {nulls} AS t({', '.join(names)})")
    frame.write.format("delta").saveAsTable(source)
    record = remote(
        "batch_inference", model=remote.name("model") + "@champion", reads={"r": source}, writes=scores,
        write_mode="overwrite",
    )  # fmt: skip
    assert record.error is None
    scored = spark.table(scores).select(*names)
    assert scored.exceptAll(frame).count() == 0 == frame.exceptAll(scored).count()
    assert scored.dtypes == frame.dtypes


def test_a_candidate_of_another_job_run_is_not_taken(evaluate):
    record = evaluate()
    assert "has no finished MLflow run of task 'train' in job run" in record.error.message


def test_a_registration_without_its_verdict_is_refused(train, register):
    train(2.0)
    assert "no finished MLflow run of task 'evaluate'" in register().error.message


def test_an_unknown_alias_is_refused(attempt, points):
    record = attempt(
        "batch_inference", model="spark_catalog.models.none@champion", reads={"rows": points}, writes=attempt.name("s")
    )
    assert record.error.message == "model spark_catalog.models.none has no alias champion"


@pytest.fixture
def whole_numbers(attempt, points, register) -> str:
    """A model that takes one column ``n`` of whole numbers."""
    attempt(
        "train", task_key="train", entrypoint="shop.models:train_with_whole_numbers", reads={"rows": points},
        experiment=EXPERIMENT,
    )  # fmt: skip
    register(gates=())
    return attempt.name("model") + "@champion"


def test_rows_that_do_not_fit_the_model_are_refused(remote, table, whole_numbers):
    score = {"model": whole_numbers, "writes": remote.name("scores"), "write_mode": "overwrite"}
    no_n = table("no_n", [(1,)], "m bigint")
    assert "needs columns that the rows lack: n" in remote("batch_inference", reads={"r": no_n}, **score).error.message
    null = table("null_n", [(1,), (None,)], "n bigint")
    assert "'n' has empty values" in remote("batch_inference", reads={"r": null}, **score).error.message
    clash = table("clash", [(1, 1)], "n bigint, Model_Name int")
    assert (
        "'Model_Name' of the rows has the name" in remote("batch_inference", reads={"r": clash}, **score).error.message
    )
