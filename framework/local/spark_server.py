"""The Spark JVM of the engine: a local Spark with Delta and Spark Connect, told what to do on stdin.

Started as ``python -m framework.local.spark_server`` with its settings as JSON in the first line of stdin. Answers with
JSON lines on stdout. When stdin closes, it and its JVM die at once, in the middle of whatever they do. That the JVM
has ended by itself is the last answer.
"""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from framework.local.protocol import encode
from framework.local.session_url import USER

_RELEASE_LIMIT = 10.0
_SENT = re.compile(r"/artifacts/([^/]+)/")
"""In the URL of a file that a session was sent: the session's id on the server's side."""
"""Seconds for an interrupted write to end."""


def main() -> None:
    """Serve until stdin closes."""
    answers = _own_stdout()
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_orders, args=(orders,), daemon=True).start()
    settings = orders.get()
    try:
        spark = _start(settings)
    except Exception as error:
        # Java has said why in the log; a traceback of ours would only hide it.
        _log(f"the Spark JVM did not start: {error}")
        os._exit(1)
    sessions = ConnectSessions(spark)
    _register_tables(spark, Path(settings["warehouse"]))
    ready = {"port": sessions.port, "spark_version": spark.version, "spark_pid": _jvm_pid(spark)}
    answers.write(encode({"ready": ready}))
    threading.Thread(target=_await_end, args=(spark.sparkContext._gateway.proc, answers), daemon=True).start()
    while True:
        order = orders.get()
        try:
            quiet = sessions.release(order["release"], order["finished"])
        except Exception:
            # A JVM that is gone is an answer of its own, which ends us meanwhile.
            time.sleep(_RELEASE_LIMIT)
            raise
        answers.write(encode({"released": order["release"], "quiet": quiet}))


class ConnectSessions:
    """The Spark Connect sessions, seen from inside the JVM: there an execution can be awaited after its session."""

    def __init__(self, spark: Any) -> None:
        self._jvm = spark._jvm
        self._context = spark._jsc.sc()
        package = self._jvm.org.apache.spark.sql.connect.service
        self._service = getattr(getattr(package, "SparkConnectService$"), "MODULE$")
        self._session_key = package.SessionKey
        self.port: int = self._service.localPort()

    def release(self, session_id: str, finished: bool) -> bool:
        """Interrupt what a session runs, close it for good, and wait until nothing of it runs any more.

        A session that its process may not have opened yet (``finished`` is False) is opened first: a request still on
        its way then meets a closed session. Returns whether all is quiet.
        """
        key = self._session_key(USER, session_id)
        manager = self._service.sessionManager()
        if not finished:
            manager.getOrCreateIsolatedSession(key, self._jvm.scala.Option.empty())
        keys = [key, *self._beside(session_id)]
        executions = [execution for each in keys for execution in self._executions(each.sessionId())]
        self._forget_files({each.sessionId() for each in keys})
        # Closing interrupts; but an execution may be past all interruption points, and then it commits yet.
        for each in keys:
            manager.closeSession(each, False)
        deadline = time.monotonic() + _RELEASE_LIMIT
        while any(execution.isExecuteThreadRunnerAlive() for execution in executions):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _beside(self, session_id: str) -> list[Any]:
        """The sessions opened beside an attempt's own, for notebooks that it calls: their user is its session."""
        infos = [info for info in self._sessions() if info.userId() == session_id]
        return [self._session_key(info.userId(), info.sessionId()) for info in infos]

    def _forget_files(self, closing: set[str]) -> None:
        """Take the files that sessions were sent from all further jobs, but for those of sessions that stay.

        Spark hands each of them to every job. The first one that runs fetches it; if none has done so before the
        session is closed, and its files are gone, no job of any session would ever run again.
        """
        files = self._context.addedFiles().get("default")
        names = list(_each(files.get().keysIterator())) if files.isDefined() else []
        # Asked in this order: a session that opens meanwhile keeps its files.
        stay = {info.serverSessionId() for info in self._sessions() if info.sessionId() not in closing}
        for name in names:
            if (sent := _SENT.search(name)) and sent[1] not in stay:
                files.get().remove(name)

    def _sessions(self) -> list[Any]:
        active = self._service.sessionManager().listActiveSessions()
        return [active.apply(i) for i in range(active.size())]

    def _executions(self, session_id: str) -> list[Any]:
        holders = self._service.executionManager().listExecuteHolders()
        every = [holders.apply(i) for i in range(holders.size())]
        return [holder for holder in every if holder.sessionHolder().sessionId() == session_id]


def _each(iterator: Any) -> Iterator[Any]:
    """What an iterator of Scala gives."""
    while iterator.hasNext():
        yield iterator.next()


def _own_stdout() -> BinaryIO:
    """Our stdout for our answers alone: what the JVM prints, its own warnings among it, goes to the log."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return cast(BinaryIO, answers)


def _read_orders(orders: "queue.SimpleQueue[dict[str, Any]]") -> None:
    for line in sys.stdin.buffer:
        orders.put(json.loads(line))
    os.killpg(0, signal.SIGKILL)


def _await_end(jvm: "subprocess.Popen[bytes]", answers: BinaryIO) -> None:
    answers.write(encode({"ended": jvm.wait()}))
    os._exit(1)


def _start(settings: dict[str, Any]) -> Any:
    """A classic Spark session whose JVM serves Spark Connect on a free port of this machine."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local[{os.cpu_count() or 2}]").appName("framework")
    for key, value in settings["spark"].items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    # Nobody here knows the secrets that an error of a query may quote. The task that asked is told, and redacts it.
    spark.sparkContext.setLogLevel("OFF")
    return spark


def _register_tables(spark: Any, warehouse: Path) -> None:
    """Bring back the tables that earlier engines wrote: the catalog lives in memory, the tables are files."""
    for log in sorted(warehouse.glob("*.db/*/_delta_log")):
        schema, table = log.parent.parent.name.removesuffix(".db"), log.parent.name
        try:
            spark.sql(f"create schema if not exists `{schema}`")
            spark.sql(f"create table if not exists `{schema}`.`{table}` using delta location '{log.parent}'")
        except Exception as error:
            # A table that one cannot read must not keep the others from use; who reads it gets Spark's own error.
            _log(f"table {schema}.{table} is not readable: {error}")


def _log(message: str) -> None:
    # A full disk is no reason to end.
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)


def _jvm_pid(spark: Any) -> int:
    return int(spark._jvm.java.lang.ProcessHandle.current().pid())


if __name__ == "__main__":
    main()
