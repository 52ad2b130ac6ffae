"""Runs that are looked for, and two of them side by side."""

import json
import math
from datetime import UTC, datetime

import pytest

from framework.core.errors import UsageError
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS
from framework.trace.compare import compare
from framework.trace.conditions import begins, contains, entry, equals, number, one_of, since, until
from framework.trace.pending import WithPending
from framework.trace.search import MetricLimit, Wanted, find, moment, run_number

SECOND = datetime(2024, 3, 2, 4, tzinfo=UTC)
CONDITIONS = [
    equals("task_key", "train"),
    equals("task_key", "it's"),
    one_of("job_run_id", ("1", "3")),
    one_of("job_run_id", ()),
    begins("commit", "c0ffee2"),
    contains("input_keys", ("spark_catalog.features.daily@1", "spark_catalog.raw.sales@0")),
    contains("input_keys", ()),
    entry("parameters", "as_of", "2024-03-02"),
    entry("parameters", "it's", "none"),
    *(number("metrics", "wape", each, 0.2) for each in ("<", "<=", "=", "!=", ">=", ">")),
    number("metrics", "nothing", "<", 1.0),
    since(SECOND),
    until(SECOND),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.sql)
def test_a_condition_means_the_same_in_sql_and_in_memory(world, condition):
    every = world.sources.ops.select(TASK_RUNS, ())

    found = world.sources.ops.select(TASK_RUNS, [condition])
    assert len(every) == 15
    assert found == [row for row in every if condition.holds(row)]
    latest = world.sources.ops.select(TASK_RUNS, [condition], limit=2)
    assert [row["started_at"] for row in latest] == [row["started_at"] for row in found[:2]]


def test_what_is_no_number_is_neither_large_nor_small(empty):
    empty.record(1, empty.attempt(1, "train", "train", metrics={"wape": math.nan}))
    for each in ("<", ">", "!="):
        assert not find(empty.sources.ops, Wanted(metrics=(MetricLimit("wape", each, 0.5),)), 20).rows

    (row,) = find(empty.sources.ops, Wanted(task="train"), 20).as_dicts()
    assert row["metrics"] == {"wape": None}
    json.dumps(row, allow_nan=False)


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [
        (Wanted(), ["3", "2", "1"]),
        (Wanted(project="shop", pipeline="demand", result="success"), ["3", "2", "1"]),
        (Wanted(project="other"), []),
        (Wanted(commit="c0ffee2"), ["2"]),
        (Wanted(params={"as_of": "2024-03-01"}), ["3", "1"]),
        (Wanted(since=SECOND), ["3", "2"]),
        (Wanted(until=SECOND), ["1"]),
        (Wanted(task="train", since=SECOND), ["3", "2"]),
        (Wanted(metrics=(MetricLimit.parse("wape<0.3"),)), ["2", "1"]),
        (Wanted(metrics=(MetricLimit.parse("wape >= 0.2"), MetricLimit.parse("wape!=0.3"))), ["2"]),
    ],
    ids=str,
)
def test_runs_are_found_by_what_they_did(world, wanted, runs):
    assert [row["job_run_id"] for row in find(world.sources.ops, wanted, 20).rows] == runs


def test_of_a_run_that_was_repaired_its_last_word_counts(empty):
    empty.record(1, empty.attempt(1, "train"), result="FAILED")
    empty.record(1, repair=1, result="SUCCESS")

    ops = empty.sources.ops
    assert not find(ops, Wanted(result="FAILED"), 20).rows
    (run,) = find(ops, Wanted(), 20).as_dicts()
    assert (run["job_run_id"], run["result"], run["repairs"]) == (1, "SUCCESS", 1)


def test_runs_that_were_repaired_do_not_hide_the_one_before_them(empty):
    empty.record(1, empty.attempt(1, "train"), result="FAILED")
    for run in (2, 3, 4):
        empty.record(run, empty.attempt(run, "train"), result="FAILED")
        empty.record(run, repair=1, result="SUCCESS")

    assert [row["job_run_id"] for row in find(empty.sources.ops, Wanted(result="failed"), 1).rows] == ["1"]


