"""What led to an exception is told with it, in one line."""

import pytest
from pyspark.errors import AnalysisException

from framework.core.errors import ProjectCodeError
from framework.runtime import project_code, raised, redaction
from framework.runtime.redaction import keep_secret


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch):
    monkeypatch.setattr(redaction, "_secrets", [])


def caused(error, cause):
    error.__cause__ = cause
    return error


def handled(error, context):
    error.__context__ = context
    return error


def noted(error, note):
    error.add_note(note)
    return error


def hidden(error, context):
    try:
        raise handled(error, context) from None
    except KeyError as told:
        return told


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError(), "ValueError"),
        (caused(KeyError("outer"), ValueError("inner\nmore")), "KeyError: 'outer'; caused by ValueError: inner"),
        (handled(KeyError("outer"), ValueError("inner")), "KeyError: 'outer'; while handling ValueError: inner"),
        (hidden(KeyError("outer"), ValueError("inner")), "KeyError: 'outer'"),
        (noted(ValueError("x"), "of shop hunter2\nmore"), "ValueError: x - of shop [REDACTED]"),
        (caused(KeyError("hunter2"), OSError("hunter2")), "KeyError: '[REDACTED]'; caused by OSError: [REDACTED]"),
        (caused(AnalysisException("no table"), OSError("of the wire")), "AnalysisException: no table"),
    ],
)
def test_an_exception_with_its_causes_and_notes(error, line):
    keep_secret("hunter2")

    assert raised.one_line(error) == line


def test_what_the_projects_function_raises_is_told_with_its_cause():
    told = "^a:b raised KeyError: 'outer'; caused by ValueError: inner$"
    with pytest.raises(ProjectCodeError, match=told) as caught, project_code.blamed_on("a:b"):
        try:
            raise ValueError("inner")
        except ValueError as error:
            raise KeyError("outer") from error
    inner, outer = caught.value.user_traceback.split("\n\nwhich led to\n\n")
    assert 'raise ValueError("inner")' in inner and 'raise KeyError("outer")' in outer


def test_one_that_causes_itself_or_says_much_has_an_end():
    error = ValueError("x" * 600)
    error.__cause__ = error

    assert len(raised.one_line(error)) == 1000
