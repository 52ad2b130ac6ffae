"""The two ways in which a policy says which texts it allows.

A pattern is a regular expression that has to match a name as a whole. It is matched in linear time, so that no pattern
makes a check hang. In a list of values, ``*`` stands for any characters.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from pydantic_core import SchemaError, SchemaValidator, core_schema


def matches(pattern: str, text: str) -> bool:
    """Whether ``pattern`` matches all of ``text``."""
    return _whole(pattern).isinstance_python(text)


def problem_with_pattern(pattern: str) -> str:
    """Why ``pattern`` is no regular expression; nothing when it is one."""
    try:
        # By itself first: in the group that makes it match as a whole, 'a)(b' would look sound.
        SchemaValidator(core_schema.str_schema(pattern=pattern))
        _whole(pattern)
    except SchemaError as error:
        return str(error).rstrip().rpartition("\n")[2].strip().removeprefix("error: ").removeprefix("SchemaError: ")
    return ""


def is_among(text: str, allowed: Iterable[str]) -> bool:
    """Whether ``text`` is one of the values ``allowed``, in which ``*`` stands for any characters."""
    return any(fnmatchcase(text, each) for each in allowed)


@cache
def _whole(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=f"^(?:{pattern})$"))
