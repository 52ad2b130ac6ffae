"""Notebooks and mains hold no logic: what they do can be neither tested nor used again where it stands."""

import os
from collections.abc import Iterator
from pathlib import Path

from framework.check.source_files import Unreadable
from framework.check.source_modules import modules_in
from framework.check.thin_files import MAIN_MODULE, Code, Found, function, main_of_module, notebook, script
from framework.check.wheel_entries import wheel_entries
from framework.core.diagnostics import Diagnostic, Location
from framework.resolve.native_files import code_files
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.files import is_inside, shown
from framework.spec.policy_spec import Thin

_NOTEBOOKS = (".py", ".ipynb")
_MOVE = "Move it into a function of the project's package, and name that as the entrypoint of a task."
_MOVE_SQL = "Move it into a function of the project's package, or into the file of a sql_task."


def thin_entry_points(pipeline: ResolvedPipeline, thin: Thin) -> Iterator[Diagnostic]:
    """Notebooks, scripts, main modules, main blocks and the functions of wheel tasks with more in them than calls."""
    for file, holder, code in _entry_points(pipeline):
        if isinstance(code, Unreadable):
            yield _broken(file, pipeline.root, code)
            continue
        yield from (_broken(file, pipeline.root, broken) for broken in code.broken)
        yield from _judged(code, holder, shown(file, pipeline.root), thin)


def _entry_points(pipeline: ResolvedPipeline) -> Iterator[tuple[Path, str, Code | Unreadable]]:
    """Each file or function once, with what to call it."""
    native = code_files(pipeline)
    notebooks = [each.file for each in native if each.kind == "notebook_task"]
    for file in _with_those_they_run(notebooks, pipeline.root):
        yield file, "a notebook", notebook(file)
    scripts = dict.fromkeys(each.file for each in native if each.kind == "spark_python_task")
    for file in scripts:
        if file.suffix == ".py":
            yield file, "a script", script(file)
    for file, name in dict.fromkeys(wheel_entries(pipeline)):
        yield file, f"the entry point '{name}'", function(file, name)
    for module in modules_in(pipeline.source_directory, pipeline.root):
        file, code = Path(module), main_of_module(module)
        if code != Code() and file not in scripts:
            yield file, "a main module" if file.name == MAIN_MODULE else "a main block", code


def _with_those_they_run(notebooks: list[Path], root: Path) -> Iterator[Path]:
    """The notebooks, followed by those that they name in ``%run``."""
    waiting = [*notebooks]
    seen: set[Path] = set()
    while waiting:
        file = waiting.pop(0)
        if file.suffix not in _NOTEBOOKS or file in seen:
            continue
        seen.add(file)
        yield file
        code = notebook(file)
        for written in code.runs if isinstance(code, Code) else ():
            named = Path(os.path.normpath(file.parent / written))
            each = (named.with_name(named.name + suffix) for suffix in ("", *_NOTEBOOKS) if named.name)
            # pathlib would raise for a name that is too long.
            waiting += [found for found in each if os.path.isfile(found) and is_inside(found, root)][:1]  # noqa: PTH113


def _judged(code: Code, holder: str, file: str, thin: Thin) -> Iterator[Diagnostic]:
    allowed = {
        "function": thin.allow_functions,
        "class": thin.allow_classes,
        "loop": thin.allow_loops,
        "sql": thin.allow_sql,
    }
    refused = {kind for kind, is_allowed in allowed.items() if not is_allowed}
    # What moves elsewhere takes along what is inside of it.
    stays = [found for found in code.found if not found.inside & refused]
    for found in stays:
        if found.kind in refused:
            yield _finding(f"{found.what} in {holder}", found, file, _MOVE_SQL if found.kind == "sql" else _MOVE)
    statements = [found for found in stays if found.kind == "statement"]
    if len(statements) > thin.max_statements:
        summary = f"{len(statements)} statements in {holder}, {thin.max_statements} are allowed"
        hint = "Move them into a function of the project's package, and name that as the entrypoint of a task."
        yield _finding(summary, statements[thin.max_statements], file, hint)


def _finding(summary: str, found: Found, file: str, hint: str) -> Diagnostic:
    return Diagnostic(summary, Location(file, found.line, found.column), found.cell, hint)


def _broken(file: Path, root: Path, why: Unreadable) -> Diagnostic:
    location = Location(shown(file, root), why.line, why.column)
    if why.of_syntax:
        return Diagnostic(f"'{file.name}' is not valid: {why.reason}", location, hint="Nothing of it could be checked.")
    hint = "Make it smaller: most of it belongs into the project's package. Until then, waive thin_entry_points for it."
    return Diagnostic(f"'{file.name}' cannot be checked: {why.reason}", location, hint=hint)
