"""What exists on Databricks and not here says so when it is touched."""

from typing import Any, NoReturn

from framework.core.errors import FrameworkError


class Unavailable:
    """A part of ``dbutils`` that a local run does not have: any use of it raises FrameworkError."""

    def __init__(self, name: str, hint: str = "leave it out of a local run, or guard it with a parameter") -> None:
        self._name = name
        self._hint = hint

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return self._refuse(f"{self._name}.{attribute}")

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self._refuse(self._name)

    def _refuse(self, name: str) -> NoReturn:
        raise FrameworkError(f"{name} is not available in a local run", self._hint)
