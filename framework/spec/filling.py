"""Fills in ``${var.x}`` before a file is read. ``${env:X}`` stays until a run needs it: nothing else shows its value.

References that bundles know, such as ``${resources…}``, stay. ``local`` has no file of its own, so what it has no use
for stays there as it is written, too.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from framework.core.diagnostics import Diagnostic, Location
from framework.core.errors import UsageError
from framework.spec.node_path import NodePath, format_path, printable, quoted
from framework.spec.suggestions import did_you_mean, listed
from framework.spec.task_spec import NATIVE_TASKS
from framework.spec.variables import DECLARE, REFERENCE, SECTION, Variables, names_of_environment
from framework.spec.yaml_nodes import CHARACTERS_PER_NODE, MAX_DEPTH, MAX_FINDINGS, MAX_NODES, Node
from framework.spec.yaml_source import Document

MAX_CHAIN = 20
"""Variables that name each other one after the other."""

_ENVIRONMENT_ALLOWED = (("host",), ("sources", "*", "path"))
"""Values that no bundle contains: what one machine's environment says is nobody else's business."""
_PASSED_ON = {"condition_task", "inputs", "parameters", "base_parameters", "named_parameters", "job_parameters"}
"""Of native tasks: a local run would silently go on with the reference instead of the value."""

_REMOVE_QUOTES = "Remove the quotes."
_MOST_SAID = 200
"""Characters about the variables of one value: a few of them help, a hundred do not."""


@dataclass(frozen=True)
class Filled:
    """A document with its references replaced, and what is wrong with them in ``findings``.

    ``left`` are the places of references that stay for want of a value, ``variables`` what was filled in elsewhere;
    """

    document: Document
    findings: list[Diagnostic]
    left: frozenset[Location] = frozenset()
    variables: Mapping[Location, str] = field(default_factory=dict)

    def about_values(self, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Of what was ``found`` in the document that which is not due to a missing value; it names the variables."""
        for each in found:
            if each.location not in self.left:
                source = self.variables.get(each.location, "") if each.location else ""
                hint = "" if each.hint == _REMOVE_QUOTES and "--var" in source else each.hint
                yield replace(each, hint=f"{hint} {source}".strip()) if source else each


def refers(document: Document) -> bool:
    """Whether anything in the document is to be filled in."""
    return _refers(document.root)


def only_deployed(path: NodePath) -> bool:
    """Whether what stands there in a pipeline's or project's file is for a workspace, and ``local`` runs without it."""
    if path[:1] == ("resources",):
        return True
    below = path[2:] if path[:1] == ("tasks",) else path
    native = len(below) > 1 and (below[0] == "databricks" or (path is not below and below[0] in NATIVE_TASKS))
    return native and not _PASSED_ON.intersection(below)


def filled(document: Document, variables: Variables, unused: Callable[[NodePath], bool] | None = None) -> Filled:
    """``document`` with every reference replaced; places stay what they are.

    ``unused`` is for ``local`` and says where it has no use for a value.
    """
    fill = _Fill(document, variables, unused)
    try:
        whole = Document(document.file, fill.node(document.root, ()), document)
    except _Stop:
        return Filled(document, fill.findings)
    return Filled(whole, fill.findings, frozenset(fill.left), fill.used)


def from_environment(text: str) -> str:
    """``text`` as a run uses it, with the values of the environment. Raises UsageError for one that is not set."""
    if missing := next((name for name in names_of_environment(text) if not os.environ.get(name)), None):
        raise UsageError(f"environment variable {quoted(missing)} is not set")
    return REFERENCE.sub(lambda match: match[0] if match[2] is None else os.environ[match[2]], text)


class _Stop(Exception):
    """Filling in more makes no sense; the finding is already noted."""


