"""The log of an attempt in OTLP."""

from collections.abc import Sequence
from typing import Any

from framework.runtime.log_lines import Event
from framework.runtime.telemetry.courier import Started
from framework.runtime.telemetry.otlp_values import SAID_OF_TASK, context_of, whole
from framework.runtime.telemetry.otlp_values import resource as resource_of

_SEVERITIES = {"debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 21}


def logs(events: Sequence[Event], started: Started) -> Sequence[Any]:
    """Lines of the log, as part of the attempt's span."""
    from opentelemetry._logs import SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    kept, task = InMemoryLogRecordExporter(), started.task
    resource = resource_of(task.project, task.target, started.version)
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(kept))
    trace, span = context_of(task.project, task.target, started)
    sampled = TraceFlags(TraceFlags.SAMPLED)
    context = set_span_in_context(NonRecordingSpan(SpanContext(trace, span, is_remote=False, trace_flags=sampled)))
    ids = {name: getattr(started, name) for name in ("job_run_id", "task_run_id", "attempt")}
    ids |= {name: getattr(task, name) for name in SAID_OF_TASK}
    for event in events:
        provider.get_logger(event.logger).emit(
            timestamp=round(event.created * 1e6) * 1000,
            context=context,
            severity_number=SeverityNumber(_SEVERITIES.get(event.level, 9)),
            severity_text=event.level.upper(),
            body=whole(event.message),
            attributes={f"framework.{name}": value for name, value in ids.items()} | _of_event(event),
        )
    return list(kept.get_finished_logs())


def _of_event(event: Event) -> dict[str, Any]:
    error = event.error
    told = {"type": error.type, "message": error.message, "stacktrace": error.traceback} if error else {}
    return {
        **{f"exception.{name}": whole(text) for name, text in told.items() if text},
        **{f"event.{name}": str(value) for name, value in event.event.items()},
        **{name: whole(text) for name, text in event.extra.items()},
    }
