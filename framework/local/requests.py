"""What a person asks of a run beside the bundle."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from framework.resolve.resolved import ResolvedSource

MAX_PARALLEL = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class Selected:
    """The tasks that a person asked for: all of them, when nothing is said."""

    only: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A new run. ``max_parallel`` limits the attempts at a time.

    ``source`` says how the bundle was made, so that a repair can make it again; ``backfill`` is the date of a backfill.
    """

    root: Path
    job_key: str
    parameters: Mapping[str, str]
    source: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[ResolvedSource, ...] = ()
    selected: Selected = field(default_factory=Selected)
    max_parallel: int = MAX_PARALLEL
    idempotency_token: str | None = None
    backfill: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RepairRequest:
    """What a repair runs again: ``rerun_tasks``, or all that failed; successful tasks after those only on demand."""

    rerun_tasks: tuple[str, ...] = ()
    rerun_dependent_tasks: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[ResolvedSource, ...] = ()
    max_parallel: int = MAX_PARALLEL
