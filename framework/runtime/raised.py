"""What an exception says of itself and of what led to it."""

from collections.abc import Iterator

from framework.runtime import spark_errors
from framework.runtime.redaction import redacted

_DEEPEST = 5
_LONGEST = 1000
"""Characters in all."""


def one_line(error: BaseException) -> str:
    """``KeyError: 'b'; caused by ValueError: a``, each with its notes, without secrets."""
    text = "; ".join((_said(error), *(f"{how} {_said(cause)}" for how, cause in causes(error))))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def causes(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """What led to ``error``, and how; the first one last. What led to an error of Spark is in its text."""
    for _ in range(_DEEPEST):
        if spark_errors.is_spark_error(error):
            return
        if cause := error.__cause__:
            yield "caused by", cause
        elif (cause := error.__context__) and not error.__suppress_context__:
            yield "while handling", cause
        else:
            return
        error = cause


def _said(error: BaseException) -> str:
    # Its str would be that of the key.
    is_key = isinstance(error, KeyError) and error.args
    # Redacted before it is cut: half a secret would not be found.
    text = redacted(repr(error.args[0])) if is_key else spark_errors.summary(error)
    notes = (redacted(str(note)).partition("\n")[0] for note in getattr(error, "__notes__", ()))
    return " - ".join((f"{type(error).__name__}: {text}".rstrip(": "), *notes))
