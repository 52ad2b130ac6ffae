"""What is done once more, with what, and when it counts as the same; no Spark."""

import math
from dataclasses import replace

import pytest
from rich.console import Console

from framework.console.reproduction import show_reproduced
from framework.core.errors import UsageError
from framework.core.pinned import Pinned
from framework.core.task_run import AttemptRecord, Environment, ModelVersion, Origin, TableVersion, TaskRun, Verdict
from framework.runtime import arguments, plans
from framework.trace.delta_tables import DeltaTables
from framework.trace.reproduced import past
from framework.trace.reproduced.choice import Ended, choice
from framework.trace.reproduced.redirected import plan_of, redirected, told
from framework.trace.reproduced.verdicts import Reproduced, TaskAgain, record_lines, rows_line, surroundings
from framework.trace.reproduced.written import Compared, Written

AT = "2024-03-01T04:00:00+00:00"
FEATURES, SCORES = "spark_catalog.features.units", "spark_catalog.predictions.units"
MODEL = "spark_catalog.models.units"
SCRATCH = "spark_catalog.reproduce_7"


def record(kind="batch_inference", **more):
    given = {
        "job_run_id": "7", "task_run_id": "70", "attempt": 2, "project": "shop", "pipeline": "demand",
        "target": "local", "task_key": "score", "kind": kind, "result": "SUCCESS", "started_at": AT, "ended_at": AT,
        "parameters": {"as_of": "2024-03-01"}, "logical_date": "2024-03-01",
    }  # fmt: skip
    return AttemptRecord(**{**given, **more})


SCORED = record(
    inputs=(TableVersion(FEATURES, 3, schema_hash="abc"),),
    outputs=(TableVersion(SCORES, 5, 30),),
    model=ModelVersion(MODEL, "4", "run4"),
)


def template(kind="batch_inference", **options):
    return TaskRun(
        project="shop", pipeline="demand", target="local", task_key="score", kind=kind, options=options,
        telemetry={"otlp": {}},
    )  # fmt: skip


SCORE = template(model=f"{MODEL}@champion", reads={"features": FEATURES}, writes=SCORES)


def same(then, now, tolerance=0.0):
    return {line.what: line.judgement for line in record_lines(then, now, tolerance)}


def trained(digest):
    return record("train", metrics={"rows": 30.0}, model=ModelVersion("models:/m-1", "", "run1", digest))


def test_scoring_gets_the_version_of_the_model_and_of_the_tables_and_a_table_of_its_own():
    again = redirected(SCORE, SCORED, SCRATCH, 2)
    assert again.template.options["model"] == f"{MODEL}/4"
    assert again.template.options["reads"] == {"features": FEATURES}
    assert again.template.options["writes"] == f"{SCRATCH}.predictions__units__2"
    assert again.pinned.tables == {FEATURES: 3}
    assert again.template.telemetry == {}
    slice_only = "`logical_date` <=> DATE'2024-03-01'"
    assert again.written == (
        Written(table=SCORES, version=5, scratch=f"{SCRATCH}.predictions__units__2", part=slice_only),
    )


@pytest.mark.parametrize(("mode", "part"), [("overwrite", "all"), ("append", "added")])
def test_rows_are_compared_with_what_that_task_wrote(mode, part):
    task = template("python", entrypoint="a:b", writes={"x": SCORES}, write_mode=mode)
    again = redirected(task, SCORED, SCRATCH, 0)
    assert again.template.options["writes"] == {"x": f"{SCRATCH}.predictions__units__0"}
    assert [each.part for each in again.written] == [part]


@pytest.mark.parametrize(("against", "rival"), [("champion v3", "3"), ("no model", ""), ("", "")])
def test_a_gate_gets_the_candidate_and_the_rival_that_it_had(against, rival):
    judged = record(
        "evaluate",
        model=ModelVersion("models:/m-1", "", "run1"),
        verdict=Verdict(passed=True, reasons=(), against=against),
    )
    task = template("evaluate", entrypoint="a:b", model_from="train", model=MODEL, experiment="units")
    again = redirected(task, judged, SCRATCH, 0)
    assert again.pinned == Pinned(candidate="run1", rival=rival)
    assert again.template.options["model"] == MODEL
    assert again.template.options["experiment"] == "units.reproduced"


def test_the_runtime_understands_what_the_attempt_is_given(tmp_path):
    again = redirected(SCORE, SCORED, SCRATCH, 2)
    plan = tmp_path / "demand.json"
    plan.write_text(plan_of(again, {"own": "shared"}))
    own = told(again, SCORED, str(plan), {"job_run_id": "7-again", "task_run_id": "70-again"})
    given = arguments.parse([f"--{name}={value}" for name, value in own.items()])
    assert given.pinned == again.pinned
    assert given.parameters == {"as_of": "2024-03-01"}
    assert str(given.logical_date) == "2024-03-01"
    assert plans.load_plan(plan) == plans.Plan({"score": again.template}, {"own": "shared"})


def test_a_broken_pin_is_refused_and_not_read_past():
    ours = [f"--framework.{name}=x" for name in ("plan", "task", "job_run_id", "task_run_id")]
    with pytest.raises(UsageError, match="pinned"):
        arguments.parse([*ours, '--framework.pinned={"tables": '])


