"""``catalog.schema.table`` of anywhere → a name in ``spark_catalog``, the only catalog that there is locally.

Two schemas never become one: names that could meet another's, for their underscores or for what Spark's own catalog
does not take, carry a hash of what they were.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

LOCAL = "spark_catalog"
"""The catalog that everything lives in; names in it stay as they are."""

LEGACY = "hive_metastore"
"""Its schemas keep their names; those of any other catalog get the catalog's name in front."""

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Namespace:
    """The current catalog and schema as the code that set them knows them."""

    catalog: str = LOCAL
    schema: str = "default"

    @property
    def is_local(self) -> bool:
        """Whether Spark itself knows them by these names."""
        return self.catalog.lower() == LOCAL


_PART = re.compile(r"`((?:[^`]|``)+)`|([^`.\s]+)")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CLEAR = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*")
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
    return ".".join(part if _BARE.fullmatch(part) else f"`{part.replace('`', '``')}`" for part in parts)


def table(parts: Parts, catalog: str) -> Parts:
    """A table's or view's local name while ``catalog`` is the current one; one part stays, Spark's schema is set.

    Raises Unmappable.
    """
    if len(parts) < 2 or parts[0].lower() in _NOT_SCHEMAS or is_file(parts):
        return parts
    if len(parts) == 2:
        return parts if catalog.lower() == LOCAL else (*schema(parts[:1], catalog), parts[1])
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
    return (LOCAL, _unmistakable(owner, parts[-1]))


def is_file(parts: Parts) -> bool:
    """Whether the name is that of a format and a path, as in ``parquet.`/Volumes/…```."""
    return len(parts) == 2 and parts[0].lower() in _FORMATS


def _unmistakable(catalog: str, schema: str) -> str:
    clear = _CLEAR.fullmatch(catalog) and _CLEAR.fullmatch(schema)
    if clear:
        return schema if catalog.lower() == LEGACY else f"{catalog}__{schema}"
    digest = hashlib.sha256(join((catalog.lower(), schema.lower())).encode()).hexdigest()
    return "__".join(
        (re.sub(r"\W", "_", catalog, flags=re.ASCII), re.sub(r"\W", "_", schema, flags=re.ASCII), digest[:8])
    )
