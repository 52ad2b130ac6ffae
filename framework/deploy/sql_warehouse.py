"""A SQL warehouse: statements in, rows out."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from framework.core.errors import DatabricksError, FrameworkError
from framework.deploy.sql_values import decoded
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.sql import StatementResponse

Row = dict[str, Any]
_WAIT = "20s"
"""How long the service waits before it answers: less than the client does."""
_EVERY = 1.0
"""Seconds between two looks at a statement that takes longer."""
_LONGEST = 900.0
"""Seconds: a warehouse that is stopped takes some minutes to start."""
_WORKING = ("PENDING", "RUNNING")
_MOST_SHOWN = 5


@dataclass(frozen=True)
class SqlWarehouse:
    """The warehouse ``id`` of a workspace. Every method raises DatabricksError."""

    client: "WorkspaceClient"
    id: str

    def rows(
        self, statement: str, what: str, parameters: Mapping[str, str] = MappingProxyType({}), needs: str = ""
    ) -> list[Row]:
        """The rows of ``statement``, whose ``:name`` are the strings of ``parameters``.

        ``what`` completes 'cannot …'; ``needs`` is the privilege that it takes.
        """
        with asking(what, f"CAN_USE on the SQL warehouse {self.id}"):
            answer = self._ended(statement, parameters)
        if (state := _state(answer)) != "SUCCEEDED":
            error = answer.status.error if answer.status else None
            said = " ".join(((error and error.message) or "").split()) or f"the warehouse says that it is {state}"
            raise DatabricksError(f"cannot {what}: {said}", _advice(state, said, needs))
        columns = _columns(answer)
        with asking(what):
            arrays = list(self._arrays(answer))
        return [
            {name: decoded(value, kind) for value, (name, kind) in zip(values, columns, strict=True)}
            for values in arrays
        ]

    def _ended(self, statement: str, parameters: Mapping[str, str]) -> "StatementResponse":
        from databricks.sdk.service.sql import StatementParameterListItem

        answer = self.client.statement_execution.execute_statement(
            statement,
            self.id,
            parameters=[StatementParameterListItem(name, value=value) for name, value in parameters.items()] or None,
            wait_timeout=_WAIT,
        )
        until = time.monotonic() + _LONGEST
        while _state(answer) in _WORKING:
            if time.monotonic() > until:
                self.client.statement_execution.cancel_execution(answer.statement_id or "")
                raise TimeoutError(f"it takes longer than {_LONGEST:.0f} seconds")
            time.sleep(_EVERY)
            answer = self.client.statement_execution.get_statement(answer.statement_id or "")
        return answer

    def _arrays(self, answer: "StatementResponse") -> Iterator[Sequence[str | None]]:
        part = answer.result
        while part:
            yield from part.data_array or ()
            if part.next_chunk_index is None:
                return
            part = self.client.statement_execution.get_statement_result_chunk_n(
                answer.statement_id or "", part.next_chunk_index
            )


def warehouse_of(client: "WorkspaceClient", warehouse_id: str, target: str) -> SqlWarehouse:
    """The warehouse ``warehouse_id``; empty, the only one that this login sees.

    Raises FrameworkError when there is none, or several to choose from.
    """
    if warehouse_id:
        return SqlWarehouse(client, warehouse_id)
    with asking("list the SQL warehouses"):
        found = [each for each in client.warehouses.list() if each.id]
    if len(found) == 1:
        return SqlWarehouse(client, found[0].id or "")
    there = ", ".join(f"{each.id} ({each.name})" for each in found[:_MOST_SHOWN])
    hint = f"Write warehouse_id into conf/{target}.yml"
    raise FrameworkError(
        f"no SQL warehouse is named for {target}, and this login sees {'several' if found else 'none'}",
        f"{hint}: {there}." if found else f"Make one, or ask for CAN_USE on one. {hint}.",
    )


def _state(answer: "StatementResponse") -> str:
    return answer.status.state.value if answer.status and answer.status.state else "lost"


def _advice(state: str, said: str, needs: str) -> str:
    if "INSUFFICIENT_PERMISSIONS" in said or "PERMISSION_DENIED" in said:
        return f"It takes {needs}." if needs else ""
    if "byte limit" in said:
        return "These are more rows than an answer may have: ask for fewer, with --limit or a later --since."
    return "" if state == "FAILED" else "Somebody may have cancelled it: run the command again."


def _columns(answer: "StatementResponse") -> list[tuple[str, str]]:
    schema = answer.manifest.schema if answer.manifest else None
    return [(each.name or "", each.type_text or "STRING") for each in (schema.columns if schema else None) or ()]