def test_metrics_are_the_same_when_they_are_equal_or_within_the_tolerance():
    then = record("train", metrics={"wape": 0.5, "nan": math.nan})
    now = replace(then, metrics={"wape": 0.5 + 1e-12, "nan": math.nan})
    assert same(then, then)["metric wape"] == same(then, then)["metric nan"] == "same"
    assert same(then, now)["metric wape"] == "differs"
    assert same(then, now, tolerance=1e-9)["metric wape"] == "same"
    assert same(then, replace(now, metrics={}))["metric wape"] == "differs"


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("result", {"result": "FAILED"}),
        ("reads features.units", {"inputs": (TableVersion(FEATURES, 3, schema_hash="xyz"),)}),
        ("reads features.units", {"inputs": ()}),
        ("model models.units", {"model": ModelVersion(MODEL, "4", "another")}),
    ],
)
def test_what_is_not_as_it_was_differs(what, change):
    assert same(SCORED, SCORED)[what] == "same"
    assert same(SCORED, replace(SCORED, **change))[what] == "differs"


@pytest.mark.parametrize(
    ("then", "now", "judgement"),
    [
        ("rows:units", "rows:units", "same"),
        ("rows:units", "rows:other", "differs"),
        ("rows:units", "others:units", "unknown"),
        ("rows:units", "", "unknown"),
        ("", "rows:units", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_a_trained_model_is_the_same_when_it_predicts_the_same_whatever_the_metrics_say(then, now, judgement):
    assert same(trained(then), trained(now), tolerance=1e9)["model, on its input example"] == judgement


def test_a_task_that_makes_nothing_is_not_called_the_same():
    silent = record("python", inputs=SCORED.inputs)
    assert same(silent, silent) == {"result": "unknown", "reads features.units": "same"}


def test_rows_differ_when_some_have_no_like_or_columns_have_changed():
    written = Written(table=SCORES, version=5, scratch="s", part="all")
    assert rows_line(written, Compared(then=30, now=30), {}, "").judgement == "same"
    other = rows_line(written, Compared(then=30, now=30, only_then=2, only_now=2), {}, "")
    assert (other.judgement, other.reason) == ("differs", "2 only then, 2 only now")
    assert rows_line(written, Compared(then=30, now=30, columns=("a was int, is gone",)), {}, "").judgement == "differs"
    assert rows_line(written, None, {SCORES: 30, "s": 30}, "its files were vacuumed").judgement == "unknown"
    assert rows_line(written, None, {SCORES: 30, "s": 29}, "its files were vacuumed").judgement == "differs"


def test_a_task_is_only_the_same_when_all_of_it_is():
    then = record("train", metrics={"a": 1.0, "b": 1.0})
    now = replace(then, metrics={"a": 1.0, "b": 2.0})
    assert TaskAgain(task="train", kind="train", lines=tuple(record_lines(then, then, 0))).judgement == "same"
    assert TaskAgain(task="train", kind="train", lines=tuple(record_lines(then, now, 0))).judgement == "differs"
    assert TaskAgain(task="train", kind="train", lines=()).judgement == "unknown"


@pytest.mark.parametrize(
    ("skipped", "verdict"),
    [
        ({}, "The same: run 7."),
        ({"register": "", "score": ""}, "The same in 1 of 3 tasks: run 7. Not done again: register, score."),
    ],
)
def test_the_verdict_says_how_much_of_the_run_it_is_of(capsys, skipped, verdict):
    then = record("train", metrics={"a": 1.0})
    again = TaskAgain(task="train", kind="train", lines=tuple(record_lines(then, then, 0)))
    show_reproduced(Console(), Reproduced(job_run_id="7", commit="", tasks=(again,), skipped=skipped))

    assert capsys.readouterr().out.splitlines()[-1] == verdict


def test_a_task_that_was_not_finished_is_told_apart_from_one_that_is_not_there():
    ended = [Ended(task_key="train", iteration=None, result="SUCCESS", record=trained("rows:units"))]
    order = ["train", "score", "loop"]
    found = choice("7", ended, order, [])
    assert ([each.name for each in found.chosen], list(found.skipped)) == (["train"], ["score", "loop"])
    for task in ("score", "loop[3]"):
        with pytest.raises(UsageError) as refused:
            choice("7", ended, order, [task])
        assert f"{task}: it was not finished" in str(refused.value.hint)
    with pytest.raises(UsageError, match="has no task 'scores'"):
        choice("7", ended, order, ["scores"])


def test_other_versions_of_what_it_ran_on_are_told():
    then = replace(SCORED, environment=Environment(python="3.11.4", spark="4.0"), origin=Origin(project_wheel="aa"))
    now = replace(SCORED, environment=Environment(python="3.12.0", spark="4.0"), origin=Origin(project_wheel="bb"))
    assert [note.partition(" was ")[0] for note in surroundings(then, now)] == [
        "Python",
        "the code is not what ran: its hash",
    ]


def test_a_table_that_is_gone_or_was_made_anew_is_told(tmp_path):
    import pyarrow as pa
    from deltalake import write_deltalake

    tables = DeltaTables(tmp_path)
    assert "no such table" in past.gone(tables, FEATURES, 0)
    write_deltalake(str(tmp_path / "features.db/units"), pa.table({"a": [1]}))
    assert past.gone(tables, FEATURES, 0) == ""
    assert "made anew" in past.gone(tables, FEATURES, 3)
    next((tmp_path / "features.db/units").glob("*.parquet")).unlink()
    assert "1 of its 1 files were vacuumed" in past.gone(tables, FEATURES, 0)