def test_the_last_run_is_one_that_no_other_run_started(empty):
    empty.record(1, empty.attempt(1, "train"))
    empty.record(2, empty.attempt(2, "train"), parent_run_id="1")

    assert run_number(empty.sources.ops, "last") == "1"
    assert run_number(empty.sources.ops, "2") == "2"


def test_the_last_run_may_have_records_of_its_attempts_alone(world):
    ops = world.sources.ops
    assert run_number(ops, "last") == "3"

    late = {**ops.select(TASK_RUNS, ())[0], "job_run_id": "9", "task_run_id": "9", "started_at": datetime.now(UTC)}
    later = WithPending(ops, lambda: {TASK_RUNS.name: [late]})
    assert run_number(later, "last", also_unrecorded=True) == "9"
    assert run_number(later, "last") == "3"
    early = WithPending(ops, lambda: {TASK_RUNS.name: [{**late, "started_at": SECOND}]})
    assert run_number(early, "last", also_unrecorded=True) == "3"


def test_runs_without_rows_are_found_beside_the_others(world):
    pending = {
        JOB_RUNS.name: [{**world.sources.ops.select(JOB_RUNS, (), limit=1)[0], "job_run_id": "9", "result": "RUNNING"}]
    }
    ops = WithPending(world.sources.ops, lambda: pending)

    assert [row["job_run_id"] for row in ops.select(JOB_RUNS, (), limit=2)] == ["9", "3"]
    assert [row["job_run_id"] for row in find(ops, Wanted(result="running"), 20).rows] == ["9"]
    assert len(ops.select(TASK_RUNS, ())) == 15


def test_what_a_repair_that_goes_on_repeats_is_there_once(world):
    rows = world.sources.ops.select(TASK_RUNS, ())
    ops = WithPending(world.sources.ops, lambda: {TASK_RUNS.name: rows[:3]})
    assert len(ops.select(TASK_RUNS, ())) == len(ops.select(TASK_RUNS, (), columns=("result",))) == 15


@pytest.mark.parametrize("text", ["", "wape", "wape<", "<0.6", "wape<much", "a<b<1", "wape<inf", "wape>nan"])
def test_a_metric_is_a_comparison_with_a_number(text):
    with pytest.raises(UsageError, match="--metric takes a comparison"):
        MetricLimit.parse(text)


def test_a_moment_is_a_date_or_how_long_ago():
    assert moment("--since", "2024-03-01T04:00+00:00") == datetime(2024, 3, 1, 4, tzinfo=UTC)
    assert 6.9 < (datetime.now(UTC) - moment("--since", "7d")).total_seconds() / 86_400 < 7.1
    for text in ("soon", "7", "2024-13-01", "9y", "99999w", "0999-01-01", "9999-12-31"):
        with pytest.raises(UsageError, match="takes a date"):
            moment("--since", text)


@pytest.mark.parametrize("commit", ["c0", "main", "c0ffee%"])
def test_a_commit_is_hex_digits(world, commit):
    with pytest.raises(UsageError, match="is no commit"):
        find(world.sources.ops, Wanted(commit=commit), 20)


def test_two_runs_side_by_side(world):
    comparison = compare(world.sources.ops, "1", "last")

    differing = {f"{line.section}/{line.name}": (line.first, line.second) for line in comparison.lines if line.differs}
    assert comparison.runs == ("1", "3")
    assert differing["task train/metric rmse"] == (4.0, 6.0)
    assert differing["task train/input spark_catalog.features.daily"] == ("v0", "v2")
    assert differing["task score/model"] == ("spark_catalog.models.demand v1", "spark_catalog.models.demand v3")
    assert differing["code/commit"] == ("c0ffee1" + "0" * 33, "c0ffee3" + "0" * 33)
    same = {f"{line.section}/{line.name}" for line in comparison.lines if not line.differs}
    assert {"parameters/as_of", "run/pipeline", "run/started", "task train/result"} <= same
    json.dumps(comparison.as_dict(), allow_nan=False)


def test_only_runs_that_are_recorded_are_compared(world):
    with pytest.raises(UsageError, match="no record of run 7"):
        compare(world.sources.ops, "1", "7")
