"""The two ways in which a policy says which texts it allows.

A pattern is a regular expression that has to match a name as a whole. It is matched in linear time, so that no pattern
makes a check hang. In a list of values, ``*`` stands for any characters.
"""

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter


def matches(pattern: str, text: str) -> bool:
    """Whether ``pattern`` matches all of ``text``."""
    return bool(_validator(f"^(?:{pattern})$").isinstance_python(text))


def problem_with_pattern(pattern: str) -> str:
    """Why ``pattern`` is no regular expression; nothing when it is one."""
    try:
        # By itself first: in the group that makes it match as a whole, 'a)(b' would look sound.
        for each in (pattern, f"^(?:{pattern})$"):
            _validator(each)
    except Exception as error:  # its class is of the package below pydantic
        return str(error).rstrip().rpartition("\n")[2].strip().removeprefix("error: ").removeprefix("SchemaError: ")
    return ""


def is_among(text: str, allowed: Iterable[str]) -> bool:
    """Whether ``text`` is one of the values ``allowed``, in which ``*`` stands for any characters."""
    return any(_fits(text, each) for each in allowed)


def _fits(text: str, allowed: str) -> bool:
    first, *others = allowed.split("*")
    if not others:
        return text == allowed
    at, last = len(first), others.pop()
    if not text.startswith(first) or not text[at:].endswith(last):
        return False
    for part in others:
        if (found := text.find(part, at, len(text) - len(last))) < 0:
            return False
        at = found + len(part)
    return True


@cache
def _validator(pattern: str) -> Any:
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)]).validator
