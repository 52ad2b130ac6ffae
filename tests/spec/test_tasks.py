"""Tasks, their kinds' options, and the names that stand in them."""

import dataclasses
import time
from pathlib import Path

import pytest

from framework.core.errors import InvalidProject
from framework.core.identifiers import Reference, TableName
from framework.runtime.kinds import KINDS
from framework.spec.pipeline_spec import PipelineSpec, read_pipeline
from framework.spec.references import references, replace_references
from framework.spec.task_spec import NATIVE_TASKS, Dependency, TaskFields
from framework.spec.yaml_source import parse

PIPELINE = """
name: daily
tasks:
  - task_key: ready
    condition_task: {op: GREATER_THAN, left: "{{job.parameters.n}}", right: "0"}
  - task_key: prepare
    kind: python
    depends_on: [{task_key: ready, outcome: "true"}]
    run_if: ALL_DONE
    entrypoint: shop.prepare:prepare
    reads: {orders: raw.orders}
    writes: {clean: clean.orders, bad: clean.rejected}
    databricks: {environment_key: default}
  - task_key: gate
    kind: evaluate
    depends_on: [prepare]
    entrypoint: shop.gate:evaluate
    model_from: train
    beats: {metric: wape}
    model: models.demand
  - task_key: register
    kind: register_model
    model: models.demand
    model_from: train
    gates: [gate]
"""


@pytest.fixture
def pipeline(tmp_path: Path) -> PipelineSpec:
    (tmp_path / "daily.yml").write_text(PIPELINE)
    return read_pipeline(parse(tmp_path / "daily.yml", "daily.yml"))


def test_a_task_is_native_or_of_a_kind(pipeline: PipelineSpec) -> None:
    ready, prepare, *_ = pipeline.tasks
    assert ready.native == ("condition_task", {"op": "GREATER_THAN", "left": "{{job.parameters.n}}", "right": "0"})
    assert ready.options is None and prepare.native is None
    assert isinstance(prepare.options, KINDS["python"])
    assert prepare.databricks == {"environment_key": "default"}
    assert pipeline.document.location((*prepare.path, "kind")).line == 7


def test_depends_on_takes_keys_and_outcomes(pipeline: PipelineSpec) -> None:
    assert pipeline.tasks[1].depends_on == (Dependency(task_key="ready", outcome="true"),)
    assert pipeline.tasks[2].depends_on == (Dependency(task_key="prepare"),)


def test_references_are_found_at_their_paths(pipeline: PipelineSpec) -> None:
    assert list(references(pipeline.tasks[1].options)) == [
        (("entrypoint",), Reference("entrypoint"), "shop.prepare:prepare"),
        (("reads", "orders"), Reference("table"), "raw.orders"),
        (("writes", "clean"), Reference("table", "writes"), "clean.orders"),
        (("writes", "bad"), Reference("table", "writes"), "clean.rejected"),
    ]
    assert (("model",), Reference("model", "mentions"), "models.demand") in references(pipeline.tasks[2].options)
    assert (("gates", 0), Reference("task"), "gate") in references(pipeline.tasks[3].options)


def test_references_are_replaced_in_a_copy(pipeline: PipelineSpec) -> None:
    options = pipeline.tasks[1].options

    def in_catalog(reference: Reference, name: str) -> str:
        return str(TableName.parse(name, "dev")) if reference.to == "table" else name

    replaced = replace_references(options, in_catalog)
    assert replaced.writes == {"clean": "dev.clean.orders", "bad": "dev.clean.rejected"}
    assert replaced.entrypoint == options.entrypoint
    assert options.reads == {"orders": "raw.orders"}


def test_the_pipeline_as_a_whole_keeps_its_order_and_defaults(pipeline: PipelineSpec) -> None:
    assert [task.task_key for task in pipeline.tasks] == ["ready", "prepare", "gate", "register"]
    assert (pipeline.tags, pipeline.schedule, pipeline.timeout_seconds) == ({}, None, None)


def test_no_kind_has_an_option_that_every_task_has() -> None:
    common = {field.name for field in dataclasses.fields(TaskFields)} | set(NATIVE_TASKS)
    assert not {f.name for kind in KINDS.values() for f in dataclasses.fields(kind)} & common


def test_the_native_tasks_are_the_official_ones() -> None:
    from databricks.bundles.jobs import Task

    assert set(NATIVE_TASKS) == {f.name for f in dataclasses.fields(Task) if f.name.endswith("_task")}


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ("".join(f"- {{task_key: t{i}, kind: train}}\n" for i in range(1001)), "more than 1,000 tasks"),
        ("- task_key: t\n" + "".join(f"  entryp{i}: 1\n" for i in range(9_900)), "the task says nothing to do"),
        ("- {task_key: t, kind: train, " + "".join(f"reads{i}: 1, " for i in range(9_900)) + "}", "unknown field"),
    ],
)
def test_thousands_of_mistakes_are_answered_soon(tmp_path: Path, tasks: str, expected: str) -> None:
    (tmp_path / "daily.yml").write_text(f"name: daily\ntasks:\n{tasks}")
    started = time.process_time()
    with pytest.raises(InvalidProject, match=expected) as raised:
        read_pipeline(parse(tmp_path / "daily.yml", "daily.yml"))
    assert time.process_time() - started < 1
    assert len(raised.value.found.items) <= 200
