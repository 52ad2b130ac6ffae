"""Calls of functions in processes of the local engine, where pyspark and mlflow are imported already."""

import threading
import uuid
from pathlib import Path

from framework.core.errors import LocalEngineError
from framework.core.events import Listener
from framework.local.engine import Engine
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec


class EngineCalls:
    """A connection to the engine of ``root``, which lives as long as this is open. One call at a time."""

    def __init__(self, root: Path, listener: Listener) -> None:
        self._paths = LocalPaths(root)
        self._listener = listener
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._closed = False

    def __call__(self, function: str, argument: str, code: Path | None = None) -> Path:
        """Call ``module:function`` with ``[argument]``, ``code`` importable; the directory that it had as its outbox.

        Raises LocalEngineError when there is no engine.
        """
        directory = self._paths.state / "calls" / uuid.uuid4().hex
        spec = AttemptSpec(
            attempt_id=directory.name,
            argv=(argument,),
            call=function,
            directory=directory,
            cwd=self._paths.root,
            sys_path=(str(code),) if code else (),
        )
        with self._lock:
            try:
                engine = self._connected()
                engine.start(spec)
                while not engine.wait(None):
                    pass
            except LocalEngineError:
                self._close()  # the next call starts another one
                raise
        return directory

    def hold(self) -> None:
        """Have an engine, and keep it between the runs. Raises LocalEngineError."""
        with self._lock:
            self._connected()

    def close(self) -> None:
        """Let the engine go, for good."""
        with self._lock:
            self._closed = True
            self._close()

    def _connected(self) -> Engine:
        if self._closed:
            raise LocalEngineError("the workspace is being stopped")
        if self._engine is None:
            self._engine = Engine.connect(self._paths, self._listener)
        return self._engine

    def _close(self) -> None:
        engine, self._engine = self._engine, None
        if engine:
            engine.close()
