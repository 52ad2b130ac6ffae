"""100,000 log lines, ours and those of a plain JSON formatter, side by side: ours may take 1.5 times as long.

The plain one writes the same fields to one file, flushed at each line, as ours are. Ours redacts, and in a local run
writes each line a second time, for a person to read.
"""

import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from datetime import UTC, datetime
from pathlib import Path

from _measure import about_this_machine, row

from framework.runtime import run_records, structured_logs

LINES, ROUNDS, LIMIT = 100_000, 5, 1.5
LABELS = {
    "job_run_id": "1130291833", "task_run_id": "88273645", "attempt": "1", "task_key": "train", "release": "0f" * 8,
    "commit": "9d" * 20, "project": "example_demand_forecast", "pipeline": "demand_forecast", "target": "prod",
}  # fmt: skip


def main() -> int:
    """Print the seconds of each; 1 when ours takes too long."""
    print(about_this_machine())
    ways = {"plain JSON": _plain, "ours, on a cluster": _cluster, "ours, in a local run": _local}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as directory:
                seconds[name].append(way(Path(directory)))
    plain = statistics.median(seconds["plain JSON"])
    worst = 0.0
    for name, values in seconds.items():
        ratio = statistics.median(values) / plain
        worst = max(worst, ratio)
        print(row(name, values, "s"), f"  {ratio:.2f} x")
    print(f"limit {LIMIT} x: {'kept' if worst <= LIMIT else 'BROKEN'}")
    return 0 if worst <= LIMIT else 1


class PlainJson(logging.Formatter):
    """What one writes in a minute: the same fields, nothing redacted."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "@timestamp": moment,
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "log.logger": record.name,
            "service.name": LABELS["project"],
            "labels": LABELS,
        }
        if record.exc_info:
            line["error.stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _plain(directory: Path) -> float:
    handler = logging.FileHandler(directory / "log.jsonl")
    handler.setFormatter(PlainJson())
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        return _seconds(_write)
    finally:
        root.removeHandler(handler)
        handler.close()


def _cluster(directory: Path) -> float:
    os.environ.pop(run_records.OUTBOX, None)
    return _ours(directory)


def _local(directory: Path) -> float:
    os.environ[run_records.OUTBOX] = str(directory)
    return _ours(directory)


def _ours(directory: Path) -> float:
    with (directory / "stderr.log").open("w") as file, redirect_stderr(file), structured_logs.captured(LABELS):
        return _seconds(_write)


def _write() -> None:
    logger = logging.getLogger("task.train")
    for number in range(LINES):
        logger.info("week %d of %s: wrote %d rows to prod.features.weekly_demand in %.1f s", number, "2011", 512, 3.25)


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
