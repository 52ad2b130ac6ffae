"""Texts that are credentials by their shape, and literals that are given to names such as ``password``."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from framework.check.text_places import TextPlaces
from framework.core.credentials import NAME, SHAPES, SURE_NAME, WORD

_EXAMPLE = "EXAMPLE"  # as in the manuals of AWS
_SCHEME = re.compile(r"[a-z0-9+.-]*$")
_LONGEST = 300

# What only stands for a secret or names one: prose, a template, a placeholder, an environment variable.
_NO_VALUE = re.compile(r".*\s.*|.*\{.*\}.*|<.*>|\[.*\]|\$\w+|%\w*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|.{0,3}|\W*", re.DOTALL)
# Many a column is called token or account_key; what is made by a machine to be secret has digits, or is long.
_MADE = re.compile(r"(?=.*\d).{8,}|.{20,}", re.DOTALL)
_YAML = re.compile(
    rf"(?:^[ \t]*(?:-[ \t]+)?|[{{,][ \t]*)[\"']?(?P<name>[\w.-]{{0,60}}{WORD})[\"']?[ \t]*:[ \t]+"
    r"(?:\"(?P<double>[^\"\n]+)\"|'(?P<single>[^'\n]+)'|(?P<plain>[^\s\"'&*!|>#,{}\[\]][^\s,{}\[\]]*)"
    r"[ \t]*(?=$|[,}#]))",
    re.IGNORECASE | re.MULTILINE,
)
_SQL = re.compile(rf"(?P<word>{WORD})[\"'`]?\s{{0,9}}(?:=>?|\s)\s{{0,9}}'(?P<value>[^'\n]+)'", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"[\w.-]*$")
_PLAIN_WORDS = {"true", "false", "null", "none", "yes", "no"}


@dataclass(frozen=True)
class Credential:
    """Where a credential begins, and what kind it is. The text itself is nowhere: findings end up in logs."""

    what: str
    line: int
    column: int


def by_shape(text: str) -> Iterator[Credential]:
    """What can be nothing else, in a text of any kind."""
    for shape in SHAPES:
        places, pattern = TextPlaces(text), shape.pattern
        for found in pattern.finditer(text) if shape.mark in text else ():
            there = "secret" not in pattern.groupindex or found["secret"] is not None
            if there and not found[0].endswith(_EXAMPLE):
                yield Credential(shape.what, *places.place(_start(text, found.start())))


def in_yaml(text: str) -> Iterator[Credential]:
    """Values of keys that are named like a secret."""
    places = TextPlaces(text)
    for found in _YAML.finditer(text):
        value = next(each for each in found.group("double", "single", "plain") if each)
        if _is_secret(found["name"], value) and value.lower() not in _PLAIN_WORDS:
            yield Credential(f"the value of '{found['name']}'", *places.place(found.start("name")))


def in_sql(text: str) -> Iterator[Credential]:
    """Strings after a name such as ``password``."""
    places = TextPlaces(text)
    for found in _SQL.finditer(text):
        # The word is looked for first: a name can be as long as the file.
        before = _NAME_BEFORE.search(text[max(0, found.start() - 60) : found.start()])
        name = (before[0] if before else "") + found["word"]
        if _is_secret(name, found["value"]):
            yield Credential(f"the value of '{name}'", *places.place(found.end("word") - len(name)))


def in_python(tree: ast.Module) -> Iterator[Credential]:
    """Literals that are assigned or passed under a name such as ``password``; the column is in bytes."""
    for node in ast.walk(tree):
        for name, value in _named(node):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and _is_secret(name, value.value):
                yield Credential(f"the value of '{name}'", value.lineno, value.col_offset + 1)


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """The names in ``node`` and what each of them gets."""
    if isinstance(node, ast.Assign):
        yield from ((_name(target), node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign):
        yield _name(node.target), node.value
    elif isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Dict):
        yield from ((_text(key), value) for key, value in zip(node.keys, node.values, strict=True))
    elif isinstance(node, ast.arguments):
        positional = [*node.posonlyargs, *node.args]
        defaults = zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True)
        yield from ((each.arg, default) for each, default in defaults)
        yield from ((each.arg, default) for each, default in zip(node.kwonlyargs, node.kw_defaults, strict=True))
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("option", "set") and len(node.args) == 2:
        yield _text(node.args[0]), node.args[1]


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return _text(target.slice)
    return target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_secret(name: str, value: str) -> bool:
    if max(len(name), len(value)) > _LONGEST or not NAME.fullmatch(name) or _NO_VALUE.fullmatch(value):
        return False
    if SURE_NAME.fullmatch(name):
        return value.lower() != name.lower()  # PASSWORD = "password" is the name of a field
    return _MADE.fullmatch(value) is not None


def _start(text: str, at: int) -> int:
    """Where the word begins that is in front of a place: the scheme of a connection string."""
    scheme = _SCHEME.search(text[max(0, at - 30) : at])
    return at - len(scheme[0]) if scheme and text[at] == ":" else at
