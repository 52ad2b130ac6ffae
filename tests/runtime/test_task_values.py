"""What sets a task value, and what says that it cannot. None of it needs Spark."""

import json
import pickle
from types import SimpleNamespace

import pytest

from framework.core.errors import FrameworkError
from framework.core.task_run import AttemptRecord, Parameter, TaskRun
from framework.runtime import entrypoint, notebook
from framework.runtime.context import TaskContext
from framework.runtime.task_values import LIMIT, InNotebook


class Dbutils:
    """The part of a notebook's ``dbutils`` that such a task uses: its parameters, and a place for values."""

    def __init__(self, **parameters):
        self.left = {}
        self.widgets = SimpleNamespace(getAll=lambda: parameters)
        self.jobs = SimpleNamespace(taskValues=SimpleNamespace(set=self._set))

    def _set(self, key, value):
        self.left[key] = value


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The parameters of a task that calls the function."""
    monkeypatch.setenv("FRAMEWORK_OUTBOX", str(tmp_path / "outbox"))

    def parameters(function, **params):
        task = TaskRun(
            project="shop", pipeline="shop", target="local", task_key="t", kind="python",
            options={"entrypoint": f"shop.values:{function}"},
            params={name: Parameter.of(value) for name, value in params.items()},
        )  # fmt: skip
        plan = tmp_path / "plans/shop.json"
        plan.parent.mkdir()
        plan.write_text(json.dumps({"schema": 1, "tasks": {"t": task.as_dict()}}))
        own = {"plan": str(plan), "task": "t", "job_run_id": "1", "task_run_id": "2"}
        return {f"framework.{name}": value for name, value in own.items()}

    return parameters


@pytest.mark.parametrize(
    ("function", "given", "left"),
    [("count", {"rows": "3"}, {"rows": 3}), ("countries", {}, {"countries": ["DE", "FR"]})],
)
def test_a_notebook_leaves_what_the_function_sets(told, tmp_path, function, given, left):
    dbutils = Dbutils(**told(function, **dict.fromkeys(given, 0)), **given)

    exit_value = notebook.run(dbutils)

    assert dbutils.left == left
    record = (tmp_path / "outbox/record.json").read_text().strip()
    assert exit_value == f"attempt record: {record}", "a run that is looked at from elsewhere finds it there"


def test_a_task_that_fails_fails_its_notebook(told):
    with pytest.raises(FrameworkError, match=r"ProjectCodeError: shop\.values:count needs an argument 'rows'"):
        notebook.run(Dbutils(**told("count")))


def test_a_value_that_is_no_json_fails_the_task(told):
    with pytest.raises(FrameworkError, match="TypeError: task value 'countries' cannot be written as JSON"):
        notebook.run(Dbutils(**told("a_set")))


def test_a_value_that_is_too_large_is_refused():
    dbutils = Dbutils()
    InNotebook(dbutils)("text", "x" * (LIMIT - 2))

    with pytest.raises(ValueError, match=r"'text' is 49,153 bytes of JSON; the limit is 49,152 \(48 KiB\)"):
        InNotebook(dbutils)("text", "x" * (LIMIT - 1))


def test_a_process_that_is_no_notebook_loses_no_value_silently(told, tmp_path):
    argv = [f"--{name}={value}" for name, value in told("countries").items()]

    assert entrypoint.main(argv) == 1

    error = AttemptRecord.from_json((tmp_path / "outbox/record.json").read_text()).error
    assert error.message.startswith("the task value 'countries' cannot be set here")
    assert "{{tasks.<this task>.values.countries}}" in error.hint


def test_a_test_of_the_project_sees_what_a_function_sets():
    from shop.values import count

    left = {}
    count(TaskContext(set_task_value=left.__setitem__), rows=3)

    assert left == {"rows": 3}


def test_a_spark_worker_cannot_set_one():
    sent = pickle.loads(pickle.dumps(TaskContext(set_task_value=InNotebook(Dbutils()))))

    with pytest.raises(FrameworkError, match="cannot be set here"):
        sent.set_task_value("rows", 3)
