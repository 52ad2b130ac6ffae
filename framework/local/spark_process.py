"""The engine's hold on its Spark server: how it is started, what it is asked, how it ends."""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

from framework.local.paths import LocalPaths
from framework.local.process import kill_group
from framework.local.protocol import LineBuffer, encode

# Most local runs are over before the second compiler pays for itself: a cold run takes a fifth less without. A JVM that
# goes on without memory lets everybody wait for nothing.
_JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError"
_OUT_OF_MEMORY = 3
"""The exit code by ExitOnOutOfMemoryError."""


class SparkProcess:
    """The child process ``framework.local.spark_server``. Read ``stdout`` when it is readable, by ``answers``."""

    def __init__(self, paths: LocalPaths, java_home: Path, jars: list[str], log: BinaryIO) -> None:
        self.token = secrets.token_urlsafe(32)
        self._settings = _spark_settings(paths, jars)
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
        self._tell({"warehouse": str(paths.warehouse), "spark": self._settings})

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

    @property
    def memory(self) -> str:
        """The most that its JVM takes for its heap, as Spark writes it."""
        return self._settings["spark.driver.memory"]

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


def death_of_jvm(code: int, memory: str) -> tuple[str, str]:
    """What a JVM that ended with ``code`` (negative: by that signal) means to whoever was using it, and what to do."""
    if code == -signal.SIGKILL:
        return (
            "the Java process of local Spark was killed, most likely because the machine ran out of memory",
            f"run fewer tasks at a time (--jobs), or give Java less than its {memory}: FRAMEWORK_DRIVER_MEMORY=2g",
        )
    if code == _OUT_OF_MEMORY:
        return (
            f"the Java process of local Spark ran out of its memory of {memory}",
            "give it more, if the machine has it: FRAMEWORK_DRIVER_MEMORY=8g; or have less data in memory at a time",
        )
    how = f"was ended by signal {-code}" if code < 0 else f"exited with code {code}"
    return f"the Java process of local Spark {how}", ""


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
        "spark.driver.extraJavaOptions": f'{_JAVA_OPTIONS} "-Djava.io.tmpdir={scratch}"',
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
        # VACUUM of a small table would start 10,000 tasks to list its files.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
    }


def _driver_memory() -> str:
    """40 % of the machine's memory, at least 1 and at most 4 GB, as Spark writes it."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(max(int(total * 0.4 / 2**20), 1024), 4096)}m"
