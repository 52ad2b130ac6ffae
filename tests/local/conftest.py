import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from framework.local.engine import Engine
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptEnded, AttemptSpec

CALLS = Path(__file__).parent / "attempt_calls"


@dataclass(frozen=True)
class Attempts:
    """Starts attempts that call a function of attempt_calls.py, and reads what they wrote."""

    engine: Engine
    folder: Path

    def start(self, function: str, *argv: str, **more: object) -> str:
        attempt_id = f"{function}-{uuid.uuid4().hex[:6]}"
        self.engine.start(
            AttemptSpec(
                attempt_id=attempt_id,
                argv=argv,
                call=f"attempt_calls:{function}",
                directory=self.folder / attempt_id,
                cwd=self.folder,
                sys_path=(str(CALLS),),
                **more,
            )
        )
        return attempt_id

    def run(self, function: str, *argv: str, **more: object) -> AttemptEnded:
        self.start(function, *argv, **more)
        (ended,) = self.engine.wait(60)
        return ended

    def stdout(self, attempt_id: str) -> str:
        log = self.folder / attempt_id / "stdout.log"
        return log.read_text() if log.exists() else ""

    def stderr(self, attempt_id: str) -> str:
        return (self.folder / attempt_id / "stderr.log").read_text()


@pytest.fixture(scope="session")
def engine_paths(_local_spark: Path) -> LocalPaths:
    return LocalPaths(_local_spark)


@pytest.fixture(scope="session")
def engine(local_engine: Engine) -> Engine:
    """The one of the fixtures for projects: each engine costs as much as many tests."""
    return local_engine


@pytest.fixture
def attempts(engine: Engine, tmp_path: Path) -> Attempts:
    return Attempts(engine, tmp_path)


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Wait until a condition holds; False when it does not within the given seconds."""

    def wait(condition: Callable[[], object], seconds: float = 30) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    return wait


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process still runs; one that is dead but not waited for does not."""

    def runs(pid: int) -> bool:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return state.stdout.strip()[:1] not in ("", "Z")

    return runs


@pytest.fixture
def processes_of() -> Callable[[Path], list[str]]:
    """The processes whose command names a directory: engine, attempts, Spark server and JVM of a warehouse."""

    def listing(folder: Path) -> list[str]:
        every = subprocess.run(["ps", "-eo", "pid=,stat=,args=", "-ww"], capture_output=True, text=True, check=True)
        return [line for line in every.stdout.splitlines() if str(folder) in line and line.split()[1][0] != "Z"]

    return listing
