"""Task values between the attempts of a run: what one sets, the ones after it read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TaskValues:
    """``directory`` holds ``<task_key>.json`` for each task that has set values; notebooks of the run read there."""

    directory: Path

    def reset(self, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Let the tasks of a run that goes on read ``values`` (by task key), and nothing that was set beside them."""
        for file in self.directory.glob("*.json"):
            if file.stem not in values:
                file.unlink()
        for task_key, of_task in values.items():
            self.publish(task_key, of_task)

    def publish(self, task_key: str, values: Mapping[str, Any]) -> None:
        """Let the tasks from now on read ``values``."""
        self.directory.mkdir(parents=True, exist_ok=True)
        temporary = self.directory / f"{task_key}.tmp"
        temporary.write_text(json.dumps(values), encoding="utf-8")
        temporary.replace(self.directory / f"{task_key}.json")


def set_by(attempt: Path) -> dict[str, Any]:
    """What the attempt with that directory has set."""
    try:
        values: dict[str, Any] = json.loads((attempt / "task_values.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return values


def rows_of(attempt: Path) -> Path | None:
    """The file in which a SQL task left its rows, if it did."""
    file = attempt / "output.json"
    return file if file.exists() else None


def forget(attempt: Path) -> None:
    """Remove what an attempt left that is to be made once more."""
    for name in ("task_values.json", "output.json"):
        (attempt / name).unlink(missing_ok=True)
