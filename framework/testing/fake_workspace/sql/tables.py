"""The tables of the fake workspace's catalogs: Delta, below its ``storage``, as a local warehouse has them."""

import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from framework.core.ops_tables import Column, OpsTable
from framework.records.ops_arrow import arrow_schema
from framework.testing.fake_workspace.access import containers, require_privileges
from framework.testing.fake_workspace.exchange import Json, Principal, Refused
from framework.testing.fake_workspace.state import State

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

_TYPE_NAMES = {"BIGINT": "LONG"}


def location_of(state: State, name: str) -> Path:
    """Where the files of a table (three parts) are, or would be."""
    if not state.storage:
        kept = tempfile.TemporaryDirectory(prefix="fake-workspace-", ignore_cleanup_errors=True)
        state.storage = kept.name
        weakref.finalize(state, kept.cleanup)
    catalog, schema, table = name.split(".")
    return Path(state.storage, f"{catalog}__{schema}.db", table)


def create(state: State, name: str, columns: tuple[Column, ...], properties: dict[str, str]) -> None:
    """An empty table, unless its files are there already."""
    from deltalake import DeltaTable

    path = location_of(state, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    DeltaTable.create(str(path), arrow_of(columns), mode="ignore", configuration=dict(properties))


def opened(state: State, name: str, version: int | None = None) -> "DeltaTable":
    """A table, at a version. Raises Refused (404) without one."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    path = str(location_of(state, name))
    if not DeltaTable.is_deltatable(path):
        raise not_found(name)
    try:
        return DeltaTable(path, version=version)
    except DeltaError:
        what = f"[DELTA_VERSION_NOT_FOUND] Cannot time travel Delta table to version {version}."
        raise Refused(400, "BAD_REQUEST", what) from None


def arrow_of(columns: tuple[Column, ...]) -> "pa.Schema":
    """The same columns for Arrow. Raises Refused (400) for a type that no table of the framework has."""
    try:
        return arrow_schema(OpsTable(name="", comment="", columns=columns, key=()))
    except KeyError as error:
        raise Refused(400, "BAD_REQUEST", f"[UNSUPPORTED_DATATYPE] Unsupported data type {error}.") from None


def described(columns: tuple[Column, ...]) -> list[Json]:
    """The columns as Unity Catalog tells them."""
    return [
        {
            "name": each.name,
            "type_text": each.type.lower(),
            "type_name": _TYPE_NAMES.get(kind := each.type.partition("<")[0], kind),
            "position": number,
            "comment": each.comment,
            "nullable": True,
        }
        for number, each in enumerate(columns)
    ]


def require_on_table(state: State, principal: Principal, name: str, *privileges: str) -> Json:
    """The table or view as Unity Catalog has it. Raises Refused (403) without these privileges, 404 without a table."""
    key = f"table:{name}"
    if key not in state.securables:
        raise not_found(name)
    require_use(state, principal, key)
    require_privileges(state, principal, key, *privileges)
    return state.securables[key]


def require_use(state: State, principal: Principal, key: str) -> None:
    """Raises Refused (403) for who may not use what holds a securable."""
    for each in containers(key)[1:]:
        require_privileges(state, principal, each, f"USE_{each.partition(':')[0].upper()}")


def not_found(name: str) -> Refused:
    """What is said of a table that is not there."""
    quoted = ".".join(f"`{part}`" for part in name.split("."))
    what = f"[TABLE_OR_VIEW_NOT_FOUND] The table or view {quoted} cannot be found."
    return Refused(404, "NOT_FOUND", f"{what} Verify the spelling and correctness of the schema and catalog.")
