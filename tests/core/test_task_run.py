"""The contract between compile and runtime survives its own JSON."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.core.task_run import (
    AttemptRecord,
    Environment,
    ModelVersion,
    Origin,
    Parameter,
    TableVersion,
    TaskError,
    TaskRun,
    Verdict,
    schema_hash,
)


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [("a", "7", "7"), (4, "7", 7), (0.5, "7", 7.0), (True, "false", False), ([1], "[2, 3]", [2, 3])],
)
def test_a_value_is_converted_to_the_type_of_its_yaml_default(default, text, value):
    converted = Parameter.of(default).convert(text)

    assert converted == value
    assert type(converted) is type(value)


def test_a_bool_is_written_as_the_jobs_service_writes_it():
    assert Parameter.of(True).value == "true"


@pytest.mark.parametrize(("default", "text"), [(4, "four"), (0.5, "half"), (True, "yes"), ([1], "[")])
def test_a_value_of_another_type_is_refused(default, text):
    with pytest.raises(ValueError):
        Parameter.of(default).convert(text)


scalars = st.one_of(st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))


@given(default=scalars)
def test_every_default_comes_back_from_the_string_that_stands_for_it(default):
    parameter = Parameter.of(default)

    assert parameter.convert(parameter.value) == default


@given(params=st.dictionaries(st.text(), scalars), options=st.dictionaries(st.text(), scalars))
def test_a_task_in_a_plan_is_the_task_that_was_compiled(params, options):
    task = TaskRun(
        project="p",
        pipeline="q",
        target="t",
        task_key="k",
        kind="python",
        options=options,
        params={name: Parameter.of(value) for name, value in params.items()},
    )

    assert TaskRun.from_dict(json.loads(json.dumps(task.as_dict()))) == task


def test_a_record_is_read_as_it_was_written_and_newer_fields_are_ignored():
    record = AttemptRecord(
        job_run_id="1",
        task_run_id="10001",
        attempt=2,
        project="p",
        pipeline="q",
        target="local",
        task_key="k",
        kind="evaluate",
        result="FAILED",
        started_at="2011-11-07T00:00:00Z",
        ended_at="2011-11-07T00:00:01Z",
        inputs=(TableVersion("c.s.t", 3),),
        outputs=(TableVersion("c.s.u", 0, 12),),
        metrics={"wape": 0.5},
        model=ModelVersion("c.s.m", "1", "abc"),
        verdict=Verdict(False, ("wape 0.7 is above 0.6",), "3"),
        notes=("kept v3",),
        error=TaskError("ValueError", "no"),
    )
    newer = {**json.loads(record.to_json()), "field_of_tomorrow": 1}

    assert AttemptRecord.from_json(json.dumps(newer)) == record


def test_a_record_of_an_older_version_is_read_without_what_it_did_not_know():
    old = {
        "job_run_id": "1", "task_run_id": "10001", "attempt": 2, "project": "p", "pipeline": "q", "target": "local",
        "task_key": "k", "kind": "python", "result": "SUCCESS", "started_at": "", "ended_at": "", "parameters": {},
        "inputs": [{"table": "c.s.t", "version": 3, "rows": None}], "outputs": [], "metrics": {}, "model": None,
        "verdict": None, "notes": [], "error": None, "schema": 1,
    }  # fmt: skip

    record = AttemptRecord.from_json(json.dumps(old))

    assert (record.origin, record.environment, record.iteration) == (Origin(), Environment(), None)
    assert record.inputs == (TableVersion("c.s.t", 3),)


def test_a_schema_has_another_hash_when_a_name_a_type_or_the_order_differs():
    columns = [("a", "bigint"), ("b", "string")]
    others = ([("a", "int"), columns[1]], [("c", "bigint"), columns[1]], columns[::-1], columns[:1])

    assert schema_hash(columns) == schema_hash(iter(map(tuple, columns)))
    assert len({schema_hash(columns), *map(schema_hash, others)}) == 5


def test_a_metric_that_is_not_a_number_is_null_in_json():
    record = AttemptRecord(
        job_run_id="1",
        task_run_id="2",
        attempt=1,
        project="p",
        pipeline="q",
        target="local",
        task_key="k",
        kind="evaluate",
        result="SUCCESS",
        started_at="",
        ended_at="",
        metrics={"wape": float("nan")},
    )

    assert json.loads(record.to_json(), parse_constant=pytest.fail)["metrics"] == {"wape": None}
    assert math.isnan(AttemptRecord.from_json(record.to_json()).metrics["wape"])
