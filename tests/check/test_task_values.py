"""Task values that only running the code would tell are no findings."""

import pytest

from framework.check.order_checks import task_values_are_set, task_values_read_in_order, unused_task_values
from framework.check.parameter_checks import unknown_references
from framework.check.retry_checks import retries_repeat_appends

ASKED = """
  - {task_key: count, notebook_task: {notebook_path: ../notebooks/count.py}}
  - task_key: check
    depends_on: [count]
    condition_task: {left: "{{tasks.count.values.days}}", op: EQUAL_TO, right: "0"}
"""
SETS = 'dbutils.jobs.taskValues.set(key="rows", value=1)\n'
HELPER = 'def note(utils):\n    utils.jobs.taskValues.set("days", 2)\n'


@pytest.fixture
def counted(project, nightly):
    """A pipeline whose first task runs this code, and whose second one asks for 'days'."""

    def made(code, tasks=ASKED):
        (project / "notebooks").mkdir(exist_ok=True)
        (project / "notebooks/count.py").write_text(f"# Databricks notebook source\n{code}")
        (project / "pipelines/demand.yml").unlink(missing_ok=True)
        return nightly(tasks)

    return made


@pytest.mark.parametrize(
    "more",
    [
        "values = dbutils.jobs.taskValues\nvalues.set('days', 2)",
        "jobs = dbutils.jobs\njobs.taskValues.set(key=name, value=2)",
        "getattr(dbutils.jobs, 'taskValues').set('days', 2)",
        "note(dbutils)",
        "note({'utils': [dbutils]})",
        "note(dbutils.jobs.taskValues)",
        "utils = dbutils",
    ],
)
def test_task_values_by_another_name_may_be_any(more, counted):
    pipeline = counted(SETS + more)

    assert list(task_values_are_set(pipeline)) == []
    assert list(unused_task_values([pipeline])) == []


def test_a_notebook_that_uses_dbutils_for_other_things_is_certain(counted):
    pipeline = counted(SETS + "day = dbutils.widgets.get('day')\nfiles = dbutils.fs.ls('/')")

    assert len(list(task_values_are_set(pipeline))) == 1


def test_a_module_of_the_project_may_set_and_get_them_too(project, counted):
    (project / "src/shop/notes.py").write_text(HELPER)
    pipeline = counted(SETS + "from shop.notes import note\nnote()")

    assert list(task_values_are_set(pipeline)) == []
    assert list(unused_task_values([pipeline])) == []


@pytest.mark.parametrize(
    "task",
    [
        "python_wheel_task: {package_name: tools, entry_point: main}",
        "notebook_task: {notebook_path: /Workspace/Shared/report}",
    ],
)
def test_code_from_elsewhere_may_get_them(task, counted):
    pipeline = counted(SETS, f"{ASKED}\n  - {{task_key: other, depends_on: [count], {task}}}")

    assert list(unused_task_values([pipeline])) == []


@pytest.mark.parametrize("is_link", [True, False])
def test_a_file_outside_of_the_checkout_is_not_read(is_link, project, nightly):
    outside = project.parents[2] / "insert.sql"
    outside.write_text("INSERT INTO logs.days SELECT 1")
    path = "../../../../insert.sql"
    if is_link:
        (project / "sql").mkdir(exist_ok=True)
        (project / "sql/insert.sql").symlink_to(outside)
        path = "../sql/insert.sql"

    task = f"  - {{task_key: a, sql_task: {{warehouse_id: w, file: {{path: {path}}}}}, max_retries: 1}}"

    assert list(retries_repeat_appends(nightly(task))) == []


def test_no_retries_under_databricks_win(nightly):
    task = (
        "  - {task_key: a, kind: python, entrypoint: 'shop.demand:daily_units', writes: logs.days, "
        "write_mode: append, max_retries: 3, databricks: {max_retries: 0}}"
    )

    assert list(retries_repeat_appends(nightly(task))) == []


OURS = """
  - {task_key: count, kind: python, entrypoint: "shop.counts:%s", params: {}}
  - {task_key: check, condition_task: {left: "{{tasks.count.values.days}}", op: EQUAL_TO, right: "0"}}
"""
FUNCTIONS = "def silent(): ...\ndef count(context): ...\n@cache\ndef cached(): ...\n"


@pytest.mark.parametrize(("function", "summaries"), [("silent", 1), ("count", 0), ("cached", 0), ("missing", 0)])
def test_a_function_sets_values_through_its_context_only(function, summaries, project, nightly):
    (project / "src/shop/counts.py").write_text(FUNCTIONS)

    found = list(task_values_are_set(nightly(OURS % function)))

    assert [each.summary for each in found] == [
        "task 'count' sets no value 'days': its function takes no context"
    ] * summaries


def test_a_kind_without_a_function_sets_no_values(nightly):
    pipeline = nightly("""
  - {task_key: live, kind: register_model, model: models.demand, model_from: count}
  - {task_key: check, condition_task: {left: "{{tasks.live.values.version}}", op: EQUAL_TO, right: "0"}}
""")

    (found,) = (each for each in unknown_references(pipeline) if each.path == "tasks[1].condition_task.left")
    assert found.summary.endswith("refers to nothing: a register_model sets no task values")


@pytest.mark.parametrize(("told", "is_found"), [("0", True), ("{{tasks.count.values.rows}}", False)])
def test_a_notebook_gets_values_of_tasks_that_run_as_one_too(told, is_found, project, nightly):
    (project / "notebooks").mkdir()
    get = 'dbutils.jobs.taskValues.get(taskKey="count", key="days")'
    (project / "notebooks/show.py").write_text(f"# Databricks notebook source\n{get}\n")
    pipeline = nightly(f"""
  - {{task_key: count, kind: python, entrypoint: "shop.counts:count"}}
  - task_key: show
    depends_on: [count]
    notebook_task: {{notebook_path: ../notebooks/show.py, base_parameters: {{rows: "{told}"}}}}
""")

    found = [each.summary for each in task_values_read_in_order(pipeline)]

    assert bool(found) == is_found
    assert all("which sets none: no task of the pipeline refers to its values" in summary for summary in found)
