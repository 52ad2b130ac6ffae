"""The project's modules, read and never imported."""

import ast
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class SourceModule:
    """What a module defines at its top level, also inside of ``if``, ``try`` and ``with``.

    ``others`` are names that may well be functions, but only running the module would tell: what is imported,
    assigned, a class, or defined twice. ``open_ended``: it may have any name at all.
    """

    functions: Mapping[str, Function]
    others: frozenset[str]
    open_ended: bool


def read_module(file: Path) -> SourceModule:
    """The module in ``file``. Raises SyntaxError or ValueError when it is not valid Python, OSError when unreadable."""
    functions: dict[str, Function] = {}
    others: set[str] = set()
    for node in _top_level(_parsed(file)):
        if isinstance(node, Function):
            others |= {node.name} & functions.keys()
            functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            others.add(node.name)
        elif isinstance(node, ast.alias):
            others.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            others.add(node.id)
    return SourceModule(functions, frozenset(others), "*" in others or "__getattr__" in functions)


def module_file(directory: Path, module: str) -> Path | None:
    """The file of a dotted module below ``directory``; a package wins over a module of its name, as in Python."""
    base = directory.joinpath(*module.split("."))
    return next((file for file in (base / "__init__.py", base.with_suffix(".py")) if file.is_file()), None)


def top_names(directory: Path) -> dict[str, Path]:
    """The packages and modules directly in ``directory``, by name; a folder without ``__init__.py`` is one too."""
    entries = sorted(directory.iterdir()) if directory.is_dir() else []
    return {path.stem: path for path in entries if path.suffix == ".py" or (path.is_dir() and path.name.isidentifier())}


def _parsed(file: Path) -> ast.Module:
    source = file.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (RecursionError, MemoryError):
        raise ValueError("it is nested too deeply") from None


def _top_level(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported, a function or class as a whole."""
    waiting: deque[ast.AST] = deque(tree.body)
    while waiting:
        node = waiting.popleft()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))
