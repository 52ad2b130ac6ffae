"""Words and colours for results and times."""

from rich.text import Text

_STYLES = {
    "SUCCESS": "green",
    "SUCCESS_WITH_FAILURES": "yellow",
    "EXCLUDED": "dim",
    "DISABLED": "dim",
    "waiting": "dim",
    "running": "cyan",
    "retrying": "yellow",
    "waiting for retry": "yellow",
    "QUEUED": "dim",
    "RUNNING": "cyan",
    "SKIPPED": "dim",
}


def styled(result: str) -> Text:
    """A result in its colour; what is not named here has gone wrong."""
    return Text(result, style=_STYLES.get(result, "red"))


def several(count: int, noun: str) -> str:
    """``1 task``, ``2 tasks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def seconds(duration: float) -> str:
    """``3.2 s``, or ``2 min 05 s`` from a minute on."""
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{duration:.1f} s"
