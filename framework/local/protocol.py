"""What a run and its engine say to each other: one JSON object per line over a Unix socket."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ENTRYPOINT = "framework.runtime.entrypoint:main"
_LONGEST = 1 << 24
"""Bytes of a message; an environment and the arguments of a task are a small part of it."""


@dataclass(frozen=True, kw_only=True)
class AttemptSpec:
    """One attempt of a task, to be run in a process of its own.

    ``call`` is ``module:function``; it gets ``argv``, and its int (or SystemExit's code) is the exit code.
    ``env`` is laid over the environment of the run. ``py_files`` (zip or py) become importable in Spark's Python
    workers. ``directory`` gets stdout.log and stderr.log and is the attempt's FRAMEWORK_OUTBOX; ``cwd`` is where it
    runs.
    """

    attempt_id: str
    argv: tuple[str, ...]
    directory: Path
    cwd: Path
    call: str = ENTRYPOINT
    env: dict[str, str] = field(default_factory=dict)
    sys_path: tuple[str, ...] = ()
    py_files: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "directory": str(self.directory), "cwd": str(self.cwd)}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "AttemptSpec":
        """The inverse of ``as_dict``."""
        paths = {name: Path(value[name]) for name in ("directory", "cwd")}
        return cls(**{**value, **{name: tuple(value[name]) for name in ("argv", "sys_path", "py_files")}, **paths})


@dataclass(frozen=True)
class AttemptEnded:
    """How an attempt's process ended: by ``exit_code``, or by ``signal``; ``canceled`` when we killed it.

    When this is reported, the attempt's Spark work has ended too: nothing of it is committed later.
    """

    attempt_id: str
    exit_code: int | None
    signal: int | None
    canceled: bool


@dataclass(frozen=True)
class EngineInfo:
    """What a ready engine says about itself. ``token`` opens its Spark Connect ``port`` on localhost."""

    pid: int
    spark_pid: int
    spark_version: str
    java_home: str
    port: int
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class EngineStatus:
    """What an engine answers to whoever asks (``{"status": true}``) or says how long it stays (``{"keep": seconds}``).

    ``pids`` are the engine, its Spark server and the JVM, as far as they are there; ``since`` is in seconds of the
    epoch. It ends when no run is connected for ``idle_seconds``: in ``ends_in`` seconds, None while a run is.
    """

    pids: tuple[int, ...]
    since: float
    ready: bool
    python_version: str
    spark_version: str
    runs: int
    attempts: int
    idle_seconds: float
    ends_in: float | None


def encode(message: dict[str, Any]) -> bytes:
    """One message as a line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


@dataclass
class LineBuffer:
    """Whole messages out of the pieces that a socket or pipe delivers."""

    rest: bytes = b""

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """The messages that ``piece`` completes. Raises ValueError for what is none."""
        *lines, self.rest = (self.rest + piece).split(b"\n")
        if len(self.rest) > _LONGEST:
            raise ValueError("a message without an end")
        messages = [json.loads(line) for line in lines if line]
        if not all(isinstance(message, dict) for message in messages):
            raise ValueError("a message that is no object")
        return messages
