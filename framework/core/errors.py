"""Every error that is not a bug.

    FrameworkError                 exit 1
    ├── UsageError                 exit 2   the command line asks for something that does not exist
    ├── InvalidProject             exit 1   findings in the user's files; carries Diagnostics
    ├── LocalEngineError           exit 1   Java, JARs, disk or the local engine itself
    ├── DataError                  exit 1   the data breaks what a task declared about it
    ├── ProjectCodeError           exit 1   the project's function is missing, raises or returns the wrong thing
    └── DatabricksError            exit 4   the Databricks CLI failed, or the workspace gave no answer
        └── DatabricksRefused      exit 4   the workspace answered, and refused

Anything else that reaches the command line is a bug of ours (exit 3).
"""

from typing import Any

from framework.core.diagnostics import Diagnostic, Diagnostics


class FrameworkError(Exception):
    """What went wrong in one line (``message``), and what to do about it (``hint``).

    ``details`` is what a machine is told beside it: fields of the JSON object that stands for the error.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: dict[str, Any] = {}

    def diagnostics(self) -> Diagnostics:
        """The error as findings, so that one printer shows every error."""
        return Diagnostics((Diagnostic(self.message, hint=self.hint),))


class UsageError(FrameworkError):
    """The command line names something that does not exist or cannot be combined."""

    exit_code = 2


class InvalidProject(FrameworkError):
    """A phase found errors in the project's files; all of them are in ``found``."""

    def __init__(self, found: Diagnostics) -> None:
        super().__init__(found.items[0].summary if found else "invalid project")
        self.found = found

    def diagnostics(self) -> Diagnostics:
        return self.found


class LocalEngineError(FrameworkError):
    """The local engine cannot start or has died: Java, JARs, disk, memory."""


class DataError(FrameworkError):
    """The data breaks what a task declared about it: a key that repeats, an empty source, a missing column."""


class ProjectCodeError(FrameworkError):
    """The project's function does not exist, raised, or returned something else than its kind promises.

    ``user_traceback`` holds the project's own frames, or nothing.
    """

    def __init__(self, message: str, hint: str = "", user_traceback: str = "") -> None:
        super().__init__(message, hint)
        self.user_traceback = user_traceback


class DatabricksError(FrameworkError):
    """The Databricks CLI failed, or the workspace gave no answer."""

    exit_code = 4


class DatabricksRefused(DatabricksError):
    """The workspace refused, with the HTTP status in ``status``."""

    def __init__(self, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status
