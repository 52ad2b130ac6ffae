"""What a ``for_each_task`` runs over (docs.databricks.com/jobs/for-each)."""

import json
from typing import Any

from framework.core.job_limits import MAX_INLINE_INPUTS

MAX_REFERENCED = 48 * 1024
"""Bytes of inputs that a reference stands for."""


def inputs_of(written: str, filled: str) -> list[Any]:
    """The inputs of a loop: ``written`` in the job, ``filled`` once its references are replaced.

    Raises ValueError when they are no JSON array, or too many.
    """
    if len(written) > MAX_INLINE_INPUTS:
        raise ValueError(f"the inputs have {len(written):,} characters; the Jobs service takes {MAX_INLINE_INPUTS:,}")
    if written != filled and len(filled.encode()) > MAX_REFERENCED:
        raise ValueError(f"the inputs have {len(filled.encode()):,} bytes; the Jobs service takes {MAX_REFERENCED:,}")
    try:
        inputs = json.loads(filled)
    except ValueError:
        inputs = None
    if not isinstance(inputs, list):
        raise ValueError(f"the inputs are no JSON array: {filled[:80]}")
    return inputs


def input_text(value: Any, member: str = "") -> str:
    """What ``{{input}}`` stands for, or ``{{input.member}}``. Raises KeyError when the input has no such member."""
    for name in member.split(".") if member else ():
        if not isinstance(value, dict):
            raise KeyError(name)
        value = value[name]
    return as_text(value)


def as_text(value: Any) -> str:
    """A JSON value as references write it: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
