"""The engine of a warehouse: one process that has everything imported, forks the attempts, and owns the Spark server.

Started by ``framework.local.launch`` with the warehouse's lock and the listening socket already open. One thread, no
lock of its own, no gRPC channel, no database: what it forks must find nothing half done.
"""

import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from typing import Any, NoReturn

from framework.local import attempt
from framework.local.attempt_table import AttemptTable, RunningAttempt, wait_status
from framework.local.clients import Client
from framework.local.mlflow_store import QUIET, environment, migrate
from framework.local.paths import LocalPaths
from framework.local.process import Guardian
from framework.local.protocol import AttemptSpec
from framework.local.session_url import remote_url
from framework.local.spark_process import SparkProcess

PRELOADED = (
    "pandas",
    "pyarrow",
    "pyspark.sql.connect.session",
    "pyspark.sql.connect.functions",
    "mlflow",
    "mlflow.pyfunc",
    "mlflow.store.tracking.sqlalchemy_store",
    "framework.runtime.entrypoint",
)
"""Imported once, while the JVM starts; one at a time, so that a client who leaves meanwhile is noticed."""


@dataclass(frozen=True)
class _Settings:
    root: Path
    lock: int
    listener: int
    java_home: Path
    jars: list[str]
    idle_seconds: float = 0


class _Fatal(Exception):
    """The engine cannot go on; the message is for the clients."""


