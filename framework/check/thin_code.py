"""What code consists of, in the words of the thin rule: statements, functions, classes, loops and SQL."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["statement", "function", "class", "loop", "sql"]

_QUERIES = {"sql", "read_sql", "read_sql_query", "execute"}
# Not 'use' and 'set': to say where a notebook works is no logic.
_SQL = re.compile(
    r"(?:\s|--[^\n]*+\n|/\*(?>.*?\*/)|\()*+(?:alter|analyze|copy|create|delete|describe|drop|explain|from|grant|insert|merge|"
    r"optimize|refresh|replace|restore|revoke|select|show|truncate|update|vacuum|values|with)\b",
    re.IGNORECASE | re.DOTALL,
)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NOTHING_DONE = (ast.Import, ast.ImportFrom, ast.Pass, ast.Global, ast.Nonlocal, *_DEFINITIONS)


@dataclass(frozen=True)
class Piece:
    """One thing that code does, and the kinds of those around it; the column is in bytes, as ``ast`` has it."""

    kind: Kind
    what: str
    line: int
    column: int
    inside: frozenset[Kind] = frozenset()


def pieces(body: Sequence[ast.stmt], entry: str = "") -> Iterator[Piece]:
    """What the statements consist of. The function ``entry`` may be there: its body counts as if it stood outside."""
    queries = set(_queries(body))
    waiting: list[tuple[ast.AST, frozenset[Kind]]] = [(node, frozenset()) for node in body]
    own = {node for node in body if isinstance(node, ast.FunctionDef) and node.name == entry}
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.expr | ast.stmt):
            kind, what = ("sql", "SQL") if node in queries else _kind(node) if node not in own else (None, "")
            if kind:
                yield Piece(kind, what, node.lineno, node.col_offset, inside)
                inside |= {kind}
            if isinstance(node, ast.stmt) and not _does_nothing(node):
                yield Piece("statement", "", node.lineno, node.col_offset, inside)
        waiting.extend((child, inside) for child in ast.iter_child_nodes(node))


def is_sql(text: str) -> bool:
    """Whether ``text`` is a statement that does something; ``use`` and ``set`` only say where."""
    return _SQL.match(text) is not None


def main_block(tree: ast.Module) -> list[ast.stmt]:
    """The statements of ``if __name__ == "__main__"``."""
    return [inner for node in tree.body if isinstance(node, ast.If) and _asks_for_main(node) for inner in node.body]


def _kind(node: ast.AST) -> tuple[Kind | None, str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return "function", f"function '{name}'"
        case ast.Lambda():
            return "function", "a lambda"
        case ast.ClassDef(name=name):
            return "class", f"class '{name}'"
    if isinstance(node, _LOOPS):
        return "loop", "a loop"
    # A plain one, such as [get(name) for name in names], only spells out a list.
    if isinstance(node, _COMPREHENSIONS) and (len(node.generators) > 1 or node.generators[0].ifs):
        return "loop", "a comprehension that filters or nests"
    return None, ""


def _does_nothing(node: ast.stmt) -> bool:
    return isinstance(node, _NOTHING_DONE) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _asks_for_main(node: ast.If) -> bool:
    test = node.test
    if not isinstance(test, ast.Compare) or len(test.comparators) != 1:
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(each, ast.Name) and each.id == "__name__" for each in sides) and any(
        isinstance(each, ast.Constant) and each.value == "__main__" for each in sides
    )


def _queries(body: Sequence[ast.stmt]) -> Iterator[ast.expr]:
    """The string literals that reach a call such as ``spark.sql``, directly or by a name."""
    nodes = [each for node in body for each in ast.walk(node)]
    # Each name once, however many calls there are.
    texts: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            texts.setdefault(node.targets[0].id, []).append(node.value)
    for node in nodes:
        if isinstance(node, ast.Call) and node.args and getattr(node.func, "attr", "") in _QUERIES:
            named = texts.pop(node.args[0].id, []) if isinstance(node.args[0], ast.Name) else [node.args[0]]
            yield from (literal for each in named if (literal := _literal(each)))


def _literal(node: ast.expr) -> ast.expr | None:
    """The first literal with SQL in an expression such as ``"select …".format(…)``."""
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr) and each.values and is_sql(_text(each.values[0])):
            return each
        if isinstance(each, ast.Constant) and is_sql(_text(each)):
            return each
    return None


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
