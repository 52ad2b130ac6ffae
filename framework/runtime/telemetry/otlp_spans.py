"""An attempt as a span in the trace of its job run."""

from collections.abc import Sequence
from typing import Any

from framework.core.task_run import AttemptRecord
from framework.runtime.telemetry.otlp_values import SAID_OF_TASK, SCOPE, context_of, nanoseconds, resource, whole


def spans(record: AttemptRecord) -> Sequence[Any]:
    """The span of the attempt."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON
    from opentelemetry.trace import Status, StatusCode

    kept = InMemorySpanExporter()
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=resource(record.project, record.target, record.origin.release or record.origin.commit),
        shutdown_on_exit=False,
        id_generator=_ids(*context_of(record.project, record.target, record)),
    )
    provider.add_span_processor(SimpleSpanProcessor(kept))
    span = provider.get_tracer(SCOPE).start_span(
        f"{record.pipeline}.{record.task_key}",
        start_time=nanoseconds(record.started_at),
        attributes=_attributes(record),
        record_exception=False,
    )
    ended = nanoseconds(record.ended_at)
    if error := record.error:
        told = {"type": error.type, "message": error.message, "stacktrace": error.traceback}
        told = {f"exception.{name}": whole(text) for name, text in told.items() if text}
        span.add_event("exception", told, timestamp=ended)
        span.set_status(Status(StatusCode.ERROR, whole(error.message)))
    span.end(end_time=ended)
    return list(kept.get_finished_spans())


def _attributes(record: AttemptRecord) -> dict[str, Any]:
    """The ids of the run and of what it is made of, and the tables that it read and wrote."""
    model = record.model
    told = {
        **{name: getattr(record, name) for name in ("job_run_id", "task_run_id", "attempt", "logical_date", "result")},
        **{name: getattr(record, name) for name in SAID_OF_TASK},
        **{name: getattr(record.origin, name) for name in ("release", "deployment", "commit", "dirty")},
        "run_url": record.environment.run_url,
        "inputs": [table.key for table in record.inputs],
        "outputs": [table.key for table in record.outputs],
        "model": model and "/".join(filter(None, (model.name, model.version))),
        "mlflow_run_id": model and model.mlflow_run_id,
        "verdict": record.verdict and ("passed" if record.verdict.passed else "failed"),
    }
    return {f"framework.{name}": value for name, value in told.items() if value not in (None, "", [])}


def _ids(trace: int, span: int) -> Any:
    from opentelemetry.sdk.trace.id_generator import IdGenerator

    class Ids(IdGenerator):  # type: ignore[misc]
        def generate_trace_id(self) -> int:
            return trace

        def generate_span_id(self) -> int:
            return span

    return Ids()
