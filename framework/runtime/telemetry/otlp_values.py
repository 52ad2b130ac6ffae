"""What the three signals of OTLP have in common: whose they are, and how values are written."""

import datetime
from typing import Any

from framework.core.task_run import AttemptRecord
from framework.core.trace_ids import span_id, trace_id
from framework.runtime.telemetry.courier import Started

SCOPE = "framework"
SAID_OF_TASK = ("project", "pipeline", "target", "task_key", "kind")


def context_of(project: str, target: str, attempt: AttemptRecord | Started) -> tuple[int, int]:
    """The ids of the trace and of the span in it."""
    trace = trace_id(project, target, attempt.job_run_id)
    return int(trace, 16), int(span_id(trace, attempt.task_run_id, attempt.attempt), 16)


def resource(project: str, target: str, version: str) -> Any:
    """What the attempt is part of."""
    from opentelemetry.sdk.resources import Resource

    told = {"service.name": project, "service.version": version, "deployment.environment.name": target}
    return Resource({name: value for name, value in told.items() if value})


def whole(text: str) -> str:
    """``text`` with half a character as an escape: protobuf takes none."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def nanoseconds(moment: str) -> int:
    """``moment`` in ISO 8601 as OTLP has it."""
    return round(datetime.datetime.fromisoformat(moment).timestamp() * 1e6) * 1000
