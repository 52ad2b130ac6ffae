"""Moments as people read them: in one form, in one zone."""

from datetime import UTC, datetime


def shown(moment: str) -> str:
    """A moment in ISO 8601, such as ``2026-01-31T09:30:00+00:00``, as ``2026-01-31 09:30:00 UTC``."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def now() -> str:
    """This moment in ISO 8601, in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
