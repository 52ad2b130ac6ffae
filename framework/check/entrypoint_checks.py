"""Rules about entry points, by reading the source: the project's code is never imported here."""

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from framework.check.source_modules import Function, SourceModule, module_file, read_module, top_names
from framework.core.diagnostics import Diagnostic, Location
from framework.core.identifiers import split_entrypoint
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import format_path
from framework.spec.suggestions import close_match

_TAKEN = sys.stdlib_module_names | {"framework"}


@dataclass(frozen=True)
class _Mention:
    """An entry point that a file names, and the arguments with which it will be called."""

    entrypoint: str
    given: frozenset[str]
    location: Location
    path: str

    def finding(self, summary: str, hint: str) -> Diagnostic:
        return Diagnostic(summary, self.location, self.path, hint)


def entry_points_exist(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """The module, the function, and the arguments that ``reads`` and ``params`` promise."""
    read = cache(read_module)  # many tasks name the same module
    for mention in _mentions(pipeline):
        module, function = split_entrypoint(mention.entrypoint)
        file = module_file(pipeline.source_directory, module)
        if file is None:
            yield from _no_module(pipeline.source_directory, module, mention)
        else:
            yield from _check(file, _shown(file, pipeline.root), function, mention, read)


def free_module_names(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Modules of the project that hide one of Python's own, or the framework."""
    for name, path in top_names(pipeline.source_directory).items():
        # A folder without __init__.py gives way to any module of its name.
        if name in _TAKEN and (path.is_file() or (path / "__init__.py").is_file()):
            owner = "the framework's own name" if name == "framework" else "also a module of Python itself"
            summary = f"'{name}' is {owner}: one would hide the other"
            yield Diagnostic(summary, Location(_shown(path, pipeline.root)), hint="Rename it.")


def _mentions(pipeline: ResolvedPipeline) -> Iterator[_Mention]:
    for task in pipeline.tasks:
        if entrypoint := getattr(task.options, "entrypoint", None):
            path = (*task.path, "entrypoint")
            given = frozenset({*getattr(task.options, "reads", {}), *task.params, *task.options.passes})
            yield _Mention(entrypoint, given, pipeline.location(path), format_path(path))
    for source in pipeline.sources:
        if source.sample:
            path = ("sources", source.table.partition(".")[2], "sample")
            place = pipeline.project_document.location(path)
            yield _Mention(source.sample, frozenset(), place, format_path(path))


def _no_module(directory: Path, module: str, mention: _Mention) -> Iterator[Diagnostic]:
    top = module.partition(".")[0]
    ours = top_names(directory)
    if top in ours:
        expected = f"{directory.name}/{module.replace('.', '/')}.py"
        yield mention.finding(f"there is no module '{module}'", f"Expected it at {expected}.")
    elif not _is_installed(top):
        close = close_match(top, ours)
        there = f"{directory.name}/ has: {', '.join(ours) or 'nothing'}."
        hint = f"Did you mean '{close}'?" if close else f"{there} A package from elsewhere has to be installed."
        yield mention.finding(f"there is no package '{top}'", hint)


def _is_installed(top: str) -> bool:
    """Whether Python finds the package. Looking for a top-level name imports nothing."""
    try:
        return importlib.util.find_spec(top) is not None
    except ValueError:  # a module that runs without having been found, such as __main__
        return False


def _check(
    file: Path, shown: str, function: str, mention: _Mention, read: Callable[[Path], SourceModule]
) -> Iterator[Diagnostic]:
    try:
        module = read(file)
    except (SyntaxError, ValueError) as error:
        hint = f"{getattr(error, 'msg', error)} at {shown}:{getattr(error, 'lineno', None) or 1}."
        yield mention.finding(f"'{split_entrypoint(mention.entrypoint)[0]}' is not valid Python", hint)
    except OSError as error:
        yield mention.finding(f"{shown} cannot be read", f"{error.strerror}.")
    else:
        if function in module.functions:
            if function not in module.others:
                yield from _check_function(module.functions[function], shown, mention)
        elif function not in module.others and not module.open_ended:
            close = close_match(function, module.functions)
            there = f"It has: {', '.join(module.functions) or 'no functions'}."
            summary = f"there is no function '{function}' in {shown}"
            yield mention.finding(summary, f"Did you mean '{close}'?" if close else there)


def _check_function(node: Function, shown: str, mention: _Mention) -> Iterator[Diagnostic]:
    if node.decorator_list:
        return  # A decorator may supply arguments, or make another function of it.
    where = f"It is defined at {shown}:{node.lineno}."
    if isinstance(node, ast.AsyncFunctionDef):
        yield mention.finding(f"'{node.name}' is async, and nobody awaits it", f"Make it a plain function. {where}")
    taken, required = _arguments(node)
    for name in sorted(mention.given - taken) if node.args.kwarg is None else ():
        yield mention.finding(f"'{node.name}' has no argument '{name}'", where)
    for name in sorted(required - mention.given - {"context"}):
        hint = f"Add it to 'reads' or 'params', or give it a default. {where}"
        yield mention.finding(f"nothing gives '{node.name}' its argument '{name}'", hint)


def _arguments(function: Function) -> tuple[set[str], set[str]]:
    """The arguments that can be given by name, and those that have no default."""
    positional = [*function.args.posonlyargs, *function.args.args]
    optional = positional[len(positional) - len(function.args.defaults) :]
    keywords = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    names = {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}
    required = {argument.arg for argument in [*positional, *function.args.kwonlyargs]}
    return names, required - {a.arg for a in optional} - {a.arg for a, default in keywords if default is not None}


def _shown(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
