"""``python_wheel_task``: a function of an installed package, found as the Jobs service finds it."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib import metadata
from typing import Any

from framework.core.errors import FrameworkError


def run(package_name: str, entry_point: str, parameters: Mapping[str, str], arguments: Sequence[str]) -> None:
    """Call the entry point with its arguments in ``sys.argv``; its result does not count. Raises what it raises."""
    importlib.invalidate_caches()
    function = find(package_name, entry_point)
    sys.argv = [package_name, *arguments, *(f"--{name}={value}" for name, value in parameters.items())]
    function()


def find(package_name: str, entry_point: str) -> Callable[[], Any]:
    """The entry point of that name in the package's metadata, else the package's attribute.

    Raises FrameworkError naming the closest ones when there is none.
    """
    declared = _declared(package_name)
    for point in declared:
        if point.name == entry_point:
            return point.load()  # type: ignore[no-any-return]
    package = _import(package_name)
    function = getattr(package, entry_point, None)
    if callable(function):
        return function  # type: ignore[no-any-return]
    names = {*(point.name for point in declared), *(n for n, value in vars(package).items() if callable(value))}
    public = sorted(name for name in names if not name.startswith("_"))
    close = get_close_matches(entry_point, public, 3) or public[:5]
    raise FrameworkError(
        f"the package '{package_name}' has no entry point '{entry_point}'",
        f"it has {', '.join(close)}" if close else "declare one under [project.scripts] of its pyproject.toml",
    )


def module_name(package_name: str, entry_point: str) -> str:
    """The top-level module that the entry point's code is in, for telling its frames from those of libraries."""
    module = next((point.module for point in _declared(package_name) if point.name == entry_point), package_name)
    return module.partition(".")[0].replace("-", "_")


def _declared(package_name: str) -> list[metadata.EntryPoint]:
    try:
        return list(metadata.distribution(package_name).entry_points)
    except (metadata.PackageNotFoundError, ValueError):
        return []


def _import(package_name: str) -> Any:
    name = package_name.replace("-", "_")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and not f"{name}.".startswith(f"{error.name}."):
            raise
    installed = {distribution.name for distribution in metadata.distributions()}
    close = get_close_matches(package_name, installed, 3)
    raise FrameworkError(
        f"there is no package '{package_name}'",
        f"did you mean {', '.join(close)}?" if close else "is its wheel among the task's libraries?",
    )
