"""Values of variables from the command line: text that becomes what was meant."""

import json
from typing import Any

from framework.core.errors import UsageError
from framework.spec.node_path import printable, quoted
from framework.spec.yaml_nodes import build
from framework.spec.yaml_scalars import plain_value

_FLOW = ('"', "'", "[", "{")
"""What a text in quotes, a list or a mapping begins with."""


def converted(name: str, text: str, default: Any) -> Any:
    """``text`` as a value like ``default``; without one, as a file would have it. Raises UsageError."""
    if default is None:
        return _read(name, text)
    if isinstance(default, str):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    same = type(value) is type(default) or (isinstance(value, int) and type(default) is float)
    if not same or isinstance(value, bool) != isinstance(default, bool):
        raise UsageError(f"variable {quoted(name)} is like {json.dumps(default)}, and {quoted(text)} is not")
    return value


def _read(name: str, text: str) -> Any:
    """What ``text`` means in a file, but for nothing, which is an empty text. No number silently loses its form."""
    if text.startswith(_FLOW):
        node, wrong = build(text, "--var")
        return text if wrong else node.value
    in_quotes = f"If it is meant as text: --var '{printable(name)}=\"…\"'"
    try:
        value = plain_value(text) if text else text
    except ValueError as error:
        raise UsageError(f"variable {quoted(name)}: {quoted(text)} {error}", in_quotes) from None
    if type(value) in (int, float) and (number := json.dumps(value)) != text:
        summary = f"variable {quoted(name)}: {quoted(text)} may be the number {number} or a text"
        raise UsageError(summary, f"If it is meant as a number: --var {printable(name)}={number}. {in_quotes}")
    return value
