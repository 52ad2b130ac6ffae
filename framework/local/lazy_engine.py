"""The engine, once a run needs it: a job of conditions alone starts no Spark."""

import signal
import time
from typing import Self

from framework.core.events import Listener
from framework.local.engine import Engine
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptEnded, AttemptSpec


class LazyEngine:
    """Connects at the first start. Methods as those of Engine; they raise LocalEngineError."""

    def __init__(self, paths: LocalPaths, listener: Listener) -> None:
        self._paths = paths
        self._listener = listener
        self._engine: Engine | None = None

    def ready(self) -> Engine:
        """The engine, which the first call starts or finds; Ctrl-C leaves that with KeyboardInterrupt."""
        if self._engine is None:
            before = signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                self._engine = Engine.connect(self._paths, self._listener)
            finally:
                signal.signal(signal.SIGINT, before)
        return self._engine

    def start(self, spec: AttemptSpec) -> None:
        """Start an attempt in a process of its own; returns at once when the engine is ready."""
        self.ready().start(spec)

    def cancel(self, attempt_id: str) -> None:
        """Kill an attempt."""
        if self._engine:
            self._engine.cancel(attempt_id)

    def wait(self, timeout: float | None) -> list[AttemptEnded]:
        """The attempts that ended within ``timeout`` seconds (None: no limit, once there is an engine)."""
        if self._engine:
            return self._engine.wait(timeout)
        time.sleep(timeout or 0.0)
        return []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._engine:
            self._engine.close()
