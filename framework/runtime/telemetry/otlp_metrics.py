"""The metrics of an attempt in OTLP."""

import math
from typing import Any

from framework.core.task_run import AttemptRecord
from framework.runtime.telemetry.otlp_values import SAID_OF_TASK, SCOPE, nanoseconds
from framework.runtime.telemetry.otlp_values import resource as resource_of


def metrics(record: AttemptRecord) -> Any:
    """How long it took, how many rows it wrote, and what it measured; no run's id, for each would be a new series."""
    from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
    from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader

    # What counts from zero in each process is of no use as a running total.
    delta = AggregationTemporality.DELTA
    reader = InMemoryMetricReader(preferred_temporality={Counter: delta, Histogram: delta})
    resource = resource_of(record.project, record.target, record.origin.release or record.origin.commit)
    meter = MeterProvider([reader], resource=resource, shutdown_on_exit=False).get_meter(SCOPE)
    labels = {f"framework.{name}": getattr(record, name) for name in (*SAID_OF_TASK, "result")}
    seconds = (nanoseconds(record.ended_at) - nanoseconds(record.started_at)) / 1e9
    meter.create_histogram("framework.task.duration", unit="s").record(seconds, labels)
    rows = meter.create_counter("framework.task.rows_written", unit="{row}")
    for table in record.outputs:
        if table.rows:
            rows.add(table.rows, {**labels, "framework.table": table.table})
    measured = meter.create_gauge("framework.task.metric")
    for name, value in record.metrics.items():
        if math.isfinite(value):
            measured.set(value, {**labels, "framework.metric": name})
    return reader.get_metrics_data()
