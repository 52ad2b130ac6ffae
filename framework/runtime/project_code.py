"""Calls the project's functions and says plainly what went wrong in them."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from framework.core.errors import FrameworkError, ProjectCodeError
from framework.core.identifiers import split_entrypoint
from framework.runtime import raised, spark_errors, user_frames


def call(entrypoint: str, given: Mapping[str, Any], offered: Mapping[str, Any]) -> Any:
    """Call ``package.module:function`` with every argument of ``given``, and those of ``offered`` that it takes.

    Raises ProjectCodeError when the function does not exist, takes other arguments, or raises.
    """
    function = find(entrypoint)
    arguments = _match(entrypoint, function, given, offered)
    with blamed_on(entrypoint):
        return function(**arguments)


def find(entrypoint: str) -> Callable[..., Any]:
    """The function. Raises ProjectCodeError naming the closest module or function when there is none."""
    module_name, name = split_entrypoint(entrypoint)
    try:
        with blamed_on(entrypoint, "importing "):
            module = import_module(module_name)
    except ProjectCodeError as error:
        if isinstance(error.__cause__, ModuleNotFoundError) and _is_within(module_name, error.__cause__.name):
            raise _no_module(entrypoint, module_name) from None
        raise
    function = getattr(module, name, None)
    if not callable(function):
        names = [n for n, value in vars(module).items() if callable(value)]
        raise ProjectCodeError(f"{entrypoint}: {module_name} has no function '{name}'", _did_you_mean(name, names))
    return function  # type: ignore[no-any-return]


@contextmanager
def blamed_on(entrypoint: str, doing: str = "") -> Iterator[None]:
    """Turn what the block raises into a ProjectCodeError of ``entrypoint``: the call itself, or a lazy query's write.

    Our own errors and conflicts between writers pass through. ``sys.exit`` is blamed too: a task ends by returning.
    """
    try:
        yield
    except FrameworkError:
        raise
    except (Exception, SystemExit) as error:
        if spark_errors.is_conflict(error):
            raise
        raise _translate(error, entrypoint, doing) from error


def wrong_return(entrypoint: str, expected: str, got: Any, name: str = "") -> ProjectCodeError:
    """The error for a function that does not return what its kind promises; ``name`` tells more than its class."""
    module = type(got).__module__.split(".")[0]
    name = name or ("nothing" if got is None else f"a {module}.{type(got).__name__}".replace("a builtins.", "a "))
    hint = "turn it into a Spark DataFrame with context.spark.createDataFrame" if module == "pandas" else ""
    return ProjectCodeError(f"{entrypoint} returned {name}; its task expects {expected}", hint)


def is_frame(value: Any) -> bool:
    """Whether ``value`` is a Spark DataFrame, classic or Connect."""
    return type(value).__module__.startswith("pyspark.sql") and type(value).__name__ == "DataFrame"


def _match(
    entrypoint: str, function: Callable[..., Any], given: Mapping[str, Any], offered: Mapping[str, Any]
) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = {n: p for n, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    if unexpected := [] if takes_any else [name for name in given if name not in named]:
        raise ProjectCodeError(
            f"{entrypoint} has no argument '{unexpected[0]}', which its task gives it; it takes {_listed(named)}",
            _did_you_mean(unexpected[0], [name for name in named if name not in given]),
        )
    arguments = {**given, **{name: value for name, value in offered.items() if name in named}}
    if missing := [n for n, p in named.items() if p.default is p.empty and n not in arguments]:
        raise ProjectCodeError(
            f"{entrypoint} needs an argument '{missing[0]}'; its task gives {_listed(arguments)}",
            f"add '{missing[0]}' to reads or params of the task, or give the argument a default",
        )
    return arguments


def _translate(error: BaseException, entrypoint: str, doing: str) -> ProjectCodeError:
    trace = user_frames.cut(error, _package(entrypoint))
    if column := spark_errors.unresolved_column(error):
        near = ", ".join(column.near)
        place = f"File {column.place}" if column.place else ""
        return ProjectCodeError(
            f"{doing}{entrypoint} asks for a column '{column.name}' that does not exist",
            f"closest columns: {near}" if near else "see the columns of the tables that the task reads",
            "\n".join(part for part in (trace, place) if part),
        )
    if worker := spark_errors.worker_error(error):
        text, last = worker
        return ProjectCodeError(f"{doing}{entrypoint} raised {last}", "", user_frames.cut_text(text))
    return ProjectCodeError(f"{doing}{entrypoint} raised {raised.one_line(error)}", "", trace)


def _is_within(module_name: str, missing: str | None) -> bool:
    return missing is not None and f"{module_name}.".startswith(f"{missing}.")


def _no_module(entrypoint: str, module_name: str) -> ProjectCodeError:
    package, _, name = module_name.rpartition(".")
    try:
        found = [m.name for m in pkgutil.iter_modules(import_module(package).__path__ if package else None)]
    except (ImportError, AttributeError):
        found = []
    hint = _did_you_mean(name, found) or f"is the package '{_package(module_name)}' installed?"
    return ProjectCodeError(f"{entrypoint}: there is no module '{module_name}'", hint)


def _package(dotted: str) -> str:
    return dotted.partition(":")[0].partition(".")[0]


def _did_you_mean(name: str, names: list[str]) -> str:
    return f"did you mean '{close[0]}'?" if (close := get_close_matches(name, names, 1)) else ""


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(names) or "no arguments"
