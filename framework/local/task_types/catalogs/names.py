"""``catalog.schema.table`` of anywhere → a name in ``spark_catalog``, the only catalog that there is locally."""

import re
from collections.abc import Sequence

LOCAL = "spark_catalog"
"""The catalog that everything lives in; names in it stay as they are."""

LEGACY = "hive_metastore"
"""Its schemas keep their names; those of any other catalog get the catalog's name in front."""

Parts = tuple[str, ...]

_PART = re.compile(r"`((?:[^`]|``)+)`|([^`.\s]+)")
_FORMATS = {"delta", "parquet", "json", "csv", "orc", "text", "avro", "binaryfile", "xml", "iceberg"}
_NOT_SCHEMAS = {"global_temp", "session"}
_VIRTUAL = {"information_schema"}


class Unmappable(Exception):
    """A name that has no local counterpart; the message says why."""


def split(name: str) -> Parts:
    """The parts of a name as a person writes it, without backticks; empty when it is no name at all."""
    parts: list[str] = []
    place = 0
    text = name.strip()
    while found := _PART.match(text, place):
        parts.append(found[1].replace("``", "`") if found[1] else found[2])
        place = found.end()
        if place == len(text):
            return tuple(parts)
        if text[place] != ".":
            break
        place += 1
    return ()


def join(parts: Sequence[str]) -> str:
    """The parts as SQL, with backticks where they are needed."""
    return ".".join(part if re.fullmatch(r"\w+", part) else f"`{part.replace('`', '``')}`" for part in parts)


def table(parts: Parts, catalog: str) -> Parts:
    """A table's or view's local name while ``catalog`` is the current one; one part stays, Spark's schema is set.

    Raises Unmappable.
    """
    if len(parts) < 2 or parts[0].lower() in _NOT_SCHEMAS or (len(parts) == 2 and parts[0].lower() in _FORMATS):
        return parts
    if len(parts) == 2:
        return parts if _is_local(catalog) else (*schema(parts[:1], catalog), parts[1])
    if len(parts) > 3:
        raise Unmappable("has more than three parts")
    return parts if parts[0].lower() == LOCAL else (*schema(parts[:2], catalog), parts[2])


def schema(parts: Parts, catalog: str) -> Parts:
    """A schema's local name, with one part or two, while ``catalog`` is the current one. Raises Unmappable."""
    if len(parts) > 2:
        raise Unmappable("has more than two parts")
    if parts[-1].lower() in _VIRTUAL:
        raise Unmappable("lists what Unity Catalog knows, which has no local counterpart")
    owner = parts[0] if len(parts) == 2 else catalog
    if owner.lower() == LOCAL:
        return parts
    name = parts[-1] if owner.lower() == LEGACY else f"{_plain(owner)}__{_plain(parts[-1])}"
    return (LOCAL, name)


def default_schema(catalog: str) -> Parts:
    """The local schema that ``USE CATALOG catalog`` makes current."""
    return schema((catalog, "default"), catalog) if not _is_local(catalog) else (LOCAL, "default")


def of_catalog(local_schema: str, catalog: str) -> str:
    """The name of a local schema as code that has done ``USE CATALOG catalog`` knows it."""
    return local_schema if _is_local(catalog) else local_schema.removeprefix(f"{_plain(catalog)}__")


def _is_local(catalog: str) -> bool:
    return catalog.lower() == LOCAL


def _plain(name: str) -> str:
    """Spark's own catalog takes letters, digits and underscores only."""
    return re.sub(r"\W", "_", name)
