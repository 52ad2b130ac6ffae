"""Trees laid over each other."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from framework.core.diagnostics import Diagnostic, Location
from framework.local.foreign_bundle import tree
from framework.local.foreign_bundle.merge import merge, merge_keyed_lists
from framework.local.foreign_bundle.tree import plain

BASE, TARGET = Location("databricks.yml", 1), Location("databricks.yml", 2)
TASKS = st.lists(st.sampled_from("abcdef"), unique=True).flatmap(
    lambda keys: st.tuples(*(st.builds(lambda n, key=key: {"task_key": key, "n": n}, st.integers()) for key in keys))
)


def merged(old: Any, new: Any) -> tuple[Any, list[Diagnostic]]:
    findings: list[Diagnostic] = []
    return plain(merge(tree.given(old, BASE), tree.given(new, TARGET), findings)), findings


def job_of(tasks: tuple[dict[str, Any], ...], place: Location) -> tree.Placed:
    listed = tuple(replace(tree.given(task, place), within=place) for task in tasks)
    return tree.Placed({"tasks": tree.Placed(listed, place)}, place)


@given(TASKS, TASKS)
def test_tasks_of_one_key_become_one_where_the_first_stood(
    base: tuple[dict[str, Any], ...], target: tuple[dict[str, Any], ...]
) -> None:
    findings: list[Diagnostic] = []

    both = merge(job_of(base, BASE), job_of(target, TARGET), findings)
    tasks = plain(merge_keyed_lists(both, findings, ()))["tasks"]

    last = {task["task_key"]: task for task in (*base, *target)}
    assert tasks == list(last.values())
    assert findings == []


def test_mappings_merge_lists_grow_scalars_are_replaced() -> None:
    old = {"tags": {"a": "1", "b": "2"}, "list": [1], "name": "old", "kept": True}
    new = {"tags": {"b": "3", "c": "4"}, "list": [2], "name": "new", "kept": None}

    assert merged(old, new) == (
        {"tags": {"a": "1", "b": "3", "c": "4"}, "list": [1, 2], "name": "new", "kept": True},
        [],
    )


@given(st.recursive(st.integers() | st.text(), lambda inner: st.dictionaries(st.text(max_size=2), inner)))
def test_a_tree_without_lists_over_itself_is_itself(value: Any) -> None:
    assert merged(value, value) == (value, [])
    assert merged(value, None) == (value, [])
    assert merged(None, value) == (value, [])
