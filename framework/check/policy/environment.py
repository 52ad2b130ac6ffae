"""Which ``${env:X}`` the files may speak of: what is filled in from a machine's environment stands in no repository."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from framework.core.diagnostics import Diagnostic, Location
from framework.core.errors import InvalidProject
from framework.spec.files import read, yaml_files
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.policy_spec import PolicySpec
from framework.spec.spec_reader import PROJECT_FILE
from framework.spec.suggestions import listed
from framework.spec.validation import MAX_FINDINGS
from framework.spec.variables import names_of_environment
from framework.spec.yaml_nodes import Node

RULE = "policy.environment_variables"


def environment_variables(root: Path, project_directory: Path, policy: PolicySpec) -> Iterator[Diagnostic]:
    """A variable of the environment that the policy does not list, in conf/ or in the project's file.

    The files are read as they are written: filled in, they no longer say where a value comes from. What holds for
    several targets has to be allowed for each of them.
    """
    allowed = _allowed(policy)
    if allowed:
        for_all = frozenset.intersection(*allowed.values())
        for name, file in yaml_files(root / "conf", root).items():
            yield from _not_allowed(file, root, allowed.get(name, for_all))
    yield from environment_of_project(root, project_directory, policy)


def environment_of_project(root: Path, directory: Path, policy: PolicySpec) -> Iterator[Diagnostic]:
    """The same for the project's file alone, whose sources a run reads."""
    if allowed := _allowed(policy):
        yield from _not_allowed(directory / PROJECT_FILE, root, frozenset.intersection(*allowed.values()))


def _allowed(policy: PolicySpec) -> dict[str, frozenset[str]]:
    said = {target: policy.environment_variables(target) for target in policy.targets}
    return {target: names for target, names in said.items() if names is not None}


def _not_allowed(file: Path, root: Path, allowed: frozenset[str]) -> Iterator[Diagnostic]:
    try:
        document = read(file, root)
    except InvalidProject:  # whoever reads it for what it says reports that
        return
    hint = f"The policy's environment_variables lists those that are: {listed(sorted(allowed)) or 'none'}."
    named = ((name, node, path) for node, path in _texts(document.root, ()) for name in _names(node, allowed))
    for name, node, path in islice(named, MAX_FINDINGS):
        summary = f"environment variable {quoted(name)} is not allowed"
        place = Location(document.file, node.line, node.column)
        yield Diagnostic(summary, place, format_path(path), hint, rule=RULE)


def _names(node: Node, allowed: frozenset[str]) -> Iterable[str]:
    return sorted(set(names_of_environment(node.value)) - allowed)


def _texts(node: Node, path: NodePath) -> Iterator[tuple[Node, NodePath]]:
    if isinstance(node.value, str) and "${env:" in node.value:
        yield node, path
    for step, child in node.children.items():
        yield from _texts(child, (*path, step))
