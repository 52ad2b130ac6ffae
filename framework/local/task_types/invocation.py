"""What an attempt of a native task is told: everything filled in, nothing left to look up."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

CALL = "framework.local.task_types.execute:main"
"""What the engine calls in the attempt's process; its one argument is an ``Invocation`` as JSON."""
CALL_OF_OURS = "framework.local.task_types.our_notebook:main"
"""The same for a task of ours that runs as a notebook."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One attempt of a native task.

    ``root`` is the bundle's directory and ``file`` the notebook, Python file or SQL file below it. ``parameters`` are
    the named ones (widgets, markers in SQL, ``--key=value`` of a wheel), ``arguments`` the positional ones.
    ``task_values`` is a directory that holds ``<task_key>.json``, one object of values, for each task that set some.
    ``secrets`` is a JSON file ``{scope: {key: value}}`` which need not exist.
    """

    task_type: str
    task_key: str
    job_run_id: str
    task_run_id: str
    attempt: int
    project: str
    pipeline: str
    target: str
    root: Path
    task_values: Path
    secrets: Path
    job_id: str = ""
    file: Path | None = None
    package_name: str = ""
    entry_point: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()

    @property
    def files(self) -> Path:
        """The folder that stands for DBFS and volumes: beside the secrets."""
        return self.secrets.parent / "volumes"

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of ``to_json``."""
        value: dict[str, Any] = json.loads(text)
        # A path with links in it would make a notebook of the bundle look as if it were outside.
        paths = {name: Path(value[name]).resolve() for name in ("root", "task_values", "secrets")}
        file = Path(value["file"]) if value["file"] else None
        return cls(**{**value, **paths, "file": file, "arguments": tuple(value["arguments"])})
