"""What the process of one run is told."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

NAME = "fake-workspace"
"""What stands for the bundle and its target: a job of the workspace is of none."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """Run ``task_keys`` of the job ``job_key`` (all, when it is empty) in ``root``.

    ``jobs`` has the settings of that job and of those that it runs, by id; ``files`` is where their paths lead.
    ``run_id`` is the workspace's.
    """

    root: str
    files: str
    run_id: int
    job_key: str
    jobs: Mapping[str, Any]
    parameters: Mapping[str, str]
    task_keys: tuple[str, ...] = ()

    @property
    def directory(self) -> Path:
        """The directory of the local state."""
        return Path(self.root)

    @property
    def job(self) -> str:
        """The job's name in the run store."""
        return f"{NAME}/{NAME}/{self.job_key}"

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse."""
        return cls(**json.loads(text))
