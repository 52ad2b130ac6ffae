"""An attempt in OpenLineage: that it began, and how it ended, with the tables that it read and wrote."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.core.task_run import AttemptRecord
from framework.runtime.telemetry.courier import Started
from framework.runtime.telemetry.lineage_events import event_of

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

SECONDS = 1.5
"""How long one delivery may take."""


@dataclass
class LineageEndpoint:
    """A receiver of OpenLineage events. ``settings`` are those of the target's section of that name."""

    settings: Mapping[str, Any]
    headers: Callable[[], Mapping[str, str]]
    started: Started
    name: str = "OpenLineage"
    files: str = "openlineage.jsonl"
    package: str = "openlineage-python"
    takes_lines: bool = False
    _transport: Any = field(default=None)

    @property
    def address(self) -> str:
        """The receiver's address."""
        return str(self.settings.get("url", ""))

    def open(self) -> None:
        from openlineage.client.transport.http import HttpConfig, HttpTransport

        self._transport = HttpTransport(
            HttpConfig(
                # A path of its own in the address is part of it.
                url=self.address.rstrip("/") + "/",
                endpoint=str(self.settings.get("path") or "api/v1/lineage").lstrip("/"),
                timeout=SECONDS,
                custom_headers=dict(self.headers()),
                retry={"total": 0},
            )
        )

    def parcels(self, news: Sequence[Any]) -> list["RunEvent"]:
        events = (each for each in news if isinstance(each, Started | AttemptRecord))
        return [event_of(each, self.started, self.settings) for each in events]

    def send(self, parcel: "RunEvent") -> str:
        try:
            self._transport.emit(parcel)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def line(self, parcel: "RunEvent") -> tuple[str, str]:
        from openlineage.client.serde import Serde

        return self.files, json.dumps(json.loads(Serde.to_json(parcel)))
