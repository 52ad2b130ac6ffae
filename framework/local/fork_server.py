"""The engine of a warehouse: one process that has everything imported, forks the attempts, and owns the Spark server.

Started by ``framework.local.launch`` with the warehouse's lock and the listening socket already open. One thread, no
lock of its own, no gRPC channel, no database: what it forks must find nothing half done.
"""

import json
import os
import platform
import selectors
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

from framework.local import attempt
from framework.local.attempt_table import AttemptTable, RunningAttempt
from framework.local.children import Children, wait_status
from framework.local.clients import Client
from framework.local.mlflow_store import QUIET, environment, migrate
from framework.local.paths import LocalPaths
from framework.local.preload import Preload
from framework.local.process import Guardian
from framework.local.protocol import AttemptSpec, EngineStatus
from framework.local.session_url import remote_url
from framework.local.spark_process import SparkProcess, death_of_jvm


@dataclass(frozen=True)
class _Settings:
    root: Path
    lock: int
    listener: int
    java_home: Path
    jars: list[str]


class _Fatal(Exception):
    """The engine cannot go on; the message is for the clients, and so is a second one about what to do."""


class ForkServer:
    """The engine's state, and what it does about each thing that happens."""

    def __init__(self, settings: _Settings) -> None:
        self._settings = settings
        self._paths = LocalPaths(settings.root)
        self._clients: list[Client] = []
        self._attempts = AttemptTable()
        self._preload = Preload()
        self._ready: dict[str, Any] = {}
        self._migrating = 0
        self._migrated = False
        self._since = time.time()
        self._idle_seconds = 0.0
        self._idle_since = time.monotonic()
        # First: what it is forked from must be small. It keeps the lock: no engine follows until ours is cleared away.
        self._guardian = Guardian((settings.listener,))
        self._listener = socket.socket(fileno=settings.listener)
        self._spark = SparkProcess(self._paths, settings.java_home, settings.jars, sys.stderr.buffer)
        self._guardian.watch(self._spark.pid)
        self._children = Children(self._guardian, self._let_go)
        self._selector = selectors.DefaultSelector()
        self._watch(self._children.wakeup, self._reap)
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
                self._forget_those_gone()
                # After all of it: whose run has died is known by then to whoever comes to repeat it.
                self._greet_when_ready()
                if self._preload:
                    self._import_next()
        except (_Fatal, SystemExit) as end:
            what, *hint = end.args
            for client in self._clients:
                client.say({"failed": str(what), "hint": "".join(hint)})
        finally:
            self._shut_down()

    # --- when to wait, when to end

    def _patience(self) -> float | None:
        return 0 if self._preload else self._ends_in()

    def _abandoned(self) -> bool:
        return self._ends_in() == 0

    def _ends_in(self) -> float | None:
        """Seconds until nobody will need us any more, as it looks now; None while a run is connected."""
        if self._runs():
            return None
        return max(0.0, self._idle_since + self._idle_seconds - time.monotonic())

    def _runs(self) -> int:
        return sum(not (client.leaving or client.visitor) for client in self._clients)

    def _shut_down(self) -> None:
        """Let nobody in any more; then the Spark server goes first: what is not committed by then never will be."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        Path(self._listener.getsockname()).unlink(missing_ok=True)
        self._listener.close()
        self._spark.kill()
        self._attempts.kill()
        self._children.clear({self._migrating})
        self._guardian.dismiss()
        rmtree(self._paths.spark_scratch, ignore_errors=True)

    # --- starting up

    def _import_next(self) -> None:
        self._preload.import_next()
        if not self._preload:
            self._migrating = self._children.fork(lambda: migrate(self._paths))

    def _hear_spark(self) -> None:
        answers = self._spark.answers()
        if answers is None:
            raise _Fatal("the local Spark has ended")
        for answer in answers:
            if "ready" in answer:
                self._ready = answer["ready"]
            elif "ended" in answer:
                raise _Fatal(*death_of_jvm(answer["ended"], self._spark.memory))
            elif not answer["quiet"]:
                raise _Fatal("Spark work of a task that had ended could not be stopped, so the engine was")
            else:
                self._report(answer["released"])

    def _greet_when_ready(self) -> None:
        """Let those who wait in. What a run left behind is over by then: who repeats it finds nobody else at work."""
        if not self._is_ready() or any(client.leaving and self._attempts.of(client) for client in self._clients):
            return
        info = {
            **self._ready,
            "pid": os.getpid(),
            "java_home": str(self._settings.java_home),
            "token": self._spark.token,
        }
        for client in self._clients:
            client.greet(info)

    def _is_ready(self) -> bool:
        return bool(self._ready) and self._migrated

    # --- clients

    def _accept(self) -> None:
        client = Client(self._listener.accept()[0])
        self._clients.append(client)
        self._watch(client.connection, lambda: self._hear(client))

    def _hear(self, client: Client) -> None:
        messages = client.hear()
        if messages is None:
            self._see_off(client)
            return
        try:
            for message in messages:
                self._heed(client, message)
        except (KeyError, TypeError, ValueError):
            # Not one of our clients, or of another version: the others need not suffer for it, nor from a full disk.
            with suppress(OSError):
                traceback.print_exc()
            client.say({"failed": "the local engine does not understand what this run says"})
            self._see_off(client)

    def _heed(self, client: Client, message: dict[str, Any]) -> None:
        if "start" in message:
            self._start(client, AttemptSpec.from_dict(message["start"]), message["environment"])
        elif "cancel" in message:
            for running in self._attempts.of(client):
                if running.attempt_id == message["cancel"]:
                    running.cancel()
        else:
            client.visitor = True
            if "keep" in message:
                self._idle_seconds, self._idle_since = float(message["keep"]), time.monotonic()
            client.say({"status": asdict(self._status())})

    def _status(self) -> EngineStatus:
        return EngineStatus(
            pids=(os.getpid(), self._spark.pid, *([self._ready["spark_pid"]] if self._ready else [])),
            since=self._since,
            ready=self._is_ready(),
            python_version=platform.python_version(),
            spark_version=self._ready.get("spark_version", ""),
            runs=self._runs(),
            attempts=len(self._attempts),
            idle_seconds=self._idle_seconds,
            ends_in=self._ends_in(),
        )

    def _see_off(self, client: Client) -> None:
        self._selector.unregister(client.connection)
        client.leaving = True
        if not client.visitor:
            self._idle_since = time.monotonic()
        for running in self._attempts.of(client):
            running.cancel()

    def _forget_those_gone(self) -> None:
        gone = [client for client in self._clients if client.leaving and not self._attempts.of(client)]
        # Whoever leaves last waits for our own end, which closes its connection.
        if gone and not self._abandoned():
            for client in gone:
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
        try:
            running.pid = self._children.fork(lambda: attempt.run(spec, variables), guarded=True)
        except OSError as error:
            raise _Fatal(f"the local engine cannot start a process: {error}") from error
        self._attempts.add(running)

    def _reap(self) -> None:
        self._children.heard()
        ended = self._attempts.newly_ended()
        if self._migrating and (status := wait_status(self._migrating)) is not None:
            self._migrating, self._migrated = 0, True
            if status:
                raise _Fatal("the MLflow store could not be brought up to date")
        if self._guardian.has_ended():
            raise _Fatal("somebody killed the guardian of the local engine")
        self._children.clear({*self._attempts.pids(), self._spark.pid, self._migrating})
        for running in ended:
            self._guardian.release(running.pid)
            self._spark.release(running.session_id, finished=running.status == 0)

    def _report(self, session_id: str) -> None:
        ended = self._attempts.remove(session_id)
        ended.client.say({"ended": ended.outcome()})

    # --- the mechanics

    def _watch(self, source: Any, react: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, react)

    def _let_go(self) -> None:
        """In a child: close whatever tells others that the engine lives, and what they say to it."""
        self._spark.forget()
        self._selector.close()
        for end in (self._listener, *(client.connection for client in self._clients)):
            end.close()
        os.close(self._settings.lock)


def main() -> None:
    """Be the engine whose settings are the JSON of the first argument."""
    given = json.loads(sys.argv[1])
    os.environ.update(QUIET)
    # Python 3.12 warns at every fork when numpy's own threads are there; they know how to survive one.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("somebody ended the local engine"))
    ForkServer(_Settings(**{**given, "root": Path(given["root"]), "java_home": Path(given["java_home"])})).serve()
    # Whoever leaves last waits for this: taking pandas and MLflow down in good order would only take time.
    os._exit(0)


if __name__ == "__main__":
    main()
