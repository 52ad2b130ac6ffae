"""Runs a command and measures it from outside: seconds, and the peak memory of all of its processes together."""

import os
import platform
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MARK = "FRAMEWORK_BENCH_RUN"
_SAMPLE_SECONDS = 0.25


@dataclass(frozen=True)
class Measured:
    """``seconds`` of wall time, ``peak_mb`` of proportional memory (0 where the system does not tell)."""

    seconds: float
    peak_mb: float


def measure(command: Sequence[str], cwd: Path, environment: dict[str, str] | None = None) -> Measured:
    """Run ``command`` to its end. Raises RuntimeError with its output when it fails."""
    mark = uuid.uuid4().hex
    done = threading.Event()
    peaks: list[float] = [0.0]
    watcher = threading.Thread(target=_watch, args=(mark, done, peaks))
    started = time.monotonic()
    watcher.start()
    try:
        run = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **(environment or {}), _MARK: mark},
        )
    finally:
        seconds = time.monotonic() - started
        done.set()
        watcher.join()
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {run.returncode}\n{run.stdout[-3000:]}{run.stderr[-3000:]}")
    return Measured(seconds, max(peaks))


def about_this_machine() -> str:
    """One line that makes figures comparable."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"


def python_with(environment: Path, *requirements: str) -> str:
    """The Python of a virtual environment that has the rivals, made at the first use."""
    python, complete = environment / "bin" / "python", environment / "complete"
    if not complete.is_file():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *requirements], check=True)
        complete.touch()
    return str(python)


def row(name: str, values: Sequence[float], unit: str) -> str:
    """A line of the result's table: median, smallest and largest."""
    median = statistics.median(values)
    return f"{name:<28}{median:>10.2f}{min(values):>10.2f}{max(values):>10.2f} {unit}"


def _watch(mark: str, done: threading.Event, peaks: list[float]) -> None:
    needle = f"{_MARK}={mark}".encode()
    while not done.wait(_SAMPLE_SECONDS):
        peaks.append(sum(_proportional_mb(pid) for pid in _processes(needle)))


def _processes(needle: bytes) -> list[Path]:
    # The engine is in a session of its own, so a mark in the environment finds what a process tree would miss.
    return [p for p in Path("/proc").glob("[0-9]*") if needle in _read(p / "environ")]


def _proportional_mb(process: Path) -> float:
    for line in _read(process / "smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
