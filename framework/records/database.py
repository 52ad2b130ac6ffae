"""A sqlite file that several processes use at a time; what it refuses is told with the file, the cause and the cure."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from framework.core.errors import FrameworkError

PATIENCE = 60.0
"""Seconds that a process waits for another one's transaction."""

_CURES = {
    sqlite3.SQLITE_FULL: "The disk is full. Make room, then go on: framework run --resume RUN",
    sqlite3.SQLITE_IOERR: "The disk failed. Is it full, or is the directory on a network drive?",
    sqlite3.SQLITE_BUSY: f"Another process has kept it to itself for {PATIENCE:.0f} s. End that one, then try again.",
    sqlite3.SQLITE_READONLY: "You may not write there. Check who owns it: ls -ld",
    sqlite3.SQLITE_CANTOPEN: "You may not write there, or it is a directory. Check who owns it: ls -ld",
}
_MOVE_AWAY = "Move the file away to begin a new one; the runs in it are then not known any more."
_KIND = 0xFF
"""The bits of an error code that say what it is; the others say more precisely where."""


class Database:
    """An open database file. Every method raises FrameworkError for what the disk or another process refuses."""

    def __init__(self, file: Path) -> None:
        """Open or create it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        # For its user alone, as are the files that sqlite makes beside it. What is in the way, sqlite tells.
        with suppress(OSError):
            file.touch(mode=0o600, exist_ok=False)
        with self._explained():
            self._connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
        self.execute("pragma journal_mode = wal")
        # A commit is on disk when it returns: what a run says it did survives a power failure.
        self.execute("pragma synchronous = full")

    def migrate(self, tables: str, version: int) -> None:
        """Make the ``tables`` (SQL) of that version, unless they are there. Raises FrameworkError for a newer one."""
        (found,) = next(self.rows("pragma user_version")).values()
        if found > version:
            raise FrameworkError(
                f"{self._file} was written by a newer version of the framework (schema {found})",
                f"Use that version. {_MOVE_AWAY}",
            )
        if found < version:
            with self._explained():
                self._connection.executescript(f"begin immediate; {tables} pragma user_version = {version}; commit;")

    def execute(self, statement: str, values: Iterable[Any] | Mapping[str, Any] = ()) -> None:
        """Do ``statement``, which gives no rows."""
        with self._explained():
            self._connection.execute(statement, values)  # type: ignore[arg-type]

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[dict[str, Any]]:
        """What ``query`` finds, by column, each row read when it is asked for."""
        with self._explained():
            cursor = self._connection.execute(query, values)
            names = [column[0] for column in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that the block does, or nothing; nobody else writes meanwhile."""
        try:
            self.execute("begin immediate")
            yield
            self.execute("commit")
        except BaseException:
            # On a full disk sqlite has rolled back by itself.
            if self._connection.in_transaction:
                self.execute("rollback")
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            # Only a bug of ours breaks a rule of the tables.
            raise
        except sqlite3.Error as error:
            kind = getattr(error, "sqlite_errorcode", 0) & _KIND
            raise FrameworkError(
                f"the run store {self._file} cannot be used: {error}", _CURES.get(kind, _MOVE_AWAY)
            ) from error
