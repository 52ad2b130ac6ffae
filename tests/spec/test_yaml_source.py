"""What a YAML file means, and where its values stand."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.core.diagnostics import Location
from framework.spec.yaml_source import Document, parse


def document(tmp_path: Path, text: str | bytes) -> Document:
    path = tmp_path / "file.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return parse(path, "conf/file.yml")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("4", 4), ("-12", -12), ("0", 0), ("1.10", 1.1), (".5", 0.5), ("1e3", 1000.0), ("2.", 2.0),
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("12:30:45", "12:30:45"), ("2024-01-31", "2024-01-31"),
        ("007", "007"), ("0x1F", "0x1F"), ("1_000", "1_000"), ("1.2.3", "1.2.3"), ("-a", "-a"), ("tRUE", "tRUE"),
        ("'4'", "4"), ('"null"', "null"), ('"a\\tb"', "a\tb"), ("=", "="), ('"{{job.run_id}}"', "{{job.run_id}}"),
    ],
)  # fmt: skip
def test_a_scalar_is_what_it_looks_like(tmp_path: Path, written: str, value: Any) -> None:
    found = document(tmp_path, f"key: {written}\n").value["key"]
    assert (found, type(found)) == (value, type(value))


def test_the_places_of_values_and_keys(tmp_path: Path) -> None:
    it = document(tmp_path, "tasks:\n- task_key: a\n  reads: {sales: raw.sales}\n- b\n")
    assert it.value == {"tasks": [{"task_key": "a", "reads": {"sales": "raw.sales"}}, "b"]}
    assert str(it.location(("tasks", 0, "reads", "sales"))) == "conf/file.yml:3:18"
    assert str(it.key_location(("tasks", 0, "reads", "sales"))) == "conf/file.yml:3:11"
    assert str(it.location(("tasks", 1))) == "conf/file.yml:4:3"
    assert str(it.key_location(("tasks", 1))) == "conf/file.yml:4:3"


def test_a_path_that_is_not_there_has_the_place_of_its_nearest_ancestor(tmp_path: Path) -> None:
    it = document(tmp_path, "a:\n  b: {c: 1}\n")
    assert it.location(("a", "b", "x", "y")) == Location("conf/file.yml", 2, 6)
    assert it.key_location(("a", "b", "x")) == Location("conf/file.yml", 2, 6)
    assert it.location(("x",)) == Location("conf/file.yml", 1, 1)


def test_an_alias_stands_where_it_is_written(tmp_path: Path) -> None:
    it = document(tmp_path, "a: &x {n: 1}\nb: *x\n")
    assert it.value == {"a": {"n": 1}, "b": {"n": 1}}
    assert it.location(("b",)).line == 2
    assert it.location(("b", "n")) == Location("conf/file.yml", 1, 11)


def test_a_number_remembers_how_it_was_written(tmp_path: Path) -> None:
    it = document(tmp_path, "a: 1.10\nb: text\n")
    assert (it.written(("a",)), it.written(("b",))) == ("1.10", None)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "﻿"])
def test_a_file_that_says_nothing_is_none(tmp_path: Path, text: str) -> None:
    assert document(tmp_path, text).value is None


def test_a_byte_order_mark_and_windows_line_ends_move_no_place(tmp_path: Path) -> None:
    it = document(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert it.location(("a",)) == Location("conf/file.yml", 1, 4)
    assert it.location(("b",)) == Location("conf/file.yml", 2, 4)


TEXT = st.text(st.characters(blacklist_categories=("C", "Z")) | st.just(" "), max_size=12)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(-1e9, 1e9).map(lambda x: round(x, 3)) | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(value=VALUES, indent=st.sampled_from([None, 2]))
def test_json_reads_as_the_same_value_and_every_place_points_at_its_text(
    tmp_path: Path, value: Any, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    it, lines = document(tmp_path, text), text.split("\n")
    assert it.value == value
    for path, leaf in leaves(value):
        place = it.location(path)
        assert lines[place.line - 1][place.column - 1 :].startswith(json.dumps(leaf, ensure_ascii=False))
        if path and isinstance(path[-1], str):
            place = it.key_location(path)
            assert lines[place.line - 1][place.column - 1 :].startswith(json.dumps(path[-1], ensure_ascii=False))


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    if not isinstance(value, dict | list):
        return [(path, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, inner in items for leaf in leaves(inner, (*path, key))]
