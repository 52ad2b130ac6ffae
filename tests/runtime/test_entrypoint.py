"""The command line of a task, its record and its logs; nothing here needs Spark but one call."""

import json

import pytest

from framework.core.errors import DataError, UsageError
from framework.core.task_run import AttemptRecord, Parameter, TaskRun
from framework.runtime import arguments, entrypoint
from framework.runtime.context import TaskContext

OWN = ["--framework.plan=p", "--framework.task=t", "--framework.job_run_id=1", "--framework.task_run_id=2"]


def test_of_a_repeated_argument_the_last_wins_and_unknown_ones_are_kept():
    given = arguments.parse([*OWN, "--x=1", "--x=a=b", "--framework.logical_date=2011-11-07T04:00:00Z"])
    assert given.parameters == {"x": "a=b"}
    assert str(given.logical_date) == "2011-11-07"


@pytest.mark.parametrize("argv", [[], ["plain"], ["--no-value"], [*OWN, "--framework.attempt=first"]])
def test_a_command_line_that_no_job_writes_is_refused(argv):
    with pytest.raises(UsageError):
        arguments.parse(argv)


def test_parameters_are_converted_to_the_type_of_their_default():
    defaults = {"n": 4, "share": 0.5, "on": True, "name": "x", "list": [1]}
    template = _template({name: Parameter.of(value) for name, value in defaults.items()})
    assert arguments.convert_params(template, {}) == defaults
    given = {"n": "7", "share": "1", "on": "False", "name": "1", "list": "[2]"}
    assert arguments.convert_params(template, given) == {"n": 7, "share": 1.0, "on": False, "name": "1", "list": [2]}


def test_a_value_of_another_type_names_parameter_type_and_value():
    with pytest.raises(DataError, match="parameter 'n' of task 't' is not of type int: 'four'"):
        arguments.convert_params(_template({"n": Parameter.of(4)}), {"n": "four"})


def test_a_reference_that_nobody_filled_in_is_refused():
    with pytest.raises(DataError, match="parameter 'day' has no value"):
        arguments.convert_params(_template({"day": Parameter.of("{{job.parameters.day}}")}), {})


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (None, "cannot read"),
        ("{", "is not JSON"),
        ('{"schema": 2, "tasks": {}}', "has schema 2, this runtime reads 1"),
        ('{"schema": 1, "tasks": {}}', "has no task 't'"),
        ('{"schema": 1, "tasks": {"t": {"colour": 1}}}', "does not fit this runtime"),
    ],
)
def test_a_plan_that_cannot_be_used_still_leaves_a_record(tmp_path, monkeypatch, plan, message):
    monkeypatch.setenv("FRAMEWORK_OUTBOX", str(tmp_path / "out"))
    path = tmp_path / "plans" / "p.json"
    path.parent.mkdir()
    if plan is not None:
        path.write_text(plan)
    assert entrypoint.main([f"--framework.plan={path}", *OWN[1:]]) == 1
    record = AttemptRecord.from_json((tmp_path / "out" / "record.json").read_text())
    assert message in record.error.message
    assert [file.name for file in (tmp_path / "out").iterdir() if file.suffix == ".tmp"] == []


def test_the_record_of_an_odd_command_line_says_whose_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FRAMEWORK_OUTBOX", str(tmp_path))

    assert entrypoint.main([*OWN, "--framework.attempt=3", "odd"]) == 1

    record = AttemptRecord.from_json((tmp_path / "record.json").read_text())
    assert (record.task_key, record.job_run_id, record.task_run_id, record.attempt) == ("t", "1", "2", 3)
    assert "'odd' is not an argument" in record.error.message
    assert "task 't' ended: FAILED" in capsys.readouterr().err


def test_a_record_that_the_disk_refuses_is_told_and_the_attempt_fails(tmp_path, monkeypatch, capsys):
    (tmp_path / "out").write_text("a file")
    monkeypatch.setenv("FRAMEWORK_OUTBOX", str(tmp_path / "out"))

    error = entrypoint.attempt(OWN).error

    assert "its record cannot be written: [Errno " in error.message and "the disk" in error.hint
    assert error.message in capsys.readouterr().err


def test_half_a_character_in_an_error_loses_neither_record_nor_log(attempt, sales):
    record = attempt(
        "python", entrypoint="shop.features:raises_half_a_character", reads={"sales": sales}, writes=attempt.name("t")
    )
    assert record.error.message.endswith("ValueError: \udc80")
    (path,) = attempt.directory.glob("attempt*/log.jsonl")
    assert "\\udc80" in path.read_text()


def test_a_failure_leaves_a_wheel_task_by_an_exception(monkeypatch):
    monkeypatch.setattr("sys.argv", ["framework-task"])
    with pytest.raises(SystemExit, match="UsageError: missing argument"):
        entrypoint.console_main()


def test_log_lines_have_the_field_names_of_ecs(attempt, sales):
    record = attempt("python", entrypoint="shop.features:report", reads={"sales": sales})
    assert record.result == "SUCCESS" and record.started_at < record.ended_at
    (path,) = attempt.directory.glob("attempt*/log.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    (line,) = [line for line in lines if line["message"] == "sold 3\\nthings"]
    assert line["log.level"] == "info" and line["labels.job_run_id"] == attempt.job_run_id
    assert (line["service.name"], line["labels.commit"], line["labels.task_key"]) == ("shop", "abc123", "it")
    assert (lines[-1]["event.action"], lines[-1]["event.outcome"]) == ("task-ended", "success")


def test_a_context_can_be_made_in_a_test():
    assert TaskContext(task_key="t").logical_date is None


def _template(params) -> TaskRun:
    return TaskRun(project="p", pipeline="p", target="local", task_key="t", kind="python", options={}, params=params)
