"""``dbutils.notebook``: leave this notebook with a value, or run another one for its value."""

from collections.abc import Callable, Mapping

RunNotebook = Callable[[str, float, Mapping[str, str]], str]
"""Runs the notebook at a path, within a number of seconds (0: no limit), with arguments; gives its exit value."""


class NotebookExit(BaseException):
    """The notebook ends here, successfully. No Exception: ``except Exception`` around the call must not catch it."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class Notebook:
    """``dbutils.notebook``."""

    def __init__(self, run: RunNotebook) -> None:
        self._run = run

    def exit(self, value: object = "") -> None:
        """End the notebook successfully; its run's value is ``value``."""
        raise NotebookExit(str(value))

    def run(
        self,
        path: str,
        timeout_seconds: float = 0,
        arguments: Mapping[str, object] | None = None,
    ) -> str:
        """Run another notebook of the bundle with variables of its own, and return its exit value.

        Raises what it raises, and TimeoutError after ``timeout_seconds`` (0: no limit).
        """
        return self._run(path, timeout_seconds, {name: str(value) for name, value in (arguments or {}).items()})
