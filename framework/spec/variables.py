"""Variables: values that differ by target, which files name as ``${var.x}``.

A variable is declared under ``variables`` in conf/base.yml, with a value or as ``{description, default}``; without a
default each target that needs it gives it a value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from framework.core.diagnostics import Diagnostic, Location
from framework.core.errors import UsageError
from framework.core.graph import find_cycle
from framework.spec.given_values import converted
from framework.spec.node_path import NodePath, format_path, printable, quoted
from framework.spec.suggestions import close_match, did_you_mean, listed
from framework.spec.yaml_nodes import MAX_FINDINGS
from framework.spec.yaml_source import Document

SECTION = "variables"
DECLARE = "Declare it under 'variables' in conf/base.yml."
REFERENCE = re.compile(r"\$\{(?:var\.([^{}]*)|env:([^{}]*))\}")
"""Its groups are the name of a variable, or that of a variable of the environment."""

_DECLARATION = {"description", "default"}
_NAME = re.compile(r"[A-Za-z0-9_]+")
_MOST_CIRCLES = 5
_MOST_SHOWN = 20
"""Variables of one circle."""


@dataclass(frozen=True)
class Variables:
    """The values that hold for one target.

    ``without_value`` are declared, but nobody gave them one; ``given`` are those of the command line. ``places`` are
    those of the values in the files.
    """

    target: str
    values: Mapping[str, Any] = field(default_factory=dict)
    without_value: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    places: Mapping[str, Location] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All that are declared."""
        return sorted({*self.values, *self.without_value})


class _Declared(NamedTuple):
    """One entry of a file: its ``value`` at ``path``, None where it has none, in what is ``written`` there."""

    document: Document
    name: str
    written: Any
    value: Any
    path: NodePath

    @property
    def in_base(self) -> bool:
        return PurePosixPath(self.document.file).stem == "base"


def names_in(value: Any) -> tuple[str, ...]:
    """The variables that a text refers to."""
    return tuple(name for name, _ in REFERENCE.findall(value) if name) if isinstance(value, str) else ()


def names_of_environment(text: str) -> tuple[str, ...]:
    """The variables of the environment that a text refers to."""
    return tuple(match[2] for match in REFERENCE.finditer(text) if match[2] is not None)


def declared(
    documents: Iterable[Document], given: Mapping[str, str], target: str, findings: list[Diagnostic]
) -> Variables:
    """The variables that conf/base.yml declares, with the target's values over them, and those ``given`` over these.

    Adds to ``findings`` what is wrong with them wherever they are used. Raises UsageError for one that is given and
    not declared, or whose default has another type.
    """
    written = [each for document in documents for each in _written(document)]
    names = dict.fromkeys(each.name for each in written if each.in_base)
    findings.extend(islice(_misdeclared(written, names), MAX_FINDINGS))
    last = {each.name: each for each in written}
    values = {name: each.value for name, each in last.items()}
    if unknown := next((name for name in given if name not in names), ""):
        raise UsageError(f"no variable {quoted(unknown)}{did_you_mean(unknown, names)}", _there_are(names))
    for name, text in given.items():
        values[name] = converted(name, text, values.get(name))
    places = {name: each.document.location(each.path) for name, each in last.items() if each.value is not None}
    findings.extend(islice(_circles(values, last, frozenset(given), target), _MOST_CIRCLES))
    missing = frozenset(name for name, value in values.items() if value is None)
    there_are = {name: value for name, value in values.items() if value is not None}
    return Variables(target, there_are, missing, frozenset(given), places)


def _written(document: Document) -> Iterator[_Declared]:
    section = document.value.get(SECTION) if isinstance(document.value, dict) else None
    for name, written in section.items() if isinstance(section, dict) else ():
        path: NodePath = (SECTION, name)
        if isinstance(written, dict) and written and written.keys() <= _DECLARATION:
            yield _Declared(document, name, written, written.get("default"), (*path, "default"))
        else:
            yield _Declared(document, name, written, written, path)


def _there_are(names: Mapping[str, None]) -> str:
    return f"There are: {listed(names)}." if names else DECLARE


def _misdeclared(written: Iterable[_Declared], names: Mapping[str, None]) -> Iterator[Diagnostic]:
    """What is wrong with a variable where it stands."""
    for each in written:
        path: NodePath = (SECTION, each.name)
        if each.name not in names:
            summary = f"conf/base.yml declares no variable {quoted(each.name)}{did_you_mean(each.name, names)}"
            yield _key_finding(each.document, path, summary, _there_are(names))
        elif each.in_base and not _NAME.fullmatch(each.name):
            summary = f"{quoted(each.name)} is no name of a variable"
            yield _key_finding(each.document, path, summary, "Letters, digits and _ only.")
        for field_path, close in _misspelt(each):
            summary = f"unknown field {quoted(field_path[-1])} (did you mean {quoted(close)}?)"
            hint = "If it is a part of the variable's value, put all of that under 'default'."
            yield _key_finding(each.document, field_path, summary, hint)
        for text_path, text in _texts(each.value, each.path):
            for name in names_of_environment(text)[:1]:
                hint = "A variable takes nothing from the environment: only 'host' and the path of a source do."
                summary, place = f"{quoted(f'${{env:{name}}}')} cannot stand here", each.document.location(text_path)
                yield Diagnostic(summary, place, format_path(text_path), hint, rule="variables")


def _key_finding(document: Document, path: NodePath, summary: str, hint: str) -> Diagnostic:
    return Diagnostic(summary, document.key_location(path), format_path(path), hint, rule="variables")


def _misspelt(each: _Declared) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Where a declaration of two fields has one that is none, and what was probably meant."""
    fields = each.written if isinstance(each.written, dict) else {}
    unknown = fields.keys() - _DECLARATION
    if len(fields) == len(_DECLARATION) and len(unknown) == 1:
        (name,) = unknown
        if close := close_match(name, _DECLARATION - fields.keys()):
            yield (SECTION, each.name, name), close


def _texts(value: Any, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    """Each text with a reference in nested mappings and lists."""
    if isinstance(value, str):
        if "${" in value:
            yield path, value
    elif isinstance(value, dict | list):
        for step, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(below, (*path, step))


def _circles(
    values: Mapping[str, Any], written: Mapping[str, _Declared], given: frozenset[str], target: str
) -> Iterator[Diagnostic]:
    """Variables whose values refer to each other in a circle."""
    upstream = {name: [n for _, text in _texts(value, ()) for n in names_in(text)] for name, value in values.items()}
    order = {name: index for index, name in enumerate(values)}
    while cycle := find_cycle(upstream):
        names = cycle[:0:-1]
        start = names.index(min(names, key=lambda name: order[name]))
        circle = (*names[start:], *names[:start])
        each = written[circle[0]]
        place = None if each.name in given else each.document.location(each.path)
        shown = circle if len(circle) <= _MOST_SHOWN else (*circle[:_MOST_SHOWN], "…")
        chain = " → ".join(map(printable, (*shown, circle[0])))
        summary = f"variable {quoted(each.name)} refers to itself: {chain}"
        hint = "Give one of them a value of its own."
        yield Diagnostic(summary, place, format_path(each.path), hint, rule="variables", targets=(target,))
        upstream = {name: others for name, others in upstream.items() if name not in cycle}
