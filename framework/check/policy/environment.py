"""Which ``${env:X}`` the files may speak of: what is filled in from a machine's environment stands in no repository."""

import re
from collections.abc import Iterator
from pathlib import Path

from framework.core.diagnostics import Diagnostic, Location
from framework.core.errors import InvalidProject
from framework.spec.files import read, yaml_files
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.policy_spec import PolicySpec
from framework.spec.spec_reader import PROJECT_FILE
from framework.spec.yaml_nodes import Node

RULE = "policy.environment_variables"

_REFERENCE = re.compile(r"\$\{env:([^{}]*)\}")


def environment_variables(root: Path, project_directory: Path, policy: PolicySpec) -> Iterator[Diagnostic]:
    """A variable of the environment that the policy does not list, in conf/ or in the project's file.

    The files are read as they are written: filled in, they no longer say where a value comes from. What holds for
    several targets has to be allowed for each of them.
    """
    allowed = {
        target: names for target in policy.targets if (names := policy.environment_variables(target)) is not None
    }
    if not allowed:
        return
    for_all = frozenset.intersection(*allowed.values())
    conf = yaml_files(root / "conf", root)
    files = [(file, allowed.get(name, for_all)) for name, file in conf.items()]
    for file, names in (*files, (project_directory / PROJECT_FILE, for_all)):
        try:
            document = read(file, root)
        except InvalidProject:  # whoever reads it for what it says reports that
            continue
        for node, path in _texts(document.root, ()):
            for name in sorted(set(_REFERENCE.findall(node.value)) - names):
                listed = ", ".join(sorted(names)) or "none"
                hint = f"The policy's environment_variables lists those that are: {listed}."
                summary = f"environment variable {quoted(name)} is not allowed"
                place = Location(document.file, node.line, node.column)
                yield Diagnostic(summary, place, format_path(path), hint, rule=RULE)


def _texts(node: Node, path: NodePath) -> Iterator[tuple[Node, NodePath]]:
    if isinstance(node.value, str) and "${env:" in node.value:
        yield node, path
    for step, child in node.children.items():
        yield from _texts(child, (*path, step))
