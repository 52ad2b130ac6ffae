"""Rules about entry points, by reading the source: the project's code is never imported here."""

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path

from framework.core.diagnostics import Diagnostic
from framework.core.identifiers import split_entrypoint
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.runtime.kinds.evaluate import Evaluate
from framework.spec.node_path import format_path


def entry_points_exist(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """The module, the function, and the arguments that ``reads`` and ``params`` promise."""
    for task in pipeline.tasks:
        if entrypoint := getattr(task.options, "entrypoint", None):
            module, function = split_entrypoint(entrypoint)
            yield from _check(pipeline, task, module, function)


def _check(pipeline: ResolvedPipeline, task: ResolvedTask, module: str, function: str) -> Iterator[Diagnostic]:
    path = (*task.path, "entrypoint")
    place, shown = pipeline.location(path), format_path(path)
    file = _module_file(pipeline.source_directory, module)
    if file is None:
        if not (pipeline.source_directory / module.partition(".")[0]).exists():
            return  # of an installed package, which is not ours to read
        expected = f"{pipeline.source_directory.name}/{module.replace('.', '/')}.py"
        yield Diagnostic(f"there is no module '{module}'", place, shown, f"Expected it at {expected}.")
        return
    name = file.relative_to(pipeline.root).as_posix() if file.is_relative_to(pipeline.root) else str(file)
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        at = f"{name}:{getattr(error, 'lineno', 1)}"
        yield Diagnostic(f"'{module}' is not valid Python", place, shown, f"{getattr(error, 'msg', error)} at {at}.")
        return
    yield from _check_function(task, _Module(name, tree), function, Diagnostic("", place, shown))


class _Module:
    """The names that a parsed module defines at its top level."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        nodes = [n for n in ast.walk(tree) if isinstance(n, ast.stmt)]
        self.functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
        # A name that is imported or assigned may well be a function; only running the module would tell.
        self.others = {alias.asname or alias.name for n in nodes if isinstance(n, ast.ImportFrom) for alias in n.names}
        self.others |= {
            t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
        }


def _check_function(task: ResolvedTask, module: _Module, function: str, at: Diagnostic) -> Iterator[Diagnostic]:
    if function in module.others:
        return
    if function not in module.functions:
        close = difflib.get_close_matches(function, module.functions, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"It has: {', '.join(module.functions) or 'no functions'}."
        yield Diagnostic(f"there is no function '{function}' in {module.name}", at.location, at.path, hint)
        return
    node = module.functions[function]
    given = _given(task)
    taken, required = _arguments(node)
    where = f"It is defined at {module.name}:{node.lineno}."
    for name in sorted(given - taken) if node.args.kwarg is None else ():
        yield Diagnostic(f"'{function}' has no argument '{name}'", at.location, at.path, where)
    for name in sorted(required - given - {"context"}):
        hint = f"Add it to 'reads' or 'params', or give it a default. {where}"
        yield Diagnostic(f"nothing gives '{function}' its argument '{name}'", at.location, at.path, hint)


def _given(task: ResolvedTask) -> set[str]:
    model = {"model"} if isinstance(task.options, Evaluate) else set()
    return {*getattr(task.options, "reads", {}), *task.params, *model}


def _arguments(function: ast.FunctionDef) -> tuple[set[str], set[str]]:
    positional = [*function.args.posonlyargs, *function.args.args]
    optional = positional[len(positional) - len(function.args.defaults) :]
    keywords = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    names = {argument.arg for argument in [*positional, *function.args.kwonlyargs]}
    defaults = {a.arg for a in optional} | {a.arg for a, default in keywords if default is not None}
    return names, names - defaults


def _module_file(directory: Path, module: str) -> Path | None:
    base = directory.joinpath(*module.split("."))
    return next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()), None)
