"""Where a value is needed in a local run, and which variables cannot give theirs."""

import re
from collections.abc import Iterator

from framework.core.diagnostics import Diagnostic
from framework.local.foreign_bundle.interpolate import is_reference, steps
from framework.local.foreign_bundle.tree import Placed, finding, leaves
from framework.local.foreign_bundle.unknown_references import matters
from framework.local.foreign_bundle.variable_values import without_value
from framework.spec.node_path import NodePath, quoted

_VARIABLE = re.compile(r"\$\{(var\.[^}]*)(\}?)")


def lacking(node: Placed, path: NodePath, variables: Placed) -> Iterator[Diagnostic]:
    """The references to variables that are left in the resolved ``node``, where it matters, and why they are."""
    for at, leaf in leaves(node, path):
        for match in _VARIABLE.finditer(leaf.text) if matters(at) else ():
            if is_reference(match[0]):
                name = str(steps(match[1])[1])
                if name in variables.fields and "value" not in variables.at(name).fields:
                    yield without_value(name, variables)
            elif "${" not in match[1]:
                hint = "A name has letters, digits, - and _, begins with a letter and ends with a letter or a digit."
                yield finding(f"{quoted(match[0])} names no variable", leaf.place, at, hint)
