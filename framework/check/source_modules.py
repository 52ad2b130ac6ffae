"""The project's modules, read and never imported."""

import ast
import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from framework.check.source_files import Stamp, Unreadable, parsed, read, stamp
from framework.spec.files import inside_of, is_inside

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TYPE_EXPRESSIONS = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)
_MADE_BY_CODE = re.compile(rb"\b(?:globals|setattr|exec|__path__|sys\.modules)\b|\bglobal\s")
"""Words of a module that may get names which it does not show."""


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


@dataclass(frozen=True)
class Import:
    """An import that always runs: ``names`` are those that it takes ``from`` the module, with what they are called.

    ``level`` is the number of dots before the module's name.
    """

    module: str
    level: int
    names: tuple[tuple[str, str], ...]
    line: int
    column: int


@dataclass(frozen=True, eq=False)
class SourceModule:
    """What a module defines at its top level, also inside of ``if``, ``try`` and ``with``.

    ``others`` are names that may well be functions, but only running the module would tell: what is imported,
    assigned, a class, or defined twice. Those of them that are certain have a meaning in ``meanings``: the full name
    that was imported, or the expression that was assigned. ``open_ended``: it may have any name at all; ``shows_all``:
    not even by code can it have another one. ``unfit`` says of names what they certainly are instead of a function
    that returns something. ``imports`` stand outside of any block.
    """

    functions: Mapping[str, Function]
    others: frozenset[str]
    meanings: Mapping[str, str | ast.expr]
    open_ended: bool
    shows_all: bool
    unfit: Mapping[str, str]
    imports: tuple[Import, ...]

    def certain(self, name: str) -> Function | None:
        """The function of that name, when nothing else in the module may have taken the name."""
        return None if name in self.others else self.functions.get(name)


def read_module(file: Path) -> SourceModule | Unreadable:
    """The module in ``file``. A file that has not changed is read once."""
    source = stamp(file)
    return source if isinstance(source, Unreadable) else _read(source)


Find = Callable[[str], tuple[Path, SourceModule | Unreadable] | None]
"""Finds a dotted module: its file, and what is in it."""


def modules_below(directory: Path, root: Path) -> Find:
    """Finds modules below ``directory``; each is looked for once, and nothing outside of ``root`` is read."""
    is_ours = inside_of(root)

    @cache
    def find(module: str) -> tuple[Path, SourceModule | Unreadable] | None:
        if not (file := module_file(directory, module)):
            return None
        return file, read_module(file) if is_ours(file) else Unreadable("it leads out of the checkout")

    return find


def module_file(directory: Path, module: str) -> Path | None:
    """The file of a dotted module below ``directory``; a package wins over a module of its name, as in Python."""
    base = os.path.join(directory, *module.split("."))  # noqa: PTH118  asked for every task, and a Path is slow
    file = next((file for file in (f"{base}/__init__.py", f"{base}.py") if os.path.isfile(file)), None)  # noqa: PTH113
    return Path(file) if file else None


def modules_in(directory: Path, root: Path) -> Iterator[str]:
    """The files of all modules below ``directory``, without those that are links out of ``root``."""
    for folder, below, files in os.walk(directory):
        below[:] = sorted(name for name in below if not name.startswith((".", "__")))
        for file in (f"{folder}/{name}" for name in sorted(files) if name.endswith(".py")):
            if not os.path.islink(file) or is_inside(Path(file), root):  # noqa: PTH114  asked for every module
                yield file


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
    bound = list(_bindings(tree))
    for name, meaning in bound:
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
    times, content = Counter(name for name, _ in bound), read(source)
    text = content if isinstance(content, bytes) else b"globals"
    open_ended = "*" in others or "__getattr__" in functions
    unfit = {name: what for name, what in _unfit(tree, b"yield" in text) if times[name] == 1}
    shows_all = not open_ended and "__getattr__" not in others and not _MADE_BY_CODE.search(text)
    return SourceModule(functions, frozenset(others), certain, open_ended, shows_all, unfit, _imports(tree))


def _unfit(tree: ast.Module, may_yield: bool) -> Iterator[tuple[str, str]]:
    """Classes and generators of which nothing makes something else: a base or a decorator could."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not (node.bases or node.keywords or node.decorator_list):
            methods = (each.name for each in node.body if isinstance(each, _FUNCTIONS))
            yield from () if "__new__" in methods else ((node.name, "a class"),)
        elif may_yield and isinstance(node, ast.FunctionDef) and not node.decorator_list and _yields(node):
            yield node.name, "a generator"


def _yields(node: ast.FunctionDef) -> bool:
    return any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _top_level(node))


def _imports(tree: ast.Module) -> tuple[Import, ...]:
    found: list[Import] = []
    for node in tree.body:
        place = (node.lineno, node.col_offset + 1)
        if isinstance(node, ast.Import):
            found += [Import(each.name, 0, (), *place) for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple((each.name, each.asname or each.name) for each in node.names)
            found.append(Import(node.module or "", node.level, names, *place))
    return tuple(found)


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


def _top_level(tree: ast.Module | ast.FunctionDef) -> Iterator[ast.AST]:
    """Every node that runs when the module, or the function, does; a function or class in it as a whole."""
    waiting: deque[ast.AST] = deque(tree.body)
    while waiting:
        node = waiting.popleft()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))
