"""Tables in the warehouse of this machine: their logs as files, their rows by delta-rs. No JVM."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from framework.core.errors import FrameworkError, UsageError
from framework.trace.conditions import Row
from framework.trace.delta_rows import fetched
from framework.trace.tables import CUT, NO_TABLE, Commit, commit_of

if TYPE_CHECKING:
    from deltalake import DeltaTable

_COMMIT = re.compile(r"(\d{20})\.json")
_OWN_CATALOG = "spark_catalog"


class DeltaTables:
    """The tables below ``warehouse``; see Tables."""

    def __init__(self, warehouse: Path) -> None:
        self._warehouse = warehouse

    def latest(self, table: str) -> int | None:
        """See Tables."""
        found = [int(match[1]) for match in map(_COMMIT.fullmatch, self._names(table)) if match]
        return max(found, default=None)

    def commit(self, table: str, version: int) -> Commit | None:
        """See Tables. The log has a small file for each commit: that is faster than to load the whole table."""
        try:
            lines = (self._log(table) / f"{version:020}.json").read_text(encoding="utf-8").splitlines()
            info: dict[str, Any] = next((found for line in lines if (found := json.loads(line).get("commitInfo"))), {})
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            file = self._log(table) / f"{version:020}.json"
            raise FrameworkError(f"v{version} of {table} cannot be read: {file}: {error}", broken(table)) from None
        return commit_of(version, {**info, "timestamp": _moment(info.get("timestamp"))})

    def commits(self, table: str, version: int) -> Iterator[Commit]:
        """See Tables."""
        while version >= 0 and (found := self.commit(table, version)):
            yield found
            version -= 1

    def beside(self, table: str) -> Sequence[str]:
        """See Tables: those of the whole warehouse."""
        found = sorted(path.parent for path in self._warehouse.glob("*.db/*/_delta_log"))
        folders = ((path.parent.name.removesuffix(".db").partition("__"), path.name) for path in found)
        return [f"{a}.{b}.{name}" if b else f"{_OWN_CATALOG}.{a}.{name}" for (a, _, b), name in folders]

    def unreadable(self, table: str, version: int) -> str:
        """See Tables. Whether each of its files is still there."""
        from deltalake.exceptions import DeltaError

        if self.latest(table) is None:
            return NO_TABLE
        try:
            files = self._at(table, version).file_uris()
        except (DeltaError, OSError) as error:
            return "" if _is_foreign(error) else CUT
        gone = sum(not Path(unquote(urlparse(uri).path)).exists() for uri in files)
        return f"{gone} of its {len(files)} files were vacuumed" if gone else ""

    def types(self, table: str, version: int) -> Mapping[str, str]:
        """See Tables."""
        return {field.name: _type(field.type) for field in self._open(table, version).schema().fields}

    def rows(self, table: str, version: int, conditions: Sequence[str], limit: int) -> list[Row]:
        """See Tables."""
        from deltalake import QueryBuilder
        from deltalake.exceptions import DeltaError

        engine = QueryBuilder().register("table_then", self._open(table, version))
        where = f" where {' and '.join(conditions)}" if conditions else ""
        try:
            return list(fetched(engine, f"select * from table_then{where} limit {int(limit)}"))  # noqa: S608
        except (DeltaError, OSError) as error:
            said = str(error).splitlines()[0]
            if "ast error" in said:
                raise UsageError(f"{table}: {said}", "Does the value fit the column's type?") from None
            why = self.unreadable(table, version) or said
            raise FrameworkError(f"v{version} of {table} cannot be read: {why}") from None

    def _open(self, table: str, version: int) -> "DeltaTable":
        from deltalake.exceptions import DeltaError

        try:
            return self._at(table, version)
        except (DeltaError, OSError) as error:
            hint = f"Delete {self._directory(table)}, and run the task that writes it again."
            hint = hint if _is_foreign(error) else ""
            why = self.unreadable(table, version) or str(error).splitlines()[0]
            raise FrameworkError(f"v{version} of {table} cannot be read: {why}", hint) from None

    def _at(self, table: str, version: int) -> "DeltaTable":
        from deltalake import DeltaTable

        return DeltaTable(self._directory(table), version=version)

    def _names(self, table: str) -> list[str]:
        log = self._log(table)
        return [path.name for path in log.iterdir()] if log.is_dir() else []

    def _log(self, table: str) -> Path:
        return self._directory(table) / "_delta_log"

    def _directory(self, table: str) -> Path:
        catalog, schema, name = table.split(".")
        folder = schema if catalog == _OWN_CATALOG else f"{catalog}__{schema}"
        return self._warehouse / name if folder == "default" else self._warehouse / f"{folder}.db" / name


def broken(table: str) -> str:
    """What to do about a table whose files are broken."""
    return f"Bring the file back from a backup, or delete the table {table} and run again what writes it."


def _is_foreign(error: Exception) -> bool:
    """Whether the table has something that delta-rs does not know: nothing is wrong with its files then."""
    return "nsupported" in str(error)


def _type(kind: Any) -> str:
    return str(getattr(kind, "type", "nested"))


def _moment(milliseconds: Any) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if isinstance(milliseconds, int) else None