@dataclass
class _Fill:
    """``size`` counts, as a file's nodes are counted, what was filled in so far: variables of variables multiply."""

    document: Document
    variables: Variables
    unused: Callable[[NodePath], bool] | None
    findings: list[Diagnostic] = field(default_factory=list)
    left: set[Location] = field(default_factory=set)
    used: dict[Location, str] = field(default_factory=dict)
    noted: set[tuple[int, int, str]] = field(default_factory=set)
    size: int = 0

    def node(self, node: Node, path: NodePath) -> Node:
        if path == (SECTION,):
            return node
        if isinstance(node.value, str):
            return _placed(self.text(node, node.value, path, ()), node) if _mentions(node.value) else node
        for step in filter(_mentions, node.children):
            self.refuse_key(node._replace(line=node.keys[step][0], column=node.keys[step][1]), (*path, step))
        children = {step: self.node(child, (*path, step)) for step, child in node.children.items()}
        if all(children[step] is child for step, child in node.children.items()):
            return node
        values = {step: child.value for step, child in children.items()}
        return node._replace(value=values if isinstance(node.value, dict) else [*values.values()], children=children)

    def text(self, node: Node, text: str, path: NodePath, within: tuple[str, ...]) -> Any:
        """What ``text`` becomes: a value of any type when it is one reference as a whole."""
        if whole := REFERENCE.fullmatch(text):
            return self.value(whole, node, path, within)
        pieces: list[str] = []
        at = 0
        for match in REFERENCE.finditer(text):  # not sub, which takes two more frames a level
            pieces += [text[at : match.start()], _as_text(self.value(match, node, path, within))]
            at = match.end()
        return "".join([*pieces, text[at:]])

    def value(self, match: re.Match[str], node: Node, path: NodePath, within: tuple[str, ...]) -> Any:
        name, variables = match[1], self.variables
        if name is None:
            self.of_environment(match, node, path, within)
        elif name in within:
            self.left.add(self.place(node))  # it is said where the variable stands
        elif len(within) >= MAX_CHAIN:
            summary = f"more than {MAX_CHAIN} variables refer to each other: {_chain(within)}"
            self.stop(node, path, summary, "Write out the value of one of them.")
        elif name in variables.values:
            self.note_use(node, name)
            return self.deep(node, variables.values[name], path, (*within, name))
        elif name in variables.without_value:
            self.without_value(node, path, name)
        else:
            known = variables.names
            hint = f"There are: {listed(known)}." if known else DECLARE
            self.add(node, path, f"no variable {quoted(name)}{did_you_mean(name, known)}", hint)
        return match[0]

    def note_use(self, node: Node, name: str) -> None:
        if (use := (node.line, node.column, name)) in self.noted:
            return
        self.noted.add(use)
        place, source = self.place(node), str(self.variables.places.get(name, ""))
        if name in self.variables.given:
            source = f"--var, and its type from {source}" if source else "--var"
        said, more = self.used.get(place, ""), f"Variable {quoted(name)} has its value from {source}."
        if more not in said and len(said) < _MOST_SAID:
            self.used[place] = f"{said} {more}".strip()

    def deep(self, node: Node, value: Any, path: NodePath, within: tuple[str, ...]) -> Any:
        """The value of a variable, filled in itself."""
        if len(path) > MAX_DEPTH:
            self.stop(node, path, f"variables make more than {MAX_DEPTH} levels", "Write out the value of one of them.")
        self.counted(node, path, value)
        if isinstance(value, str):
            return self.counted(node, path, self.text(node, value, path, within)) if _mentions(value) else value
        if isinstance(value, list):
            return [self.deep(node, each, (*path, index), within) for index, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        for key in filter(_mentions, value):
            self.refuse_key(node, (*path, key))
        return {key: self.deep(node, each, (*path, key), within) for key, each in value.items()}

    def without_value(self, node: Node, path: NodePath, name: str) -> None:
        if self.unused and self.unused(path):
            self.left.add(self.place(node))
            return
        where = "a default in conf/base.yml" if self.unused else "one under 'variables' in the target's file in conf/"
        hint = f"Give it {where}, or on the command line: --var {printable(name)}=…"
        self.add(node, path, f"variable {quoted(name)} has no value", hint, (self.variables.target,))

    def refuse_key(self, key: Node, path: NodePath) -> None:
        self.add(key, path, "a reference cannot stand in a key", "Write out the name; values may differ by target.")

    def of_environment(self, match: re.Match[str], node: Node, path: NodePath, within: tuple[str, ...]) -> None:
        if within and within[-1] not in self.variables.given:
            self.left.add(self.place(node))  # it is said where the variable stands
        elif within or not any(_fits(path, allowed) for allowed in _ENVIRONMENT_ALLOWED):
            hint = "It would end up in a bundle. Declare a variable in conf/ and write ${var.…}."
            self.add(node, path, f"{quoted(match[0])} cannot stand here", hint)

    def add(self, node: Node, path: NodePath, summary: str, hint: str, targets: tuple[str, ...] = ()) -> None:
        self.left.add(self.place(node))
        place, shown = self.place(node), format_path(path)
        self.findings.append(Diagnostic(summary, place, shown, hint, rule="variables", targets=targets))
        if len(self.findings) >= MAX_FINDINGS:
            raise _Stop

    def stop(self, node: Node, path: NodePath, summary: str, hint: str) -> NoReturn:
        self.add(node, path, summary, hint)
        raise _Stop

    def place(self, node: Node) -> Location:
        return Location(self.document.file, node.line, node.column)

    def counted(self, node: Node, path: NodePath, value: Any) -> Any:
        self.size += _size(value)
        if self.size > MAX_NODES:
            summary = f"variables make more than {MAX_NODES:,} values of this file"
            self.stop(node, path, summary, "A text of many lines counts as several. Use fewer, or shorter ones.")
        return value


def _refers(node: Node) -> bool:
    if isinstance(node.value, str):
        return _mentions(node.value)
    return any(_mentions(step) or _refers(child) for step, child in node.children.items())


def _mentions(value: Any) -> bool:
    return isinstance(value, str) and "${" in value and REFERENCE.search(value) is not None


def _size(value: Any) -> int:
    """As ``Node.size`` counts; what is in a mapping or list counts by itself."""
    return 1 + len(value) // CHARACTERS_PER_NODE if isinstance(value, str) else 1


def _chain(names: tuple[str, ...]) -> str:
    return " → ".join(printable(name) for name in names)


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
