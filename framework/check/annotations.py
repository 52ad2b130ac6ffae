"""What an annotation allows, as far as that is certain without running the module."""

import ast
import builtins
from dataclasses import dataclass
from functools import cache

from framework.check.source_modules import SourceModule

_DEEPEST = 20
_SPARK, _CONTEXT, _TRAINED = "pyspark.sql.DataFrame", "framework.TaskContext", "framework.TrainedModel"
_BUILTIN = ("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple")
_OTHERS = (
    "datetime.date", "datetime.datetime", "datetime.time", "datetime.timedelta", "decimal.Decimal",
    "mlflow.pyfunc.PyFuncModel", "numpy.ndarray", "pandas.DataFrame", "pandas.Series", "pathlib.Path",
    "polars.DataFrame", "pyspark.pandas.DataFrame", "pyspark.sql.Column", "pyspark.sql.GroupedData",
    "pyspark.sql.Row", "pyspark.sql.SparkSession", "uuid.UUID", _CONTEXT, _SPARK, _TRAINED,
)  # fmt: skip
_MAPPINGS = ("typing.Mapping", "typing.MutableMapping", "collections.abc.Mapping", "collections.abc.MutableMapping")
_KNOWN = {
    **{f"builtins.{name}": name for name in _BUILTIN},
    **{f"typing.{name.capitalize()}": name for name in ("dict", "frozenset", "list", "set", "tuple")},
    **{name: name for name in _OTHERS},
    **dict.fromkeys(_MAPPINGS, "Mapping"),
    **{f"pyspark.sql.{module}.DataFrame": _SPARK for module in ("dataframe", "connect.dataframe", "classic.dataframe")},
    "pandas.core.frame.DataFrame": "pandas.DataFrame",
    "mlflow.pyfunc.model.PyFuncModel": "mlflow.pyfunc.PyFuncModel",
    "framework.runtime.context.TaskContext": _CONTEXT,
    "framework.runtime.trained_model.TrainedModel": _TRAINED,
}
"""Types that are certainly no others than themselves, by every name that they go by."""


@dataclass(frozen=True)
class Type:
    """A type under its usual name, with its arguments: ``dict`` and those of ``str`` and ``float``."""

    name: str
    of: tuple["Types", ...] = ()


Types = frozenset[Type] | None
"""The types that a value may have; None when it may be anything, or only running the module would tell."""


@cache
def allowed(annotation: ast.expr | None, module: SourceModule) -> Types:
    """The types that ``annotation`` allows, its names looked up in ``module``."""
    if annotation is None or module.open_ended:
        return None
    return _Names(module).types(annotation, 0)


@dataclass(frozen=True)
class _Names:
    module: SourceModule

    def types(self, node: ast.expr, depth: int) -> Types:
        below = depth + 1
        found: Types = None
        match node:
            case _ if depth > _DEEPEST:
                pass
            case ast.Constant(value=None):
                found = frozenset({Type("None")})
            case ast.Constant(value=str(text)):
                found = self.types(quoted, below) if (quoted := _expression(text)) else None
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                found = _either([self.types(left, below), self.types(right, below)])
            case ast.Subscript(value=base, slice=inner):
                found = self._subscripted(base, inner.elts if isinstance(inner, ast.Tuple) else [inner], below)
            case ast.Name(id=name) if isinstance(alias := self.module.meanings.get(name), ast.expr):
                found = self.types(alias, below)
            case _ if known := _KNOWN.get(self._full_name(node)):
                found = frozenset({Type(known)})
        return found

    def _subscripted(self, base: ast.expr, inner: list[ast.expr], depth: int) -> Types:
        name = self._full_name(base)
        if name == "typing.Literal":
            types = [type(each.value).__name__ if isinstance(each, ast.Constant) else "" for each in inner]
            return frozenset(Type(each.removesuffix("Type")) for each in types) if all(types) else None
        if name == "typing.Annotated":
            return self.types(inner[0], depth)
        of = tuple(self.types(each, depth) for each in inner)
        if name == "typing.Union":
            return _either(of)
        if name == "typing.Optional":
            return _either([*of, frozenset({Type("None")})])
        return frozenset({Type(_KNOWN[name], of)}) if name in _KNOWN else None

    def _full_name(self, node: ast.expr) -> str:
        """The dotted name, as imported; nothing where the module may have given it another meaning."""
        steps: list[str] = []
        while isinstance(node, ast.Attribute):
            steps.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        meaning = self.module.meanings.get(node.id)
        taken = node.id in self.module.others or node.id in self.module.functions
        if meaning is None and not taken and hasattr(builtins, node.id):
            meaning = f"builtins.{node.id}"
        full = ".".join([meaning, *reversed(steps)]) if isinstance(meaning, str) else ""
        return full.replace("typing_extensions.", "typing.", 1) if full.startswith("typing_extensions.") else full


def _either(types: "list[Types] | tuple[Types, ...]") -> Types:
    found: set[Type] = set()
    for each in types:
        if each is None:
            return None
        found |= each
    return frozenset(found)


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
