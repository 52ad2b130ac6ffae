"""The engine's hold on its Spark server: how it is started, what it is asked, how it ends."""

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

from framework.local.paths import LocalPaths
from framework.local.process import kill_group
from framework.local.protocol import LineBuffer, encode


class SparkProcess:
    """The child process ``framework.local.spark_server``. Read ``stdout`` when it is readable, by ``answers``."""

    def __init__(self, paths: LocalPaths, java_home: Path, jars: list[str], log: BinaryIO) -> None:
        self.token = secrets.token_urlsafe(32)
        self._process = subprocess.Popen(
            # The directory only says in `ps` whose server this is.
            [sys.executable, "-P", "-m", "framework.local.spark_server", str(paths.state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=0,
            env=_environment(java_home, self.token),
            cwd=paths.spark_scratch,
            start_new_session=True,
        )
        self._buffer = LineBuffer()
        self._tell({"warehouse": str(paths.warehouse), "spark": _spark_settings(paths, jars)})

    @property
    def pid(self) -> int:
        """The server's process, which leads a session."""
        return self._process.pid

    @property
    def stdout(self) -> Any:
        """The pipe to wait on."""
        return self._process.stdout

    def answers(self) -> list[dict[str, Any]] | None:
        """What it said since; None when it is gone."""
        piece = self.stdout.read(65536)
        return self._buffer.feed(piece) if piece else None

    def release(self, session_id: str, finished: bool) -> None:
        """Ask for the end of a session; ``{"released": …, "quiet": …}`` answers."""
        self._tell({"release": session_id, "finished": finished})

    def forget(self) -> None:
        """In a forked child: let go of the pipes, which would keep the server alive."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def kill(self) -> None:
        """End it and its JVM at once: what is not committed never will be."""
        kill_group(self._process.pid)
        self._process.wait()

    def _tell(self, order: dict[str, Any]) -> None:
        if self._process.stdin:
            try:
                self._process.stdin.write(encode(order))
            except BrokenPipeError:
                # It is dying; the end of its stdout says so too, and there it is dealt with.
                return


def _environment(java_home: Path, token: str) -> dict[str, str]:
    """Ours, without what would send this Spark elsewhere. The token goes here: arguments can be read by everyone."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SPARK_", "PYSPARK_", "HADOOP_"))}
    return {
        **inherited,
        "JAVA_HOME": str(java_home),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": token,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def _spark_settings(paths: LocalPaths, jars: list[str]) -> dict[str, str]:
    scratch = str(paths.spark_scratch)
    return {
        "spark.jars": ",".join(jars),
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": "0",
        # A training task may leave its session alone for hours; the engine closes sessions, not the clock.
        "spark.connect.session.manager.defaultSessionTimeout": "7d",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": os.environ.get("FRAMEWORK_DRIVER_MEMORY") or _driver_memory(),
        # Most local runs are over before the second compiler pays for itself: a cold run takes a fifth less without.
        "spark.driver.extraJavaOptions": f'-XX:TieredStopAtLevel=1 -XX:-UsePerfData "-Djava.io.tmpdir={scratch}"',
        "spark.local.dir": scratch,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(paths.warehouse),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        # As on Databricks, where a table is a Delta table unless said otherwise.
        "spark.sql.sources.default": "delta",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
    }


def _driver_memory() -> str:
    """40 % of the machine's memory, at least 1 and at most 4 GB, as Spark writes it."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(max(int(total * 0.4 / 2**20), 1024), 4096)}m"
