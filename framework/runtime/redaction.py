"""Secrets that this process was given stay out of what it prints, logs and records."""

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

REDACTED = "[REDACTED]"
"""What stands in place of a secret, as on Databricks."""

_SHORTEST = 4
"""Characters; a shorter value would blot out ordinary words and numbers."""

_secrets: set[str] = set()


def keep_secret(value: str) -> str:
    """``value``, which from now on is redacted, also as Python and JSON write it with escapes."""
    if len(value) >= _SHORTEST:
        escaped = (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
        _secrets.update((value, repr(value)[1:-1], *escaped))
    return value


def redacted(text: str) -> str:
    """``text`` without any of the secrets."""
    # A secret may begin with another: the longer one first.
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text


@contextmanager
def installed() -> Iterator[None]:
    """Redact what Python prints in this block, and what goes to the log handlers that there are now."""
    with ExitStack() as stack:
        for handler in logging.getLogger().handlers:
            stack.callback(handler.setFormatter, handler.formatter)
            handler.setFormatter(_Formatter(handler.formatter or logging.Formatter()))
        stack.enter_context(redirect_stdout(cast(TextIO, _Stream(sys.stdout))))
        stack.enter_context(redirect_stderr(cast(TextIO, _Stream(sys.stderr))))
        yield


class _Formatter(logging.Formatter):
    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redacted(self._inner.format(record))


class _Stream:
    """Writes to another stream; all that is not writing is the other one's."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(redacted(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
