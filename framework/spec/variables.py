"""Variables: values that differ by target, which files name as ``${var.x}``.

A variable is declared under ``variables`` in conf/base.yml, with a value or as ``{description, default}``; without a
default each target that needs it gives it a value.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from framework.core.diagnostics import Diagnostic, Location
from framework.core.errors import UsageError
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.suggestions import did_you_mean, listed
from framework.spec.yaml_source import Document

SECTION = "variables"
DECLARE = "Declare it under 'variables' in conf/base.yml."
_DECLARATION = {"description", "default"}


@dataclass(frozen=True)
class Variables:
    """The values that hold for one target.

    ``without_value`` are declared, but nobody gave them one; ``given`` are those of the command line. ``places`` are
    those of the others.
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


def declared(
    documents: Iterable[Document], given: Mapping[str, str], target: str, findings: list[Diagnostic]
) -> Variables:
    """The variables that conf/base.yml declares, with the target's values over them, and those ``given`` over these.

    Adds to ``findings`` one that only the target knows. Raises UsageError for one that is given and not declared, or
    whose default has another type.
    """
    values: dict[str, Any] = {}
    places: dict[str, Location] = {}
    names: dict[str, None] = {}
    for document, name, value, path in _written(documents):
        if _is_base(document):
            names[name] = None
        elif name not in names:
            summary = f"conf/base.yml declares no variable {quoted(name)}{did_you_mean(name, names)}"
            hint = f"There are: {listed(names)}." if names else DECLARE
            place = document.key_location((SECTION, name))
            findings.append(Diagnostic(summary, place, format_path((SECTION, name)), hint, rule="variables"))
        values[name], places[name] = value, document.location(path)
    if unknown := next((name for name in given if name not in names), ""):
        there = f"There are: {listed(names)}." if names else DECLARE
        raise UsageError(f"no variable {quoted(unknown)}{did_you_mean(unknown, names)}", there)
    for name, text in given.items():
        values[name] = _converted(name, text, values.get(name))
    missing = frozenset(name for name, value in values.items() if value is None)
    there_are = {name: value for name, value in values.items() if value is not None}
    return Variables(target, there_are, missing, frozenset(given), places)


def _is_base(document: Document) -> bool:
    return PurePosixPath(document.file).stem == "base"


def _written(documents: Iterable[Document]) -> Iterator[tuple[Document, str, Any, NodePath]]:
    """Each variable with its value and the value's path; None where it has none."""
    for document in documents:
        section = document.value.get(SECTION) if isinstance(document.value, dict) else None
        for name, written in section.items() if isinstance(section, dict) else ():
            path: NodePath = (SECTION, name)
            if isinstance(written, dict) and written and written.keys() <= _DECLARATION:
                yield document, name, written.get("default"), (*path, "default")
            else:
                yield document, name, written, path


def _converted(name: str, text: str, default: Any) -> Any:
    if default is None or isinstance(default, str):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    same = type(value) is type(default) or (isinstance(value, int) and type(default) is float)
    if not same or isinstance(value, bool) != isinstance(default, bool):
        raise UsageError(f"variable {quoted(name)} is like {json.dumps(default)}, and {quoted(text)} is not")
    return value
