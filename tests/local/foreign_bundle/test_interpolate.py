"""References and what they stand for."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.core.diagnostics import Diagnostic, Location
from framework.local.foreign_bundle import tree
from framework.local.foreign_bundle.interpolate import MAX_VALUES, Resolver, as_text
from framework.local.foreign_bundle.tree import plain

HERE = Location("databricks.yml")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS.filter(lambda value: "${" not in str(value)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
LITERALS = st.text(alphabet="ab-_. $", max_size=4)


def resolved(variables: dict[str, Any], value: Any, **sections: Any) -> tuple[Any, list[Diagnostic]]:
    """``value`` as it is read in a bundle with these variables, and what is wrong."""
    named = {"variables": {name: {"value": content} for name, content in variables.items()}}
    findings: list[Diagnostic] = []
    whole = tree.given(named | sections, HERE)
    return plain(Resolver(whole, findings).resolve(tree.given(value, HERE), ("here",))), findings


@st.composite
def variables_of_variables(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """Texts that refer to variables before them, shuffled; and the same texts written out."""
    written: dict[str, str] = {}
    meant: dict[str, str] = {}
    for index in range(draw(st.integers(1, 6))):
        parts = draw(st.lists(st.tuples(LITERALS, st.sampled_from(["", *written])), min_size=1, max_size=4))
        name = f"v{index}"
        written[name] = "".join(text + (f"${{var.{known}}}" if known else "") for text, known in parts)
        meant[name] = "".join(text + meant.get(known, "") for text, known in parts)
    order = draw(st.permutations(list(written)))
    return {name: written[name] for name in order}, meant


@settings(deadline=None)
@given(variables_of_variables())
def test_no_reference_to_a_variable_is_left(case: tuple[dict[str, str], dict[str, str]]) -> None:
    written, meant = case

    shown, findings = resolved(written, {name: f"<${{var.{name}}}>" for name in written})

    assert shown == {name: f"<{meant[name]}>" for name in written}
    assert findings == []


@settings(deadline=None)
@given(VALUES)
def test_a_reference_as_a_whole_keeps_the_type(value: Any) -> None:
    shown, findings = resolved({"first": value, "second": "${var.first}"}, ["${var.second}"])

    assert repr(shown) == repr([value])
    assert findings == []


@given(SCALARS.filter(lambda value: "${" not in str(value)))
def test_a_reference_within_a_text_becomes_text(value: Any) -> None:
    assert resolved({"v": value}, "a ${var.v} b") == (f"a {as_text(value)} b", [])


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (0.10, "0.1"), (2.0, "2"), (1e21, "1" + "0" * 21)])
def test_scalars_are_written_as_the_cli_writes_them(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_a_name_may_be_put_together_from_references() -> None:
    variables = {"dev_schema": "ada", "stage": "dev"}
    assert resolved(variables, "${var.${var.stage}_schema}.t") == ("ada.t", [])


def test_references_reach_into_mappings_and_lists() -> None:
    variables = {"tables": {"raw": ["a", {"name": "b"}]}}
    assert resolved(variables, "${var.tables.raw[1].name}") == ("b", [])


@pytest.mark.parametrize("text", ["$HOME/${HOME}", "${}", "${a-}", "{{job.id}}", "$${var.}", "${" + "a" * 5000 + "!}"])
def test_what_is_no_reference_stays(text: str) -> None:
    assert resolved({}, text) == (text, [])


def test_values_that_double_with_each_variable_are_refused() -> None:
    doubling = {f"v{index}": f"${{var.v{index + 1}}}" * 2 for index in range(60)}

    _, findings = resolved(doubling | {"v60": "x"}, "${var.v0}")

    assert [found.summary for found in findings] == [f"more than {MAX_VALUES:,} values"]
