"""Progress of commands that take some seconds: a line each, beside the result."""

from rich.text import Text

from framework.console.streams import stderr
from framework.core.events import Event, Note


def saying(event: Event) -> None:
    """Print what is being done."""
    if isinstance(event, Note):
        stderr().print(Text(event.message, "yellow" if event.warning else "dim"))
