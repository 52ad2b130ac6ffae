"""Texts that are credentials by their shape, and literals that are given to names such as ``password``."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from framework.check.text_places import TextPlaces

# What, a text that it always holds, and its shape. To look for the text first is fifty times as fast. A shape with a
# group is only there where the group is: without it, what was looked at in vain is not looked at again.
_SHAPES = [
    (what, mark, re.compile(shape))
    for what, mark, shape in (
        ("a Databricks token", "dapi", r"\bdapi[0-9a-f]{32}\b"),
        ("a Databricks OAuth secret", "dose", r"\bdose[0-9a-f]{32}\b"),
        ("an AWS access key", "AKIA", r"\bAKIA[0-9A-Z]{16}\b(?<!EXAMPLE)"),
        ("an AWS access key", "ASIA", r"\bASIA[0-9A-Z]{16}\b(?<!EXAMPLE)"),
        ("a GitHub token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{36}"),
        ("a GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{40,}"),
        ("a Slack token", "xox", r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
        ("a Google API key", "AIza", r"\bAIza[0-9A-Za-z_-]{35}\b"),
        ("a private key", "PRIVATE KEY", r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"),
        ("a signed web token", "eyJ", r"\beyJ[\w-]{10,}+(?:(\.eyJ[\w-]{10,}+\.[\w-]{10,}+)|)"),
        ("a storage account's key", "AccountKey=", r"\bAccountKey=[A-Za-z0-9+/]{20,}"),
        ("a storage account's key", "SharedAccessKey=", r"\bSharedAccessKey=[A-Za-z0-9+/]{20,}"),
        # Not what stands for one: {password}, ${password}, <password>, $PASSWORD, %s, ***.
        (
            "a connection string with a password",
            "://",
            r"(?<!models)://[^\s/:@'\"{}<$%*]{1,80}:(?!(?:pass(?:word|wd)?|pwd|secret|token|x+|\.+)@)[^\s/:@'\"{}<$%*]{1,200}@[\w\[]",
        ),
        (
            "a connection string with a password",
            "jdbc:",
            r"jdbc:(?:[^\s'\"]+?([?;&](?i:password|pwd)=[^\s;&'\"{}<$%*]++)|[^\s'\"]*+)",
        ),
    )
]

_SCHEME = re.compile(r"[a-z0-9+.-]*$")
_LONGEST = 300

_SURE = r"(?:password|passwd|passphrase|pwd)"
_WORD = rf"(?:{_SURE}|secret|token|(?:access|account|api|private|secret)[_.-]?key|credentials?)"
_NAME = re.compile(rf"(?:.*[_.\-]|.*[a-z](?=[A-Z]))?{_WORD}|fs\.azure\.account\.key\..*", re.IGNORECASE)
_KEYS = [f"{whose}{mark}key" for whose in ("access", "account", "api", "private", "secret") for mark in ("", *"_.-")]
_ANY_NAME = ("password", "passwd", "passphrase", "pwd", "secret", "token", "credential", *_KEYS)
_SURE_NAME = re.compile(f".*{_SURE}", re.IGNORECASE)
# What only stands for a secret or names one: prose, a template, a placeholder, an environment variable.
_NO_VALUE = re.compile(r".*\s.*|.*\{.*\}.*|<.*>|\[.*\]|\$\w+|%\w*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|.{0,3}|\W*", re.DOTALL)
# Many a column is called token or account_key; what is made by a machine to be secret has digits, or is long.
_MADE = re.compile(r"(?=.*\d).{8,}|.{20,}", re.DOTALL)
_YAML = re.compile(
    rf"(?:^[ \t]*(?:-[ \t]+)?|[{{,][ \t]*)[\"']?(?P<name>[\w.-]{{0,60}}{_WORD})[\"']?[ \t]*:[ \t]+"
    r"(?:\"(?P<double>[^\"\n]+)\"|'(?P<single>[^'\n]+)'|(?P<plain>[^\s\"'&*!|>#,{}\[\]][^\s,{}\[\]]*)"
    r"[ \t]*(?=$|[,}#]))",
    re.IGNORECASE | re.MULTILINE,
)
_SQL = re.compile(rf"(?P<word>{_WORD})[\"'`]?\s{{0,9}}(?:=>?|\s)\s{{0,9}}'(?P<value>[^'\n]+)'", re.IGNORECASE)
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
    for what, mark, shape in _SHAPES:
        places = TextPlaces(text)
        for found in shape.finditer(text) if mark in text else ():
            if not shape.groups or found[1] is not None:
                yield Credential(what, *places.place(_start(text, found.start())))


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


def may_name_one(text: str) -> bool:
    """Whether it is worth a closer look for names."""
    lower = text.lower()
    return any(word in lower for word in _ANY_NAME)


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
    if max(len(name), len(value)) > _LONGEST or not _NAME.fullmatch(name) or _NO_VALUE.fullmatch(value):
        return False
    if _SURE_NAME.fullmatch(name):
        return value.lower() != name.lower()  # PASSWORD = "password" is the name of a field
    return _MADE.fullmatch(value) is not None


def _start(text: str, at: int) -> int:
    """Where the word begins that is in front of a place: the scheme of a connection string."""
    scheme = _SCHEME.search(text[max(0, at - 30) : at])
    return at - len(scheme[0]) if scheme and text[at] == ":" else at
