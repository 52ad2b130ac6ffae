"""``dbutils.jobs.taskValues``: small JSON values that a task leaves for those after it."""

import json
from pathlib import Path
from typing import Any

from framework.core import durable
from framework.runtime.task_values import as_json

FILE = "task_values.json"
"""In the attempt's directory: one object of all values that it set."""


class TaskValues:
    """``set`` keeps a value on disk before it returns; ``get`` reads what earlier tasks left in ``earlier``."""

    def __init__(self, directory: Path, earlier: Path) -> None:
        self._file = directory / FILE
        self._earlier = earlier
        self._values: dict[str, Any] = {}

    def set(self, key: str, value: Any) -> None:
        """Leave ``value``. Raises TypeError or ValueError when it is no JSON, too large, or ``key`` no string."""
        as_json(key, value)
        self._values[key] = value
        durable.keep(self._file, json.dumps(self._values, allow_nan=False))

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:  # noqa: N803
        """What task ``taskKey`` left; ``default`` when it left nothing. ``debugValue`` is for outside of jobs.

        Raises ValueError when there is neither.
        """
        file = self._earlier / f"{taskKey}.json"
        values = json.loads(file.read_text(encoding="utf-8")) if _is_task(taskKey) and file.is_file() else {}
        if key in values:
            return values[key]
        if default is None:
            left = f"it left {', '.join(values)}" if values else "it left none, or did not run before this task"
            raise ValueError(f"task '{taskKey}' has no task value '{key}', and no default is given; {left}")
        return default


class Jobs:
    """``dbutils.jobs``."""

    def __init__(self, task_values: TaskValues) -> None:
        self.taskValues = task_values


def _is_task(key: str) -> bool:
    return bool(key) and "/" not in key
