"""The runs that a backfill is made of."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from framework.compile.jobs import BACKFILL
from framework.core.dynamic_values import only_reference
from framework.core.errors import UsageError
from framework.local.requests import RunRequest
from framework.resolve.parameters import run_parameters
from framework.resolve.resolved import ResolvedPipeline


def requests_for(
    dates: Sequence[date], pipeline: ResolvedPipeline, job: Any, request: RunRequest, given: Mapping[str, str]
) -> list[RunRequest]:
    """``request`` once for each logical date, with an idempotency token of its own.

    ``given`` are the parameters of the command line. Raises UsageError when no parameter is the logical date.
    """
    name = only_reference(pipeline.logical_date).removeprefix("job.parameters.")
    if name not in pipeline.parameters:
        raise UsageError(
            f"pipeline '{pipeline.pipeline}' takes its logical date from no parameter, so a backfill cannot set it",
            'Write logical_date: "{{job.parameters.<name>}}" in the pipeline.',
        )
    parameters = run_parameters({**given, name: dates[0].isoformat()}, pipeline.parameters)
    said = BACKFILL in {str(parameter.name) for parameter in job.parameters}
    asked = [pipeline.project, sorted(given.items()), sorted(request.source.get("variables", {}).items())]
    token = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]
    return [
        replace(
            request,
            parameters={**parameters, name: day.isoformat(), **({BACKFILL: day.isoformat()} if said else {})},
            idempotency_token=f"backfill-{day.isoformat()}-{token}",
            backfill=datetime(day.year, day.month, day.day, tzinfo=UTC),
        )
        for day in dates
    ]