class ForkServer:
    """The engine's state, and what it does about each thing that happens."""

    def __init__(self, settings: _Settings) -> None:
        self._settings = settings
        self._paths = LocalPaths(settings.root)
        self._clients: list[Client] = []
        self._attempts = AttemptTable()
        self._to_import = list(PRELOADED)
        self._ready: dict[str, Any] = {}
        self._migrating = 0
        self._migrated = False
        self._idle_since = time.monotonic()
        # First: what it is forked from must be small, and have nothing open that tells others that the engine lives.
        self._guardian = Guardian((settings.lock, settings.listener))
        self._listener = socket.socket(fileno=settings.listener)
        self._spark = SparkProcess(self._paths, settings.java_home, settings.jars, sys.stderr.buffer)
        self._selector = selectors.DefaultSelector()
        self._watch_children()
        self._watch(self._listener, self._accept)
        self._watch(self._spark.stdout, self._hear_spark)

    def serve(self) -> None:
        """Work until nobody needs the engine any more, or it cannot go on."""
        try:
            # Whoever started us has connected before: from here on, its death is noticed.
            self._accept()
            while not self._abandoned():
                for key, _ in self._selector.select(self._patience()):
                    key.data()
                if self._to_import:
                    self._import_next()
        except _Fatal as error:
            for client in self._clients:
                client.say({"failed": str(error)})
        finally:
            self._shut_down()

    # --- when to wait, when to end

    def _patience(self) -> float | None:
        if self._to_import:
            return 0
        if any(not client.leaving for client in self._clients):
            return None
        return max(0.0, self._idle_since + self._settings.idle_seconds - time.monotonic())

    def _abandoned(self) -> bool:
        if any(not client.leaving for client in self._clients):
            return False
        return time.monotonic() >= self._idle_since + self._settings.idle_seconds

    def _shut_down(self) -> None:
        """Let nobody in any more; then the Spark server goes first: what is not committed by then never will be."""
        Path(self._listener.getsockname()).unlink(missing_ok=True)
        self._listener.close()
        self._spark.kill()
        self._attempts.kill()
        self._guardian.dismiss()
        rmtree(self._paths.spark_scratch, ignore_errors=True)

    # --- starting up

    def _import_next(self) -> None:
        # Only a head start: an attempt that needs a module that fails here shows the error in its own log.
        with suppress(Exception):
            import_module(self._to_import.pop(0))
        if not self._to_import:
            self._migrating = self._fork(lambda: migrate(self._paths))

    def _hear_spark(self) -> None:
        answers = self._spark.answers()
        if answers is None:
            raise _Fatal("the local Spark has ended")
        for answer in answers:
            if "ready" in answer:
                self._ready = answer["ready"]
                self._greet_when_ready()
            elif not answer["quiet"]:
                raise _Fatal("Spark work of a task that had ended could not be stopped, so the engine was")
            else:
                self._report(answer["released"])

    def _greet_when_ready(self) -> None:
        if not (self._ready and self._migrated):
            return
        info = {
            **self._ready,
            "pid": os.getpid(),
            "java_home": str(self._settings.java_home),
            "token": self._spark.token,
        }
        for client in self._clients:
            client.greet(info)

    # --- clients

    def _accept(self) -> None:
        client = Client(self._listener.accept()[0])
        self._clients.append(client)
        self._watch(client.connection, lambda: self._hear(client))
        self._greet_when_ready()

    def _hear(self, client: Client) -> None:
        messages = client.hear()
        if messages is None:
            self._see_off(client)
            return
        for message in messages:
            if "start" in message:
                self._start(client, AttemptSpec.from_dict(message["start"]), message["environment"])
            elif "cancel" in message:
                for running in self._attempts.of(client):
                    if running.attempt_id == message["cancel"]:
                        running.cancel()

    def _see_off(self, client: Client) -> None:
        self._selector.unregister(client.connection)
        client.leaving = True
        self._idle_since = time.monotonic()
        for running in self._attempts.of(client):
            running.cancel()
        self._forget_if_done(client)

    def _forget_if_done(self, client: Client) -> None:
        # Whoever leaves last waits for our own end, which closes its connection.
        if client.leaving and not self._attempts.of(client) and not self._abandoned():
            client.connection.close()
            self._clients.remove(client)

    # --- attempts

    def _start(self, client: Client, spec: AttemptSpec, client_environment: dict[str, str]) -> None:
        running = RunningAttempt(client, spec.attempt_id)
        variables = {
            **client_environment,
            **environment(self._paths),
            "FRAMEWORK_OUTBOX": str(spec.directory),
            "SPARK_REMOTE": remote_url(self._ready["port"], self._spark.token, running.session_id),
            **spec.env,
        }
        running.pid = self._fork(lambda: attempt.run(spec, variables), guarded=True)
        self._attempts.add(running)

    def _reap(self) -> None:
        self._wakeup.recv(4096)
        for running in self._attempts.newly_ended():
            self._guardian.release(running.pid)
            self._spark.release(running.session_id, finished=running.status == 0)
        if self._migrating and (status := wait_status(self._migrating)) is not None:
            self._migrating, self._migrated = 0, True
            if status:
                raise _Fatal("the MLflow store could not be brought up to date")
            self._greet_when_ready()
        if self._guardian.has_ended():
            raise _Fatal("somebody killed the guardian of the local engine")

    def _report(self, session_id: str) -> None:
        ended = self._attempts.remove(session_id)
        ended.client.say({"ended": ended.outcome()})
        self._forget_if_done(ended.client)

    # --- the mechanics

    def _watch(self, source: Any, react: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, react)

    def _watch_children(self) -> None:
        self._wakeup, self._wakeup_end = socket.socketpair()
        self._wakeup_end.setblocking(False)
        signal.set_wakeup_fd(self._wakeup_end.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._watch(self._wakeup, self._reap)

    def _fork(self, work: Callable[[], None], guarded: bool = False) -> int:
        pid = os.fork()
        return pid or self._become(work, guarded)

    def _become(self, work: Callable[[], None], guarded: bool) -> NoReturn:
        code = 1
        try:
            self._let_go()
            if guarded:
                self._guardian.take_in()
            else:
                # The migration of a database is better finished than killed.
                self._guardian.forget()
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _let_go(self) -> None:
        """In a child: close whatever tells others that the engine lives, and what they say to it."""
        self._spark.forget()
        self._selector.close()
        for end in (self._listener, self._wakeup, self._wakeup_end, *(c.connection for c in self._clients)):
            end.close()
        os.close(self._settings.lock)


def main() -> None:
    """Be the engine whose settings are the JSON of the first argument."""
    given = json.loads(sys.argv[1])
    os.environ.update(QUIET)
    # Python 3.12 warns at every fork when numpy's own threads are there; they know how to survive one.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ForkServer(_Settings(**{**given, "root": Path(given["root"]), "java_home": Path(given["java_home"])})).serve()
    # Whoever leaves last waits for this: taking pandas and MLflow down in good order would only take time.
    os._exit(0)


if __name__ == "__main__":
    main()
