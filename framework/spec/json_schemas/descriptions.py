"""What editors show about a field: ``descriptions.yml`` beside this file has a text and examples for each."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

FOR_ALL = "for all"
"""The section about fields that mean the same wherever they stand."""


@dataclass(frozen=True)
class Description:
    """What a field is for, in Markdown, and values that it may have."""

    text: str
    examples: tuple[Any, ...] = ()

    def as_schema(self) -> dict[str, Any]:
        """The keywords that show it."""
        return {"description": self.text} | ({"examples": [*self.examples]} if self.examples else {})


def described(owner: str | type, field: str) -> dict[str, Any]:
    """The keywords about ``field`` of a class, or of what it inherits from. Raises KeyError when nobody wrote any."""
    owners = [owner] if isinstance(owner, str) else [cls.__name__ for cls in owner.__mro__]
    for fields in (descriptions().get(name, {}) for name in (*owners, FOR_ALL)):
        if field in fields:
            return fields[field].as_schema()
    raise KeyError(f"{owners[0]}.{field} has no description in descriptions.yml")


@cache
def descriptions() -> dict[str, dict[str, Description]]:
    """Every description, by the name of a class (or ``FOR_ALL``) and by field."""
    written = yaml.safe_load(files(__package__).joinpath("descriptions.yml").read_text(encoding="utf-8"))
    return {owner: {field: _description(each) for field, each in fields.items()} for owner, fields in written.items()}


def _description(written: Any) -> Description:
    if isinstance(written, str):
        return Description(written.strip())
    text, examples = written.pop("text"), written.pop("examples", ())
    if written:
        raise ValueError(f"{', '.join(written)} after: {text}")  # a comma in a text without quotes
    return Description(text.strip(), tuple(examples))
