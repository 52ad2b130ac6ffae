"""Credentials are hidden in whatever leaves a process: by their shape, and by the name that they are given to."""

import re
from collections.abc import Mapping

from framework.core.credentials import NAME, SHAPES, SURE, WORD, WORDS, Shape

REDACTED = "[REDACTED]"
"""What stands in place of a secret, as on Databricks."""

# More than what is a finding in a project's files: there a wrong one is a nuisance, here it costs a word of a log.
_WIDE_URL = Shape("a URL with a password", "://", re.compile(r"://[^\s/@:'\"]*:(?P<secret>(?!//)[^\s/@'\"\[]+)@"))
_BEARER = Shape("a bearer token", "earer ", re.compile(r"\b[Bb]earer\s+(?P<secret>(?=[\w.~+/-]*\d)[\w.~+/-]{8,}=*)"))
_OPTION = Shape("an option", "--", re.compile(rf"--[\w-]{{0,60}}{WORD}\s+(?P<secret>[^\s\[{{<$*-]\S*)", re.IGNORECASE))
_SHAPES = (*SHAPES, _WIDE_URL, _BEARER, _OPTION)
_WORDS = (*WORDS, "authorization", "sig=", "signature", "_pass", "-pass", ".pass")
_OTHER_NAME = re.compile(
    r".*[_.\-](?:pass|pat|sig|signature)|(?:.*[_.\-])?(?:authorization|(?:app|encryption|license|signing|storage)[_.\-]?key)"
    r"|FRAMEWORK_SECRET_.*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"[_-]?\d{1,3}$")

_NAMED = re.compile(
    rf"(?P<word>{WORD}|authorization|(?<![a-z])sig(?:nature)?|(?<=[_.-])pass)"
    r"(?:[_-]?\d{1,3})?\\?[\"'`\]]{0,2}\s{0,3}"
    r"(?P<sign>=>|:=|[=:])\s{0,3}"
    # Up to its end, not to a quote within it: \" in JSON, \\\" in JSON that JSON quotes.
    r"(?:[bfru]{0,2}(?P<quote>\\?[\"'])(?P<quoted>(?:(?!(?P=quote))(?:\\\\\\.|\\.|[^\n\\]))++)"
    r"|(?P<call>[a-z_][\w.]*+\((?=\\?[\"')*]|\w+(?:[.=(\[]|\\?[\"'])))"
    r"|(?:(?:bearer|basic|token)\s+)?"
    r"(?P<plain>[^\s,;&'\"(){}\[\]<>|\\*$%](?:[^\s,;&'\"){}\[\]<>|\\]|\)(?=\w))*+))",
    re.IGNORECASE,
)
_SURE_WORD = re.compile(rf"{SURE}|authorization", re.IGNORECASE)
_LIKELY = re.compile(r"(?=.*\d).{6,}|.{16,}", re.DOTALL)
_ANY = re.compile(r"\w")
_PLAIN_WORDS = {"true", "false", "null", "none", "nan", "yes", "no", "string", "str", "required", "optional", "missing"}


def names_a_secret(name: str) -> bool:
    """Whether what has this name, such as a key or a variable, is not to be seen."""
    bare = _NUMBERED.sub("", name)
    return len(name) <= 300 and bool(NAME.fullmatch(bare) or _OTHER_NAME.fullmatch(bare))


def without_credentials(text: str) -> str:
    """``text`` with REDACTED for whatever looks like a credential, or is given to a name such as ``password``."""
    for shape in _SHAPES:
        if shape.mark in text:
            text = shape.pattern.sub(_blotted, text)
    lower = text.lower()
    for word in _WORDS:
        if word in lower:
            return _NAMED.sub(_named, text)
    return text


def without_secrets(values: Mapping[str, str]) -> dict[str, str]:
    """``values`` without those whose key says that they are secret, and without credentials in the others."""
    return {name: REDACTED if names_a_secret(name) else without_credentials(value) for name, value in values.items()}


def _blotted(found: re.Match[str]) -> str:
    if "secret" not in found.re.groupindex:
        return REDACTED
    return found[0] if found["secret"] is None else _replaced(found, "secret")


def _named(found: re.Match[str]) -> str:
    if found["quoted"] is not None:
        return _replaced(found, "quoted") if _ANY.search(found["quoted"]) else found[0]
    # A call in a line of code, and what is said of a secret, are none.
    if found["call"]:
        return found[0]
    value = found["plain"]
    said = value.lower() in _PLAIN_WORDS or value.lower() == found["word"].lower()
    sure = found["sign"] != ":" or _SURE_WORD.fullmatch(found["word"]) or _LIKELY.fullmatch(value)
    return found[0] if said or not sure else _replaced(found, "plain")


def _replaced(found: re.Match[str], group: str) -> str:
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    return found[0][:start] + REDACTED + found[0][end:]
