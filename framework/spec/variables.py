"""``${var.x}`` and ``${env:X}``: values that differ by target, filled in before a file is read.

A variable is declared under ``variables`` in conf/base.yml, with a value or as ``{description, default}``; without a
default each target that needs it gives it a value. References that bundles know, such as ``${resources…}``, stay.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from framework.core.diagnostics import Diagnostic, Location
from framework.core.errors import UsageError
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.suggestions import did_you_mean
from framework.spec.yaml_nodes import Node
from framework.spec.yaml_source import Document

SECTION = "variables"
_REFERENCE = re.compile(r"\$\{(?:var\.([^{}]*)|env:([^{}]*))\}")
_DECLARATION = {"description", "default"}
_ENVIRONMENT_ALLOWED = (("host",), ("sources", "*", "path"))
"""Values that no bundle contains: what one machine's environment says is nobody else's business."""


@dataclass(frozen=True)
class Variables:
    """The values that hold for one target.

    ``without_value`` are declared, but nobody gave them one; ``given`` are those of the command line.
    """

    target: str
    values: Mapping[str, Any] = field(default_factory=dict)
    without_value: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()


def declared(written: Mapping[str, Any], given: Mapping[str, str], target: str) -> Variables:
    """The variables under ``variables``, with those ``given`` on the command line over them.

    Raises UsageError for one that is given and not declared, or whose default has another type.
    """
    if unknown := next((name for name in given if name not in written), ""):
        there = f"There are: {', '.join(written)}." if written else "Declare it under 'variables' in conf/base.yml."
        raise UsageError(f"no variable {quoted(unknown)}{did_you_mean(unknown, written)}", there)
    values = {name: value for name, each in written.items() for value in _default(each)}
    for name, text in given.items():
        values[name] = _converted(name, text, values.get(name))
    return Variables(target, values, frozenset(written.keys() - values.keys()), frozenset(given))


def names_in(value: Any) -> tuple[str, ...]:
    """The variables that a text refers to."""
    return tuple(name for name, _ in _REFERENCE.findall(value) if name) if isinstance(value, str) else ()


def refers(document: Document) -> bool:
    """Whether anything in the document is to be filled in."""
    return _refers(document.root)


def filled(document: Document, variables: Variables) -> tuple[Document, list[Diagnostic]]:
    """``document`` with every reference replaced, and what is wrong with them; places stay what they are."""
    findings: list[Diagnostic] = []
    fill = _Fill(document, variables, findings)
    return Document(document.file, fill.node(document.root, ()), document), findings


@dataclass(frozen=True)
class _Fill:
    document: Document
    variables: Variables
    findings: list[Diagnostic]

    def node(self, node: Node, path: NodePath) -> Node:
        if path == (SECTION,) or not _refers(node):
            return node
        if isinstance(node.value, str):
            return _placed(self.text(node, node.value, path, ()), node)
        children = {step: self.node(child, (*path, step)) for step, child in node.children.items()}
        values = {step: child.value for step, child in children.items()}
        return node._replace(value=values if isinstance(node.value, dict) else [*values.values()], children=children)

    def text(self, node: Node, text: str, path: NodePath, within: tuple[str, ...]) -> Any:
        """What ``text`` becomes: a value of any type when it is one reference as a whole."""
        if whole := _REFERENCE.fullmatch(text):
            return self.value(whole, node, path, within)
        return _REFERENCE.sub(lambda match: _as_text(self.value(match, node, path, within)), text)

    def value(self, match: re.Match[str], node: Node, path: NodePath, within: tuple[str, ...]) -> Any:
        name, variables = match[1], self.variables
        if name is None:
            return self.of_environment(match, node, path)
        if name in within:
            self.add(node, path, f"variable '{name}' refers to itself: {' → '.join((*within, name))}", "")
        elif name in variables.values:
            value = variables.values[name]
            return self.text(node, value, path, (*within, name)) if isinstance(value, str) else value
        elif name in variables.without_value:
            hint = (
                f"Give it one under 'variables' in conf/{variables.target}.yml, or on the command line: --var {name}=…"
            )
            self.add(node, path, f"variable {quoted(name)} has no value for target '{variables.target}'", hint)
        else:
            known = [*variables.values, *variables.without_value]
            hint = (
                f"There are: {', '.join(sorted(known))}." if known else "Declare it under 'variables' in conf/base.yml."
            )
            self.add(node, path, f"no variable {quoted(name)}{did_you_mean(name, known)}", hint)
        return match[0]

    def of_environment(self, match: re.Match[str], node: Node, path: NodePath) -> str:
        if not any(_fits(path, allowed) for allowed in _ENVIRONMENT_ALLOWED):
            hint = "It would end up in a bundle. Declare a variable in conf/ and write ${var.…}."
            self.add(node, path, f"{match[0]} cannot stand here", hint)
        # Left as it is where it is not set: finding mistakes needs no environment.
        return os.environ.get(match[2], match[0])

    def add(self, node: Node, path: NodePath, summary: str, hint: str) -> None:
        place = Location(self.document.file, node.line, node.column)
        self.findings.append(Diagnostic(summary, place, format_path(path), hint, rule="variables"))


def _refers(node: Node) -> bool:
    if isinstance(node.value, str):
        return "${" in node.value and _REFERENCE.search(node.value) is not None
    return any(_refers(child) for child in node.children.values())


def _default(written: Any) -> Iterator[Any]:
    """The value of a variable, if its declaration has one."""
    if isinstance(written, dict) and written and written.keys() <= _DECLARATION:
        yield from (written[name] for name in ("default",) if name in written)
    else:
        yield written


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


def _placed(value: Any, at: Node) -> Node:
    """``value`` as a node, everything in it standing where the reference stands."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    children = {step: _placed(child, at) for step, child in below}
    text = None if isinstance(value, str | dict | list) else json.dumps(value)
    return Node(value, at.line, at.column, text, 1 + sum(c.size for c in children.values()), children)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _fits(path: NodePath, allowed: tuple[str, ...]) -> bool:
    return len(path) == len(allowed) and all(want in ("*", step) for step, want in zip(path, allowed, strict=True))
