"""Parts of dbutils that need no Spark."""

import json
from pathlib import Path

import pytest

from framework.core.errors import FrameworkError
from framework.local.task_types.dbutils.context import Context
from framework.local.task_types.dbutils.dbutils import DbUtils
from framework.local.task_types.dbutils.notebook import Notebook
from framework.local.task_types.dbutils.secrets import Secrets
from framework.local.task_types.dbutils.task_values import TaskValues
from framework.local.task_types.dbutils.widgets import InputWidgetNotDefined, Widgets
from framework.local.task_types.files import LocalFiles
from framework.local.task_types.invocation import Invocation


@pytest.fixture
def dbutils(tmp_path):
    invocation = Invocation(
        task_type="notebook_task",
        task_key="load",
        job_run_id="7",
        task_run_id="8",
        attempt=1,
        project="shop",
        pipeline="daily",
        target="dev",
        root=Path("/bundle"),
        task_values=tmp_path,
        secrets=tmp_path / "secrets.json",
        job_id="42",
    )
    notebook = Notebook(lambda *_: "", Context(invocation, Path("/bundle/notebooks/load.py")))
    values, secrets = TaskValues(tmp_path, tmp_path), Secrets(tmp_path / "secrets.json")
    return DbUtils(Widgets({}), values, LocalFiles(tmp_path), secrets, notebook)


def test_the_context_by_the_usual_way(dbutils):
    context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()

    assert context is dbutils.notebook.getContext()
    assert context.notebookPath().get() == "/notebooks/load"
    assert (context.jobId().get(), context.currentRunId().toString()) == ("42", "Some(8)")
    assert context.tags().apply("multitaskParentRunId") == "7"
    assert context.tags().get("clusterId").getOrElse(None) is None
    assert json.loads(context.toJson())["tags"]["taskKey"] == "load"


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda d: d.notebook.getContext().apiToken().get(), "dbutils.notebook.getContext().apiToken"),
        (lambda d: d.notebook.entry_point.getJobId(), "dbutils.notebook.entry_point.getJobId"),
        (lambda d: d.library.installPyPI("x"), "dbutils.library.installPyPI"),
    ],
)
def test_what_a_local_run_does_not_have_says_so(dbutils, use, name):
    with pytest.raises(FrameworkError, match="is not available in a local run") as raised:
        use(dbutils)

    assert raised.value.message.startswith(name)


def test_a_tag_that_is_not_there(dbutils):
    with pytest.raises(FrameworkError, match="a local run has no tag 'clusterId'"):
        dbutils.notebook.getContext().tags().apply("clusterId")


def test_help_says_what_there_is(dbutils, capsys):
    dbutils.help()

    assert "widgets" in capsys.readouterr().out


def test_a_jobs_parameter_beats_a_default():
    widgets = Widgets({"day": "monday"})
    widgets.text("day", "sunday")

    assert widgets.get("day") == "monday"


def test_widgets_of_an_included_notebook_have_their_defaults_and_what_run_hands_on():
    widgets = Widgets({"env": "prod", "day": "monday", "depth": "3"})
    widgets.text("day", "sunday")

    with widgets.included({"rows": "10", "level": "$depth", "money": "$5"}):
        widgets.text("env", "dev")
        widgets.text("day", "friday")
        widgets.text("rows", "1")
        seen = {name: widgets.get(name) for name in ("env", "day", "rows", "level", "depth", "money")}

    assert seen == {"env": "dev", "day": "monday", "rows": "10", "level": "3", "depth": "3", "money": "$5"}
    assert (widgets.get("env"), widgets.get("rows")) == ("prod", "10")


def test_a_widget_that_nobody_declared():
    with pytest.raises(InputWidgetNotDefined, match="did you mean 'day'"):
        Widgets({"day": "monday"}).get("dya")
