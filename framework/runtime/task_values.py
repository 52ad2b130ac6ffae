"""Task values: small JSON values that conditions, loops and parameters of other tasks read."""

import json
from collections.abc import Callable
from typing import Any

from framework.core.errors import FrameworkError

LIMIT = 48 * 1024
"""Bytes of one value's JSON."""

SetTaskValue = Callable[[str, Any], None]
"""Leaves a value under a key for the tasks after this one."""


def nowhere(key: str, value: Any) -> None:
    """Nothing can be set here. Raises FrameworkError: a value must not be lost silently."""
    raise FrameworkError(
        f"the task value '{key}' cannot be set here: only a task whose values other tasks read runs as a notebook",
        f"refer to it in another task of the pipeline, {{{{tasks.<this task>.values.{key}}}}}, or do not set it",
    )


class InNotebook:
    """Sets values through the ``dbutils`` of the notebook that this process runs."""

    def __init__(self, dbutils: Any) -> None:
        self._dbutils = dbutils

    def __call__(self, key: str, value: Any) -> None:
        """Raises TypeError or ValueError when the value is no JSON, or too large."""
        as_json(key, value)
        self._dbutils.jobs.taskValues.set(key=key, value=value)

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """A Spark worker that gets the context in a function has no ``dbutils``."""
        return _nowhere, ()


def as_json(key: str, value: Any) -> str:
    """The value as JSON. Raises TypeError or ValueError when it is none, is too large, or ``key`` is no name."""
    if not isinstance(key, str) or not key:
        raise TypeError(f"the key of a task value must be a string that is not empty, not {key!r}")
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        problem = f"task value '{key}' cannot be written as JSON: {error}"
        raise (TypeError if isinstance(error, TypeError) else ValueError)(problem) from None
    if (size := len(text.encode())) > LIMIT:
        raise ValueError(
            f"task value '{key}' is {size:,} bytes of JSON; the limit is {LIMIT:,} (48 KiB): write it to a table"
        )
    return text


def _nowhere() -> SetTaskValue:
    return nowhere
