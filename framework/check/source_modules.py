"""The project's modules, read and never imported."""

import ast
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from framework.check.source_files import Stamp, Unreadable, parsed, stamp

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TYPE_EXPRESSIONS = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class Function:
    """A function's head. ``decorated``: what its name means is then something else, or takes something else."""

    name: str
    line: int
    arguments: ast.arguments
    returns: ast.expr | None
    is_async: bool
    decorated: bool
    generic: bool

    @cached_property
    def named(self) -> dict[str, ast.arg]:
        """The arguments that can be given by name."""
        return {each.arg: each for each in (*self.arguments.args, *self.arguments.kwonlyargs)}

    @cached_property
    def required(self) -> set[str]:
        """The arguments that have no default."""
        positional = [*self.arguments.posonlyargs, *self.arguments.args]
        without = positional[: len(positional) - len(self.arguments.defaults)]
        keywords = zip(self.arguments.kwonlyargs, self.arguments.kw_defaults, strict=True)
        return {each.arg for each in without} | {each.arg for each, default in keywords if default is None}


@dataclass(frozen=True, eq=False)
class SourceModule:
    """What a module defines at its top level, also inside of ``if``, ``try`` and ``with``.

    ``others`` are names that may well be functions, but only running the module would tell: what is imported,
    assigned, a class, or defined twice. Those of them that are certain have a meaning in ``meanings``: the full name
    that was imported, or the expression that was assigned. ``open_ended``: it may have any name at all.
    """

    functions: Mapping[str, Function]
    others: frozenset[str]
    meanings: Mapping[str, str | ast.expr]
    open_ended: bool

    def certain(self, name: str) -> Function | None:
        """The function of that name, when nothing else in the module may have taken the name."""
        return None if name in self.others else self.functions.get(name)


def read_module(file: Path) -> SourceModule | Unreadable:
    """The module in ``file``. A file that has not changed is read once."""
    source = stamp(file)
    return source if isinstance(source, Unreadable) else _read(source)


Find = Callable[[str], tuple[Path, SourceModule | Unreadable] | None]
"""Finds a dotted module: its file, and what is in it."""


def modules_below(directory: Path) -> Find:
    """Finds modules below ``directory``; each is looked for once."""

    @cache
    def find(module: str) -> tuple[Path, SourceModule | Unreadable] | None:
        file = module_file(directory, module)
        return (file, read_module(file)) if file else None

    return find


def module_file(directory: Path, module: str) -> Path | None:
    """The file of a dotted module below ``directory``; a package wins over a module of its name, as in Python."""
    base = os.path.join(directory, *module.split("."))  # noqa: PTH118  asked for every task, and a Path is slow
    file = next((file for file in (f"{base}/__init__.py", f"{base}.py") if os.path.isfile(file)), None)  # noqa: PTH113
    return Path(file) if file else None


def top_names(directory: Path) -> dict[str, Path]:
    """The packages and modules directly in ``directory``, by name; a folder without ``__init__.py`` is one too."""
    entries = sorted(directory.iterdir()) if directory.is_dir() else []
    return {path.stem: path for path in entries if path.suffix == ".py" or (path.is_dir() and path.name.isidentifier())}


@cache
def _read(source: Stamp) -> SourceModule | Unreadable:
    tree = parsed(source)
    if isinstance(tree, Unreadable):
        return tree
    functions: dict[str, Function] = {}
    others: set[str] = set()
    meanings: dict[str, str | ast.expr] = {}
    for name, meaning in _bindings(tree):
        if isinstance(meaning, Function):
            others |= {name} & functions.keys()
            functions[name] = meaning
        elif meaning is None or meanings.get(name, meaning) != meaning or (name in others and name not in meanings):
            meanings.pop(name, None)
            others.add(name)
        else:
            meanings[name] = meaning
            others.add(name)
    certain = {name: meaning for name, meaning in meanings.items() if name not in functions}
    return SourceModule(functions, frozenset(others), certain, "*" in others or "__getattr__" in functions)


def _bindings(tree: ast.Module) -> Iterator[tuple[str, Function | str | ast.expr | None]]:
    """Each name that the module gives a meaning, as often as it does; None is one that only running it would tell."""
    aliased: set[ast.Name] = set()
    for node in _top_level(tree):
        if isinstance(node, _FUNCTIONS):
            yield node.name, _function(node)
        elif isinstance(node, ast.ClassDef):
            yield node.name, None
        elif isinstance(node, ast.ImportFrom):
            module = f"{node.module}." if node.module and not node.level else ""
            yield from ((each.asname or each.name, module + each.name if module else None) for each in node.names)
        elif isinstance(node, ast.Import):
            for each in node.names:
                top = each.name.partition(".")[0]
                yield (each.asname, each.name) if each.asname else (top, top)
        elif isinstance(target := _alias(node), ast.Name):
            aliased.add(target)
            value = node.value  # type: ignore[attr-defined]
            yield target.id, value if isinstance(value, _TYPE_EXPRESSIONS) else None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in aliased:
            yield node.id, None
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, None


def _alias(node: ast.AST) -> ast.expr | None:
    """The name that a plain assignment gives to an expression."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return node.targets[0]
    return node.target if isinstance(node, ast.AnnAssign) and node.value else None


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    return Function(
        name=node.name,
        line=node.lineno,
        arguments=node.args,
        returns=node.returns,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        decorated=bool(node.decorator_list),
        generic=bool(getattr(node, "type_params", ())),
    )


def _top_level(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported, a function or class as a whole."""
    waiting: deque[ast.AST] = deque(tree.body)
    while waiting:
        node = waiting.popleft()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))
