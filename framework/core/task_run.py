"""Between what compiles a task and what executes it: the template in a plan, and the record of an attempt."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self

PLAN_SCHEMA = 1
RECORD_SCHEMA = 1
DEV_PREFIX = "${dev_prefix}"
"""In a plan: what stands in front of the schemas of the person who deployed it. The runtime knows who that was."""

ParameterType = Literal["str", "int", "float", "bool", "json"]


@dataclass(frozen=True)
class Parameter:
    """A value that reaches the function as a keyword.

    ``value`` is as written (it may hold ``{{…}}`` references); the Jobs service hands over a string for ``type``.
    """

    type: ParameterType
    value: str

    def convert(self, text: str) -> Any:
        """``text`` as this parameter's type. Raises ValueError when it is none."""
        return _CONVERTERS[self.type](text)

    @classmethod
    def of(cls, value: Any) -> "Parameter":
        """The parameter whose YAML default is ``value``."""
        kind = _TYPE_NAMES.get(type(value), "json")
        return cls(kind, value if isinstance(value, str) else json.dumps(value))


@dataclass(frozen=True, kw_only=True)
class TaskRun:
    """One task with nothing left to look up but the values that the Jobs service fills in.

    ``options`` are the fields of the kind's dataclass, every table and model name in three parts.
    """

    project: str
    pipeline: str
    target: str
    task_key: str
    kind: str
    options: Mapping[str, Any]
    params: Mapping[str, Parameter] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, as ``options`` are."""
        return {**vars(self), "params": {name: dict(vars(each)) for name, each in self.params.items()}}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of ``as_dict``; unknown fields of a newer plan are refused by TypeError."""
        params = {name: Parameter(**p) for name, p in value.get("params", {}).items()}
        return cls(**{**value, "params": params})


@dataclass(frozen=True)
class Provenance:
    """The code that plans were made from: its commit, whether the work tree differed, its release. Empty: not known."""

    commit: str = ""
    dirty: bool = False
    release: str = ""


@dataclass(frozen=True)
class TableVersion:
    """A table at a version of its Delta log; ``rows`` were written (None for a table that was read)."""

    table: str
    version: int
    rows: int | None = None


@dataclass(frozen=True)
class ModelVersion:
    """A model as a task made or used it; ``version`` is empty while it is not registered."""

    name: str
    version: str
    mlflow_run_id: str


@dataclass(frozen=True)
class Verdict:
    """What a gate decided. ``reasons`` are whole sentences; ``against`` names the model version it had to beat."""

    passed: bool
    reasons: tuple[str, ...]
    against: str = ""


@dataclass(frozen=True)
class TaskError:
    """Why an attempt failed: one line, what to do, and the project's own frames."""

    type: str
    message: str
    hint: str = ""
    traceback: str = ""


@dataclass(frozen=True, kw_only=True)
class AttemptRecord:
    """What one attempt did: written once, when it ends, by the process that did it. Times are ISO 8601 in UTC."""

    job_run_id: str
    task_run_id: str
    attempt: int
    project: str
    pipeline: str
    target: str
    task_key: str
    kind: str
    result: Literal["SUCCESS", "FAILED"]
    started_at: str
    ended_at: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[TableVersion, ...] = ()
    outputs: tuple[TableVersion, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    model: ModelVersion | None = None
    verdict: Verdict | None = None
    notes: tuple[str, ...] = ()
    error: TaskError | None = None
    schema: int = RECORD_SCHEMA

    def to_json(self) -> str:
        """One line."""
        value = asdict(self)
        # JSON has no NaN: a metric that is none is null there.
        value["metrics"] = {k: v if math.isfinite(v) else None for k, v in self.metrics.items()}
        return json.dumps(value, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of ``to_json``; fields that a newer version added are ignored."""
        value = _known(cls, json.loads(text))
        value["inputs"] = tuple(TableVersion(**_known(TableVersion, t)) for t in value["inputs"])
        value["outputs"] = tuple(TableVersion(**_known(TableVersion, t)) for t in value["outputs"])
        value["notes"] = tuple(value["notes"])
        value["metrics"] = {k: math.nan if v is None else v for k, v in value["metrics"].items()}
        for name, kind in (("model", ModelVersion), ("verdict", Verdict), ("error", TaskError)):
            value[name] = kind(**_known(kind, value[name])) if value[name] else None
        if verdict := value["verdict"]:
            value["verdict"] = replace(verdict, reasons=tuple(verdict.reasons))
        return cls(**value)


def _known(kind: type, value: Mapping[str, Any]) -> dict[str, Any]:
    """``value`` without the fields that a newer version added."""
    names = {f.name for f in fields(kind)}
    return {name: item for name, item in value.items() if name in names}


def _bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"'{text}' is neither true nor false")
    return text.lower() == "true"


_CONVERTERS: dict[ParameterType, Any] = {"str": str, "int": int, "float": float, "bool": _bool, "json": json.loads}
_TYPE_NAMES: dict[type, ParameterType] = {str: "str", int: "int", float: "float", bool: "bool"}
