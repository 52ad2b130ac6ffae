"""Names of tables, models and entry points, and the annotations by which a kind's options refer to them."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

_PART = r"[A-Za-z_][A-Za-z0-9_]*"
TWO_PARTS = re.compile(rf"({_PART})\.({_PART})")
MODEL_VERSION = re.compile(rf"({_PART}\.{_PART})(?:@({_PART})|/([1-9][0-9]*))?")
ENTRYPOINT = re.compile(rf"({_PART}(?:\.{_PART})*):({_PART})")


@dataclass(frozen=True)
class Reference:
    """Marks a ``str`` in a kind's options as a name that ``resolve`` looks up and orders the graph by.

    A name that is only mentioned makes no order.
    """

    to: Literal["table", "model", "task", "entrypoint"]
    role: Literal["reads", "writes", "mentions"] = "reads"


TableRead = Annotated[str, Reference("table", "reads")]
TableWritten = Annotated[str, Reference("table", "writes")]
ModelRead = Annotated[str, Reference("model", "reads")]
ModelMentioned = Annotated[str, Reference("model", "mentions")]
ModelWritten = Annotated[str, Reference("model", "writes")]
TaskRead = Annotated[str, Reference("task", "reads")]
Entrypoint = Annotated[str, Reference("entrypoint")]


@dataclass(frozen=True, order=True)
class TableName:
    """A table in Unity Catalog's three parts (locally the catalog is ``spark_catalog``)."""

    catalog: str
    schema: str
    table: str

    @classmethod
    def parse(cls, text: str, catalog: str) -> "TableName":
        """``schema.table`` in ``catalog``. Raises ValueError on anything but two plain parts."""
        if not (match := TWO_PARTS.fullmatch(text)):
            raise ValueError(f"'{text}' is not a table name of two parts: schema.table")
        return cls(catalog, match[1], match[2])

    def __str__(self) -> str:
        return f"{self.catalog}.{self.schema}.{self.table}"


@dataclass(frozen=True, order=True)
class ModelName:
    """A registered model in three parts, with an alias, a version, or neither."""

    catalog: str
    schema: str
    model: str
    alias: str = ""
    version: str = ""

    @classmethod
    def parse(cls, text: str, catalog: str) -> "ModelName":
        """``schema.model``, ``schema.model@alias`` or ``schema.model/3``. Raises ValueError on anything else."""
        if not (match := MODEL_VERSION.fullmatch(text)):
            raise ValueError(f"'{text}' is not a model name: schema.model, schema.model@alias or schema.model/3")
        schema, model = match[1].split(".")
        return cls(catalog, schema, model, match[2] or "", match[3] or "")

    @property
    def name(self) -> str:
        """The registered model's name, without alias or version."""
        return f"{self.catalog}.{self.schema}.{self.model}"

    def __str__(self) -> str:
        return self.name + (f"@{self.alias}" if self.alias else f"/{self.version}" if self.version else "")


def split_entrypoint(text: str) -> tuple[str, str]:
    """``package.module:function`` as (module, function). Raises ValueError on anything else."""
    if not (match := ENTRYPOINT.fullmatch(text)):
        raise ValueError(f"'{text}' is not an entry point: package.module:function")
    return match[1], match[2]
