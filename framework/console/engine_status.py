"""The local engine, as a person reads about it."""

from datetime import datetime

from rich.console import Console
from rich.table import Table

from framework.console.results import seconds, several
from framework.local.engine_control import EngineState
from framework.local.protocol import EngineStatus

_WORDS = {
    "stopped": "The local engine is not running.",
    "starting": "The local engine is starting.",
    "ready": "The local engine is ready.",
    "ending": "The local engine is about to end.",
    "silent": "The local engine does not answer. To end it: framework local stop --force",
}


def show_engine(console: Console, state: EngineState) -> None:
    """All that is known about it."""
    console.print(_WORDS[state.state])
    table = Table(box=None, padding=(0, 3, 0, 0), show_header=False)
    for name, value in _facts(state).items():
        if value:
            table.add_row(name, value)
    if table.row_count:
        console.print(table)


def show_start(console: Console, state: EngineState, started: bool) -> None:
    """What ``framework local start`` did, in one line."""
    if status := state.status:
        what = "is ready" if started else "was running already"
        console.print(
            f"The local engine {what}: process {state.pid}, Spark {status.spark_version}; "
            f"it ends after {seconds(status.idle_seconds)} without a run.",
            markup=False,
        )


def show_stop(console: Console, state: EngineState) -> None:
    """What ``framework local stop`` did, or what the engine waits for."""
    if state.status and state.status.runs:
        console.print(
            f"The local engine (process {state.pid}) ends as soon as its last run is done: {_work(state.status)} now. "
            "To end it at once: framework local stop --force",
            markup=False,
        )
    elif state.state == "stopped" and state.pid:
        console.print(f"The local engine (process {state.pid}) was ended.")
    else:
        console.print(_WORDS[state.state])


def _facts(state: EngineState) -> dict[str, str]:
    status = state.status
    return {
        "process": str(state.pid or ""),
        "since": datetime.fromtimestamp(state.since).strftime("%Y-%m-%d %H:%M:%S") if state.since else "",
        "Python": " ".join(filter(None, (status.python_version if status else "", state.python))),
        "Spark": status.spark_version if status else "",
        "memory": f"{state.memory_mb:,} MB" if state.memory_mb else "",
        "runs": _work(status) if status else "",
        "ends": _end(status) if status else "",
    }


def _work(status: EngineStatus) -> str:
    return f"{several(status.runs, 'run')}, {several(status.attempts, 'attempt')}"


def _end(status: EngineStatus) -> str:
    if status.ends_in is None:
        after = f"{seconds(status.idle_seconds)} after" if status.idle_seconds else "with"
        return f"{after} its last run"
    return f"in {seconds(status.ends_in)}, unless a run comes"
