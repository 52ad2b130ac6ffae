"""Rules about entry points, by reading the source: the project's code is never imported here."""

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from framework.check.source_files import Unreadable
from framework.check.source_modules import Function, SourceModule, modules_below, top_names
from framework.core.diagnostics import Diagnostic, Location
from framework.core.identifiers import split_entrypoint
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.files import shown
from framework.spec.node_path import NodePath, format_path
from framework.spec.suggestions import close_match
from framework.spec.yaml_source import Document

_TAKEN = sys.stdlib_module_names | {"framework"}


@dataclass(frozen=True)
class _Mention:
    """An entry point that a file names at ``path``; ``given`` are the arguments of its call, and what names them."""

    entrypoint: str
    given: Mapping[str, NodePath]
    path: NodePath
    document: Document

    def finding(self, summary: str, hint: str) -> Diagnostic:
        return Diagnostic(summary, self.document.location(self.path), format_path(self.path), hint)

    def misfit(self, argument: str, hint: str) -> Diagnostic:
        """A finding about an argument that the function does not take."""
        path, name = self.given[argument], self.entrypoint.rpartition(":")[2]
        place = self.document.location(path) if path == self.path else self.document.key_location(path)
        return Diagnostic(f"'{name}' has no argument '{argument}'", place, format_path(path), hint)


def entry_points_exist(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """The module, the function, and the arguments that ``reads`` and ``params`` promise."""
    find, in_words = modules_below(pipeline.source_directory), cache(partial(shown, root=pipeline.root))
    for mention in _mentions(pipeline):
        name, function = split_entrypoint(mention.entrypoint)
        if found := find(name):
            file, module = found
            yield from _check(module, in_words(file), function, mention)
        else:
            yield from _no_module(pipeline.source_directory, name, mention)


def free_module_names(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Modules of the project that hide one of Python's own, or the framework."""
    for name, path in top_names(pipeline.source_directory).items():
        # A folder without __init__.py gives way to any module of its name.
        if name in _TAKEN and (path.is_file() or (path / "__init__.py").is_file()):
            owner = "the framework's own name" if name == "framework" else "also a module of Python itself"
            summary = f"'{name}' is {owner}: one would hide the other"
            yield Diagnostic(summary, Location(shown(path, pipeline.root)), hint="Rename it.")


def _mentions(pipeline: ResolvedPipeline) -> Iterator[_Mention]:
    for task in pipeline.tasks:
        if entrypoint := getattr(task.options, "entrypoint", None):
            path = (*task.path, "entrypoint")
            given = dict.fromkeys(task.options.passes, path)
            given |= {name: (*task.path, "reads", name) for name in getattr(task.options, "reads", {})}
            given |= {name: (*task.path, "params", name) for name in task.params}
            yield _Mention(entrypoint, given, path, pipeline.document)
    for source in pipeline.sources:
        if source.sample:
            path = ("sources", source.table.partition(".")[2], "sample")
            yield _Mention(source.sample, {}, path, pipeline.project_document)


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


def _check(module: SourceModule | Unreadable, name: str, function: str, mention: _Mention) -> Iterator[Diagnostic]:
    if isinstance(module, Unreadable):
        dotted = split_entrypoint(mention.entrypoint)[0]
        hint = f"{module.reason.capitalize()} at {name}:{module.line}:{module.column}."
        yield mention.finding(f"'{dotted}' is not valid Python", hint)
    elif found := module.certain(function):
        yield from _check_function(found, name, mention)
    elif not module.open_ended and function not in module.others:
        close = close_match(function, module.functions)
        there = f"It has: {', '.join(module.functions) or 'no functions'}."
        yield mention.finding(
            f"there is no function '{function}' in {name}", f"Did you mean '{close}'?" if close else there
        )


def _check_function(function: Function, file: str, mention: _Mention) -> Iterator[Diagnostic]:
    if function.decorated:
        return  # A decorator may supply arguments, or make another function of it.
    where = f"It is defined at {file}:{function.line}."
    if function.is_async:
        hint = f"Make it a plain function. {where}"
        yield mention.finding(f"'{function.name}' is async, and nobody awaits it", hint)
    for name in sorted(mention.given.keys() - function.named.keys()) if function.arguments.kwarg is None else ():
        yield mention.misfit(name, where)
    for name in sorted(function.required - mention.given.keys() - {"context"}):
        hint = f"Add it to 'reads' or 'params', or give it a default. {where}"
        yield mention.finding(f"nothing gives '{function.name}' its argument '{name}'", hint)
