"""Rules about entry points, by reading the source: the project's code is never imported here."""

import importlib.util
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from framework.check.finding import finding
from framework.check.import_problems import TAKEN, import_problems
from framework.check.source_files import Unreadable
from framework.check.source_modules import Function, SourceModule, modules_below, top_names
from framework.check.wheel_entries import wheel_problems
from framework.core.diagnostics import Diagnostic, Location
from framework.core.identifiers import split_entrypoint
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.files import shown
from framework.spec.node_path import NodePath, format_path
from framework.spec.suggestions import close_match
from framework.spec.yaml_source import Document


@dataclass(frozen=True)
class _Mention:
    """An entry point that a file names at ``path``; ``given`` are the arguments of its call, and what names them.

    ``is_taken`` says that something is done with what it returns.
    """

    entrypoint: str
    given: Mapping[str, NodePath]
    path: NodePath
    document: Document
    is_taken: bool

    def finding(self, summary: str, hint: str) -> Diagnostic:
        return Diagnostic(summary, self.document.location(self.path), format_path(self.path), hint)

    def misfit(self, argument: str, hint: str) -> Diagnostic:
        """A finding about an argument that the function does not take."""
        path, name = self.given[argument], self.entrypoint.rpartition(":")[2]
        place = self.document.location(path) if path == self.path else self.document.key_location(path)
        return Diagnostic(f"'{name}' has no argument '{argument}'", place, format_path(path), hint)


def entry_points_exist(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """The module and what it imports of the project, the function, and the arguments that a task promises."""
    find, in_words = modules_below(pipeline.source_directory, pipeline.root), cache(partial(shown, root=pipeline.root))
    seen: set[str] = set()
    for mention in _mentions(pipeline):
        name, function = split_entrypoint(mention.entrypoint)
        is_new = name not in seen
        seen.add(name)
        if not (found := find(name)):
            yield from _no_module(pipeline.source_directory, name, mention)
        elif isinstance(found[1], Unreadable):
            yield from _unreadable(found[1], in_words(found[0]), mention) if is_new else ()
        else:
            yield from _check(found[1], in_words(found[0]), function, mention)
            for problem in import_problems(name, find, pipeline.source_directory) if is_new else ():
                place = Location(in_words(found[0]), problem.line, problem.column)
                yield Diagnostic(problem.summary, place, format_path(mention.path), problem.hint)
    for path, summary, hint in wheel_problems(pipeline):
        yield finding(pipeline, path, summary, hint)


def free_module_names(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Modules of the project that hide one of Python's own, or the framework."""
    for name, path in top_names(pipeline.source_directory).items():
        # A folder without __init__.py gives way to any module of its name.
        if name in TAKEN and (path.is_file() or (path / "__init__.py").is_file()):
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
            is_taken = bool(task.options.offers or getattr(task.options, "writes", None))
            yield _Mention(entrypoint, given, path, pipeline.document, is_taken)
    for source in pipeline.sources:
        if source.sample:
            path = ("sources", source.table.partition(".")[2], "sample")
            yield _Mention(source.sample, {}, path, pipeline.project_document, is_taken=True)


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


def _unreadable(why: Unreadable, file: str, mention: _Mention) -> Iterator[Diagnostic]:
    """A module of which nothing could be checked; said once, whoever names it."""
    dotted = split_entrypoint(mention.entrypoint)[0]
    if why.of_syntax:
        hint = f"{why.reason.capitalize()} at {file}:{why.line}:{why.column}."
        yield mention.finding(f"'{dotted}' is not valid Python", hint)
    else:
        hint = f"It is {file}: put the file itself there, not a link." if "leads" in why.reason else f"It is {file}."
        yield mention.finding(f"'{dotted}' cannot be checked: {why.reason}", hint)


def _check(module: SourceModule, name: str, function: str, mention: _Mention) -> Iterator[Diagnostic]:
    if function in module.unfit and mention.is_taken:
        hint = f"Name a function that returns it. It is in {name}."
        yield mention.finding(f"'{function}' is {module.unfit[function]}: its task gets no result from it", hint)
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
    # That 'context' is no name for a parameter is for another rule to say.
    given = mention.given.keys() - {"context"}
    positional = [each.arg for each in function.arguments.posonlyargs]
    for name in positional:
        hint = f"A task gives every argument by its name: remove the '/'. {where}"
        yield mention.finding(f"argument '{name}' of '{function.name}' takes no name", hint)
    for name in sorted(given - function.named.keys() - {*positional}) if function.arguments.kwarg is None else ():
        yield mention.misfit(name, f"{_near(name, function, given)}{where}")
    for name in sorted(function.required - mention.given.keys() - {"context", *positional}):
        hint = f"Add it to 'reads' or 'params', or give it a default. {where}"
        yield mention.finding(f"nothing gives '{function.name}' its argument '{name}'", hint)


def _near(name: str, function: Function, given: Collection[str]) -> str:
    """The argument that ``name`` was probably meant for: one that nothing else gives."""
    close = close_match(name, [each for each in function.named if each not in given])
    return f"Did you mean '{close}'? " if close else ""
