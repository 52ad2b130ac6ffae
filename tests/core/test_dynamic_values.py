"""Dynamic value references, by the rules of the Jobs service."""

from datetime import UTC, datetime

import pytest

from framework.core.dynamic_values import only_reference, problem_with, references_in, substitute, time_part

AT = datetime(2011, 11, 7, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("iso_weekday", "1"),
        ("is_weekday", "true"),
        ("iso_date", "2011-11-07"),
        ("iso_datetime", "2011-11-07T04:05:06Z"),
        ("year", "2011"),
        ("month", "11"),
        ("day", "7"),
        ("hour", "4"),
        ("minute", "5"),
        ("second", "6"),
        ("timestamp_ms", "1320638706000"),
    ],
)
def test_parts_of_a_moment(part, value):
    assert time_part(AT, part) == value


@pytest.mark.parametrize(
    "reference",
    [
        "job.run_id",
        "job.parameters.as_of",
        "job.trigger.time.iso_date",
        "task.execution_count",
        "tasks.train.values.rows",
        "tasks.train.result_state",
        "tasks.train.output.first_row.n",
        "tasks.train.output.alert_state",
        "job.trigger.table_update.updated_tables",
        "job.trigger.table_update.main.raw.orders.version",
        "job.trigger.table_update.main.raw.orders.commit_timestamp.iso_datetime",
        "input.country",
        "backfill.iso_date",
    ],
)
def test_references_that_the_service_knows(reference):
    assert problem_with(reference, ["as_of"], ["train"]) == ""


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("job.parameters.asof", "the pipeline has no parameter 'asof'"),
        ("tasks.trian.values.rows", "the pipeline has no task 'trian'"),
        ("tasks.train.value.rows", "a task has no 'value.rows' to refer to"),
        ("job.trigger.time.iso", "the Jobs service knows no such reference"),
        ("jobs.run_id", "the Jobs service knows no such reference"),
        ("run_id", "the Jobs service knows no such reference"),
        ("job.trigger.table_update.orders.size", "the Jobs service knows no such reference"),
    ],
)
def test_references_that_stand_for_nothing(reference, problem):
    assert problem_with(reference, ["as_of"], ["train"]) == problem


def test_references_are_found_and_replaced_wherever_they_stand():
    text = "from {{ job.run_id }} to {{task.name}}"

    assert references_in(text) == ("job.run_id", "task.name")
    assert substitute(text, str.upper) == "from JOB.RUN_ID to TASK.NAME"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("{{tasks.`my-task`.values.`a.b`}}", "tasks.my-task.values.a.b"),
        ("{{tasks.t.output.first_row.`my col`}}", "tasks.t.output.first_row.my col"),
        ("{{job.parameters.`as-of`}}", "job.parameters.as-of"),
        ("{{job.parameters.[as_of]}}", "job.parameters.as_of"),
        ("{{tasks.t.values.a`b}}", "tasks.t.values.a`b"),
    ],
)
def test_identifiers_may_be_escaped(written, plain):
    assert references_in(written) == (plain,)
    assert only_reference(written) == plain
    assert substitute(written, str.upper) == plain.upper()
    assert problem_with(plain, ["as_of", "as-of"], ["my-task", "t"]) == ""


def test_only_a_text_that_is_one_reference_has_its_type():
    assert only_reference("{{job.parameters.n}}") == "job.parameters.n"
    assert only_reference("n={{job.parameters.n}}") == ""
    assert only_reference(4) == ""
