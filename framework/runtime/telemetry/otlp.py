"""An attempt in OTLP over HTTP: a span in the trace of its job run, its log, and its metrics."""

import base64
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.core.task_run import AttemptRecord
from framework.runtime.log_lines import Event
from framework.runtime.telemetry.courier import Started
from framework.runtime.telemetry.otlp_logs import logs
from framework.runtime.telemetry.otlp_metrics import metrics
from framework.runtime.telemetry.otlp_spans import spans

SIGNALS = ("traces", "metrics", "logs")
SECONDS = 1.5
"""How long one delivery may take, tries included."""

_EXPORTERS = "opentelemetry.exporter.otlp.proto.http"


@dataclass(frozen=True)
class Parcel:
    """What one request holds: ``items`` as the SDK's exporter of ``signal`` takes them."""

    signal: str
    items: Any


@dataclass
class OtlpEndpoint:
    """A receiver of OTLP. ``addresses`` are those of the signals that are sent."""

    addresses: Mapping[str, str]
    headers: Callable[[], Mapping[str, str]]
    started: Started
    name: str = "OTLP"
    files: str = "otlp.*.jsonl"
    package: str = "opentelemetry-exporter-otlp-proto-http>=1.39"
    _exporters: dict[str, Any] = field(default_factory=dict)
    _said: "_LastLine" = field(init=False)

    @property
    def address(self) -> str:
        """The first of the addresses."""
        return next(iter(self.addresses.values()), "")

    @property
    def takes_lines(self) -> bool:
        """Whether the log has an address."""
        return "logs" in self.addresses

    def open(self) -> None:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter  # noqa: F401 - older versions have none

        self._said = _LastLine()
        kinds = {"traces": OTLPSpanExporter, "metrics": OTLPMetricExporter, "logs": OTLPLogExporter}
        headers = dict(self.headers())
        for signal, address in self.addresses.items():
            self._exporters[signal] = kinds[signal](endpoint=address, headers=headers, timeout=SECONDS)
        # Their complaints would be lines of the task's log, and be sent in turn.
        logging.getLogger(_EXPORTERS).addHandler(self._said)
        logging.getLogger(_EXPORTERS).propagate = False

    def parcels(self, news: Sequence[Any]) -> list[Parcel]:
        made = (Parcel(signal, items) for signal, items in self._signals(news) if signal in self.addresses)
        return [parcel for parcel in made if parcel.items]

    def send(self, parcel: Parcel) -> str:
        result = self._exporters[parcel.signal].export(parcel.items)
        return "" if result.name == "SUCCESS" else self._said.text or "it failed"

    def line(self, parcel: Parcel) -> tuple[str, str]:
        from google.protobuf.json_format import MessageToDict
        from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
        from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

        encode = {"traces": encode_spans, "metrics": encode_metrics, "logs": encode_logs}[parcel.signal]
        message = MessageToDict(encode(parcel.items), use_integers_for_enums=True)
        # The format of such files: one signal in each.
        return f"otlp.{parcel.signal}.jsonl", json.dumps(_with_hex_ids(message))

    def _signals(self, news: Sequence[Any]) -> Iterator[tuple[str, Any]]:
        for record in news:
            if isinstance(record, AttemptRecord):
                yield "traces", spans(record)
                yield "metrics", metrics(record)
        if events := [each for each in news if isinstance(each, Event)]:
            yield "logs", logs(events, self.started)


def _with_hex_ids(value: Any) -> Any:
    """JSON of OTLP has ids in hexadecimal digits, where protobuf's own has base64."""
    if isinstance(value, list):
        return [_with_hex_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {name: base64.b64decode(each).hex() if name in ids else _with_hex_ids(each) for name, each in value.items()}


class _LastLine(logging.Handler):
    """Remembers what was logged last: the exporters say in no other way why they failed."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()
