"""Secrets that this process was given stay out of what it prints, logs and records."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, quote_plus, unquote, urlsplit

from framework.core.redaction import REDACTED, names_a_secret, without_credentials, without_secrets
from framework.core.task_run import AttemptRecord, TaskError, Verdict

_SHORTEST = 4
"""Characters; a shorter value would blot out ordinary words and numbers."""
_SHORTEST_LINE = 8
"""The same of one line among several."""
_SHORTEST_BEGINNING = 6
"""The same of a secret that is cut."""
_CUT = ("...", "…", "|")
"""What follows it then: the dots of Spark and pandas, or the end of a narrow cell."""
_NO_SECRETS = {"true", "false", "none", "null", "auto", "default", "local", "enabled", "disabled", "required"}
_NOT_SECRET = {"PWD", "OLDPWD"}
"""Variables of the shell: the working directory."""

_secrets: list[str] = []
"""Each in all the ways that it may be written; the longest first, for a secret may begin with another."""


def keep_secret(value: str) -> str:
    """``value``, which from now on is redacted, as is each line of it.

    Also as Python, JSON and URLs write it, without the blanks around it, and cut, as in a shown table.
    """
    if len(value.strip()) >= _SHORTEST and value not in _secrets:
        _secrets[:] = sorted({*_secrets, *_writings(value)}, key=len, reverse=True)
    return value


def keep_secrets_of(values: Mapping[str, str]) -> None:
    """Keep what is secret by its key's name, and passwords in URLs: of parameters, and of the environment."""
    for name, value in values.items():
        if "://" in value:
            keep_secret(_password(value))
        if names_a_secret(name) and name not in _NOT_SECRET and _may_be_one(value):
            keep_secret(value)


def longest_secret() -> int:
    """Characters of what has to be seen as a whole to be redacted."""
    return len(_secrets[0]) if _secrets else 0


def redacted(text: str) -> str:
    """``text`` without any of the secrets, and without what looks like one."""
    for written in _secrets:
        if written in text:
            text = text.replace(written, REDACTED)
        head = written[:_SHORTEST_BEGINNING]
        if head in text and not head.isspace():
            text = _without_beginnings(text, written)
    return without_credentials(text)


def redacted_values(values: Mapping[str, str]) -> dict[str, str]:
    """``values`` in the same way, and nothing of those whose name says that they are secret."""
    return {name: redacted(value) for name, value in without_secrets(values).items()}


def redacted_error(error: TaskError) -> TaskError:
    """``error`` with each of its texts redacted."""
    return TaskError(**{name: redacted(text) for name, text in vars(error).items()})


def redacted_verdict(verdict: Verdict) -> Verdict:
    """``verdict``, whose reasons may quote what a model or the project's code raised."""
    return replace(verdict, reasons=tuple(map(redacted, verdict.reasons)))


def redacted_record(record: AttemptRecord) -> AttemptRecord:
    """``record`` with no secret in its texts and parameters."""
    return replace(
        record,
        parameters=redacted_values(record.parameters),
        notes=tuple(map(redacted, record.notes)),
        verdict=record.verdict and redacted_verdict(record.verdict),
        error=record.error and redacted_error(record.error),
    )


def _without_beginnings(text: str, secret: str) -> str:
    """``text`` without the beginnings of ``secret`` where something was cut."""
    head = secret[:_SHORTEST_BEGINNING]
    start = text.find(head)
    while start >= 0:
        # The longest first: a dot or a bar may be of the secret, too.
        ends = (each for each in range(start + len(secret), start + len(head) - 1, -1) if text.startswith(_CUT, each))
        if end := next((each for each in ends if secret.startswith(text[start:each])), 0):
            text = text[:start] + REDACTED + text[end:]
        start = text.find(head, start + 1)
    return text


def _writings(value: str) -> set[str]:
    lines = [line.strip() for line in value.splitlines()]
    # What is printed line by line, but for what heads a key or a certificate.
    long = {line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----")}
    return set().union(*map(_writings_of_one, {value, value.strip(), *long}))


def _writings_of_one(value: str) -> set[str]:
    return {
        value,
        repr(value)[1:-1],
        repr(value.encode(errors="replace"))[2:-1],
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value, safe="", errors="replace"),
        quote(value, errors="replace"),
        quote_plus(value, errors="replace"),
    }


def _password(url: str) -> str:
    """That of ``url``; none where it is the user's name again, as on many a developer's machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    password = unquote(parts.password or "")
    return password if parts.password != parts.username and _may_be_one(password) else ""


def _may_be_one(value: str) -> bool:
    """Not a switch, a small number or a path that happens to have such a name."""
    plain = value.lower() in _NO_SECRETS or (value.isdecimal() and len(value) < 6)
    return not plain and not os.path.exists(value)  # noqa: PTH110 - a Path raises for a long one
