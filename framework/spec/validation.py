"""Values from a file → dataclasses, with one finding per mistake at its place.

pydantic decides what is right; its errors are only used to find the places. It reports a union once per member, with
the member's name in the path. So a union is looked at again with the one member that has the value's shape.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from framework.core.diagnostics import Diagnostic
from framework.spec.declared_types import choices, down_to_union, field_types, in_words, members, plain, shape
from framework.spec.entry import Entry
from framework.spec.node_path import format_path, quoted
from framework.spec.suggestions import close_match

T = TypeVar("T")

MAX_FINDINGS = 100
"""Of one entry. More help nobody, and guessing what each field should be takes its time."""

_cached = cache(TypeAdapter)
_OTHER_BOOLEANS = ("yes", "no", "on", "off", "Yes", "No", "On", "Off")
_UNKNOWN_FIELD = "unexpected_keyword_argument"
_LIMITS = {
    "greater_than_equal": "be at least {ge}",
    "less_than_equal": "be at most {le}",
}


def validated(
    cls: type[T], entry: Entry, findings: list[Diagnostic], known: Iterable[str] = (), advice: str = ""
) -> T | None:
    """``entry`` as an instance of ``cls``; None, and ``findings`` added, when it is none.

    Nothing is converted: text is no number and a number is no text. ``known`` are further field names to suggest for
    an unknown one, ``advice`` what to do when none is close.
    """
    try:
        instance: T = _adapter(cls).validate_json(json.dumps(entry.value), strict=True)
        return instance
    except ValidationError as error:
        findings.extend(islice(_findings(cls, entry, error, tuple(known), advice), MAX_FINDINGS))
        return None


def _adapter(declared: Any) -> TypeAdapter[Any]:
    adapter: TypeAdapter[Any] = _cached(declared)
    return adapter


def _findings(
    declared: Any, entry: Entry, error: ValidationError, known: tuple[str, ...] = (), advice: str = ""
) -> Iterator[Diagnostic]:
    suggested: set[tuple[Any, ...]] = set()
    seen: set[tuple[Any, ...]] = set()
    # Unknown fields first: a field that is only misspelt is not missing as well.
    errors = error.errors(include_url=False, include_input=False)
    for one in sorted(errors, key=lambda e: e["type"] != _UNKNOWN_FIELD):
        path = one["loc"]
        taken, inner = down_to_union(declared, path)
        if len(members(inner)) > 1:
            if path[:taken] not in seen:
                yield from _in_union(inner, entry.at(path[:taken]))
            seen.add(path[:taken])
        elif one["type"] == _UNKNOWN_FIELD:
            owner = down_to_union(declared, path[:-1])[1]
            names = (*field_types(plain(members(owner)[0])), *(known if len(path) == 1 else ()))
            close = close_match(str(path[-1]), names)
            suggested.add((*path[:-1], close))
            yield _unknown(entry.at(path[:-1]), str(path[-1]), close, names, advice)
        elif one["type"] == "missing":
            if path not in suggested:
                yield entry.at(path[:-1]).finding(f"field '{path[-1]}' is missing")
        else:
            yield _wrong(inner, entry.at(path), one)


def _in_union(declared: Any, entry: Entry) -> Iterator[Diagnostic]:
    """Findings inside of the one member that has the value's shape, or one about the value as a whole."""
    fitting = [m for m in members(declared) if shape(m) is not None and isinstance(entry.value, shape(m) or dict)]
    if len(fitting) != 1:
        yield _mismatch(declared, entry)
        return
    try:
        _adapter(fitting[0]).validate_json(json.dumps(entry.value), strict=True)
    except ValidationError as error:
        yield from _findings(fitting[0], entry, error)


def _unknown(entry: Entry, name: str, close: str, names: Iterable[str], advice: str) -> Diagnostic:
    maybe = f" (did you mean '{close}'?)" if close else ""
    hint = "" if close else f"{advice} Known here: {', '.join(sorted(set(names)))}.".strip()
    return entry.key_finding(f"unknown field {quoted(name)}{maybe}", hint, name)


def _wrong(declared: Any, entry: Entry, error: Any) -> Diagnostic:
    if error["type"] not in _LIMITS:
        return _mismatch(declared, entry)
    return entry.finding(f"{_name(entry)} must {_LIMITS[error['type']].format(**error['ctx'])}, found {_found(entry)}")


def _mismatch(declared: Any, entry: Entry) -> Diagnostic:
    summary = f"{_name(entry)} must be {in_words(declared)}, found {_found(entry)}{_meant(declared, entry)}"
    return entry.finding(summary, _quotes(declared, entry))


def _meant(declared: Any, entry: Entry) -> str:
    """The word that was probably meant, whatever its case."""
    words = {word.lower(): word for member in members(declared) for word in choices(plain(member))}
    close = close_match(entry.value.lower(), words) if isinstance(entry.value, str) else ""
    return f" (did you mean {quoted(words[close])}?)" if close else ""


def _name(entry: Entry) -> str:
    """The last key on the way to the entry, with the index behind it."""
    keys = [i for i, step in enumerate(entry.path) if isinstance(step, str)]
    if not keys:
        return "the file"
    own, below = format_path((entry.path[keys[-1]],)), format_path(entry.path[keys[-1] + 1 :])
    return own.removeprefix("[").removesuffix("]") + below


def _found(entry: Entry) -> str:
    value = entry.value
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    if value is None:
        return "nothing"
    return f"{'' if isinstance(value, bool) else 'the number '}{entry.written() or json.dumps(value)}"


def _quotes(declared: Any, entry: Entry) -> str:
    """Advice when only the quotes are wrong."""
    value, accepted = entry.value, [plain(member) for member in members(declared)]
    text = entry.written() or ""
    if value is not None and text and any(_accepts(member, text) for member in accepted):
        return f'Put it in quotes: "{text}"'
    if isinstance(value, str) and {int, float} & set(accepted) and value.lstrip("-").replace(".", "", 1).isdigit():
        return "Remove the quotes."
    return "Write true or false." if bool in accepted and value in _OTHER_BOOLEANS else ""


def _accepts(member: Any, text: str) -> bool:
    try:
        _adapter(member).validate_python(text, strict=True)
    except ValidationError:
        return False
    return True
