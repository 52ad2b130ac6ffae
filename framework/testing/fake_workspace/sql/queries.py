"""Questions to the tables, answered by DataFusion: their names of three parts are replaced by what is opened there."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from framework.testing.fake_workspace.exchange import Principal, Refused
from framework.testing.fake_workspace.sql import tables
from framework.testing.fake_workspace.sql.words import TEXT, plain_name
from framework.testing.fake_workspace.state import State

if TYPE_CHECKING:
    import pyarrow as pa

_PART = r"(?:`[^`]+`|[A-Za-z_]\w*)"
_TABLE = re.compile(rf"{TEXT}|(?P<table>{_PART}\.{_PART}\.{_PART})(?:\s+VERSION\s+AS\s+OF\s+(?P<version>\d+))?", re.I)
_PARAMETER = re.compile(rf"{TEXT}|(?<!:):(?P<parameter>\w+)")


def rows(state: State, principal: Principal, query: str, parameters: Mapping[str, str | None]) -> "pa.Table":
    """The rows of ``query``. Raises Refused for what is not there, may not be read, or is no question."""
    import pyarrow as pa
    from deltalake import QueryBuilder
    from deltalake.exceptions import DeltaError

    engine, read = QueryBuilder(), dict[str, Any]()
    asked = _asked(state, principal, _filled(query, parameters), read)
    for alias, table in read.items():
        engine.register(alias, table)
    try:
        return pa.table(engine.execute(_in_datafusion(asked)).read_all())
    except DeltaError as error:
        raise Refused(400, "BAD_REQUEST", f"[UNRESOLVED] {str(error).splitlines()[0]}") from None


def history(state: State, name: str, limit: int | None) -> "pa.Table":
    """The commits of a table, the newest first, as DESCRIBE HISTORY has them."""
    import pyarrow as pa

    commits = tables.opened(state, name).history(limit)
    texts = pa.map_(pa.string(), pa.string())
    schema = pa.schema(
        [
            ("version", pa.int64()),
            ("timestamp", pa.timestamp("ms", tz="UTC")),
            ("operation", pa.string()),
            ("operationParameters", texts),
            ("operationMetrics", texts),
            ("userMetadata", pa.string()),
        ]
    )
    said = [
        {
            **each,
            "operationParameters": _texts(each.get("operationParameters")),
            "operationMetrics": _texts(each.get("operationMetrics")),
        }
        for each in commits
    ]
    return pa.Table.from_pylist(said, schema=schema)


def _asked(state: State, principal: Principal, query: str, read: dict[str, Any]) -> str:
    """``query`` with an alias for each name, which ``read`` gets with its table.

    A view is what it is made of, with its owner's rights.
    """

    def replaced(match: re.Match[str]) -> str:
        if not match["table"]:
            return match[0]
        name = plain_name(match["table"])
        found = tables.require_on_table(state, principal, name, "SELECT")
        if definition := found.get("view_definition"):
            return f"({_asked(state, _owner(found['owner']), definition, read)})"
        version = int(match["version"]) if match["version"] else None
        alias = "_".join(("", *re.findall(r"\w+", name), str("" if version is None else version)))
        read[alias] = tables.opened(state, name, version)
        return alias

    return _TABLE.sub(replaced, query)


def _in_datafusion(query: str) -> str:
    return query.replace("`", '"').replace(" <=> ", " IS NOT DISTINCT FROM ")


def _owner(name: str) -> Principal:
    return Principal(name, groups=frozenset({name}))


def _filled(query: str, parameters: Mapping[str, str | None]) -> str:
    def literal(match: re.Match[str]) -> str:
        if not match["parameter"]:
            return match[0]
        if match["parameter"] not in parameters:
            raise Refused(400, "BAD_REQUEST", f"[UNBOUND_SQL_PARAMETER] Found the unbound parameter: {match[0]}.")
        value = parameters[match["parameter"]]
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"

    return _PARAMETER.sub(literal, query)


def _texts(value: Any) -> dict[str, str]:
    found = json.loads(value) if isinstance(value, str) else value or {}
    return {str(name): each if isinstance(each, str) else json.dumps(each) for name, each in found.items()}
