"""The YAML parser's complaints in words that say what to do. libyaml and the pure parser phrase them differently."""

import yaml

from framework.core.diagnostics import Diagnostic, Location

_INDENTATION = "Check the indentation of this line and of the ones above."
_EMPTY = {"[": "[]", "{": "{}"}
_HINTS = (
    ("cannot start any token", "Quote a text that begins with one of @ ` % or with a tab; indent with spaces only."),
    ("mapping values are not allowed", f"Quote a text that holds ': '. {_INDENTATION}"),
    ("expected ',' or", "A bracket or a brace is not closed, or a comma is missing."),
    ("unexpected end of stream", "A quote is not closed."),
    ("could not find expected ':'", "A key needs a colon and a space after it."),
    ("undefined tag handle", "Remove the tag: tags are not used here."),
    ("escape", "In double quotes a backslash begins an escape; use single quotes."),
    ("hexdecimal", "In double quotes a backslash begins an escape; use single quotes."),
    ("alphabetic or numeric", "Quote a text that begins with & or *."),
    ("directive", "Remove the line that begins with %."),
    ("expected", _INDENTATION),
)


def syntax_error(error: Exception, file: str, text: str) -> Diagnostic:
    """What the parser's ``error`` says about ``file``, with its place and a likely cause."""
    problem = getattr(error, "problem", None) or "a character that YAML does not know"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    written = text.rstrip()
    if "expected node content" in problem and written.endswith(("[", "{")):  # the parser names the end of the file
        lines = written.splitlines()
        place = Location(file, len(lines), len(lines[-1]))
        hint = f"Write what is in it, and close it; nothing is {_EMPTY[written[-1]]}."
        return Diagnostic(f"not valid YAML: the '{written[-1]}' is not closed", place, hint=hint)
    hint = next((hint for words, hint in _HINTS if words in problem), _INDENTATION)
    return Diagnostic(f"not valid YAML: {problem}", _location(file, mark, text), hint=_began(error, mark) + hint)


def _location(file: str, mark: yaml.Mark | None, text: str) -> Location:
    lines = text.splitlines()
    if mark and lines and mark.line >= len(lines) and not text.endswith(("\n", "\r")):
        return Location(file, len(lines), len(lines[-1]) + 1)  # the parser thinks of one line more
    return Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)


def _began(error: Exception, mark: yaml.Mark | None) -> str:
    """Where the parser began with what it could not finish, when that is another line."""
    start = getattr(error, "context_mark", None)
    if not start or not mark or start.line == mark.line:
        return ""
    return f"It began in line {start.line + 1}. "
