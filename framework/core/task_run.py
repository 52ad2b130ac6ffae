"""Between what compiles a task and what executes it: the template in a plan, and the record of an attempt."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self

PLAN_SCHEMA = 1
RECORD_SCHEMA = 2
DEV_PREFIX = "${dev_prefix}"
"""In a plan: what stands in front of the schemas of the person who deployed it. The runtime knows who that was."""

_IF_ANY = ("ops_schema", "telemetry", "keep_inputs_days")
ParameterType = Literal["str", "int", "float", "bool", "json"]
TaskResult = Literal[
    "SUCCESS",
    "FAILED",
    "TIMEDOUT",
    "CANCELED",
    "EXCLUDED",
    "UPSTREAM_FAILED",
    "UPSTREAM_CANCELED",
    "INTERNAL_ERROR",
    "DISABLED",
]


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

    ``options`` are the fields of the kind's dataclass, every table and model name in three parts. ``ops_schema``
    (``catalog.schema``) has the tables of records; empty: whoever started the run writes them. ``telemetry`` is the
    target's section of that name; empty: nothing is sent. The versions that it reads are kept for ``keep_inputs_days``.
    """

    project: str
    pipeline: str
    target: str
    task_key: str
    kind: str
    options: Mapping[str, Any]
    params: Mapping[str, Parameter] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    ops_schema: str = ""
    telemetry: Mapping[str, Any] = field(default_factory=dict)
    keep_inputs_days: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, as ``options`` are; what is empty of the last three is left out."""
        value = {**vars(self), "params": {name: dict(vars(each)) for name, each in self.params.items()}}
        return {name: each for name, each in value.items() if each or name not in _IF_ANY}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of ``as_dict``; unknown fields of a newer plan are refused by TypeError."""
        params = {name: Parameter(**p) for name, p in value.get("params", {}).items()}
        return cls(**{**value, "params": params})


@dataclass(frozen=True)
class Origin:
    """The code that an attempt is made of. Hashes are the first 16 hex digits of a sha256; empty: not known.

    ``dirty``: the work tree differed from ``commit``. ``bundle`` is the hash of the plans.
    """

    release: str = ""
    deployment: str = ""
    commit: str = ""
    dirty: bool = False
    project_wheel: str = ""
    runtime_wheel: str = ""
    bundle: str = ""


@dataclass(frozen=True)
class Environment:
    """Where an attempt ran: versions, machine (``compute``), whose rights it had, and its page. Empty: not known.

    ``framework``, ``python`` and ``spark`` are versions, ``runtime`` is that of Databricks, or ``local``.
    """

    framework: str = ""
    python: str = ""
    spark: str = ""
    runtime: str = ""
    compute: Mapping[str, str] = field(default_factory=dict)
    principal: str = ""
    job_id: str = ""
    run_url: str = ""


@dataclass(frozen=True)
class TableVersion:
    """A table at a version of its Delta log; ``rows`` were written (None for a table that was read, unless known).

    ``schema_hash`` is that of its columns, as the function of that name makes it; empty: not known.
    """

    table: str
    version: int
    rows: int | None = None
    schema_hash: str = ""

    @property
    def key(self) -> str:
        """``catalog.schema.table@version``."""
        return f"{self.table}@{self.version}"


@dataclass(frozen=True)
class ModelVersion:
    """A model as a task made or used it; ``version`` is empty while it is not registered.

    ``digest``, of a model that was trained, is that of its input example and of what it predicts for it, with a colon
    between them; empty: not known.
    """

    name: str
    version: str
    mlflow_run_id: str
    digest: str = ""


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
    """What one attempt did: written once, when it ends, by the process that did it. Times are ISO 8601 in UTC.

    A process knows of SUCCESS and FAILED only; the other results are those of attempts that wrote nothing, as the
    scheduler tells of them. ``iteration`` counts from 0 in a loop, where it is known; ``logical_date`` is an ISO date.
    """

    job_run_id: str
    task_run_id: str
    attempt: int
    project: str
    pipeline: str
    target: str
    task_key: str
    kind: str
    result: TaskResult
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
    origin: Origin = field(default_factory=Origin)
    environment: Environment = field(default_factory=Environment)
    iteration: int | None = None
    logical_date: str = ""
    schema: int = RECORD_SCHEMA

    def to_json(self) -> str:
        """One line."""
        value = asdict(self)
        # JSON has no NaN: a metric that is none is null there.
        value["metrics"] = {k: v if math.isfinite(v) else None for k, v in self.metrics.items()}
        return json.dumps(value, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of ``to_json``; fields that a newer version added are ignored, those of an older one may lack."""
        value = _known(cls, json.loads(text))
        value["inputs"] = tuple(TableVersion(**_known(TableVersion, t)) for t in value["inputs"])
        value["outputs"] = tuple(TableVersion(**_known(TableVersion, t)) for t in value["outputs"])
        value["notes"] = tuple(value["notes"])
        value["metrics"] = {k: math.nan if v is None else v for k, v in value["metrics"].items()}
        for name, kind in (("model", ModelVersion), ("verdict", Verdict), ("error", TaskError)):
            value[name] = kind(**_known(kind, value[name])) if value[name] else None
        value["origin"] = Origin(**_known(Origin, value.get("origin") or {}))
        value["environment"] = Environment(**_known(Environment, value.get("environment") or {}))
        if verdict := value["verdict"]:
            value["verdict"] = replace(verdict, reasons=tuple(verdict.reasons))
        return cls(**value)


def schema_hash(columns: Iterable[tuple[str, str]]) -> str:
    """16 hex digits for ``columns``: each its name and its type in Spark SQL, such as ``bigint``, in their order."""
    return hashlib.sha256(json.dumps([list(each) for each in columns]).encode()).hexdigest()[:16]


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
