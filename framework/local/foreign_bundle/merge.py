"""Lays trees over each other as the CLI does: mappings merge, lists are appended, scalars replace."""

from dataclasses import replace

from framework.core.diagnostics import Diagnostic
from framework.local.foreign_bundle.interpolate import as_text
from framework.local.foreign_bundle.tree import Placed, finding
from framework.spec.node_path import NodePath

KEYED_LISTS = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "parameters": "name",
    "environments": "environment_key",
}
"""The lists of a job whose elements are merged by this key."""


def merge(old: Placed, new: Placed, findings: list[Diagnostic], path: NodePath = ()) -> Placed:
    """``new`` over ``old``; every part keeps its place. A null changes nothing."""
    if new.value is None or old.value is None:
        return old if new.value is None else new
    if _kind(old) != _kind(new):
        summary = f"{_kind(new)} cannot be laid over {_kind(old)}"
        findings.append(finding(summary, new.place, path, f"The other one stands at {old.place}."))
        return old
    if isinstance(old.value, tuple):
        return replace(old, value=old.value + new.value)
    if not isinstance(old.value, dict):
        return new
    value = dict(old.value)
    for key, inner in new.fields.items():
        value[key] = merge(value[key], inner, findings, (*path, key)) if key in value else inner
    return replace(old, value=value, keys={**old.keys, **new.keys})


def merge_keyed_lists(job: Placed, findings: list[Diagnostic], path: NodePath) -> Placed:
    """The job with the elements of its keyed lists merged. References in it have to be resolved.

    Two elements with one key are a finding when one list has both of them.
    """
    lists = {
        field: _by_key(job.at(field), key, findings, (*path, field))
        for field, key in KEYED_LISTS.items()
        if isinstance(job.at(field).value, tuple)
    }
    return job.with_fields(**lists)


def _by_key(elements: Placed, key: str, findings: list[Diagnostic], path: NodePath) -> Placed:
    merged: dict[str | int, Placed] = {}
    written: dict[tuple[str, object], Placed] = {}
    for index, element in enumerate(elements.items):
        name = _name(element.at(key)) or index
        if isinstance(name, str) and (first := written.setdefault((name, element.within), element)) is not element:
            summary = f"{key} '{name}' is there twice"
            hint = f"The first one stands at {first.at(key).place}."
            findings.append(finding(summary, element.at(key).place, (*path, index, key), hint))
        elif name in merged:
            merged[name] = merge(merged[name], element, findings, (*path, index))
        else:
            merged[name] = element
    return replace(elements, value=tuple(merged.values()))


def _name(key: Placed) -> str:
    """A key as text: ``task_key: 7`` is a name too."""
    return "" if isinstance(key.value, dict | tuple) else as_text(key.value)


def _kind(node: Placed) -> str:
    return "a mapping" if isinstance(node.value, dict) else "a list" if isinstance(node.value, tuple) else "a value"
