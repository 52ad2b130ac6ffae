"""``evaluate``: the gate between a trained model and the registry."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from framework.core.identifiers import Entrypoint, ModelMentioned, TableRead, TaskRead
from framework.runtime.kinds.options import STRICT, Beats, Threshold


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Measures the model of ``model_from`` with the project's function and decides whether it may go live.

    The function is called once per model (the candidate, then the one it must beat) on the same rows, with the model
    as ``model``, and returns ``{metric: float}``; ``naive_<metric>`` is that metric's baseline. A failed gate is a
    verdict, not a failed task. ``model`` is the registered model that ``beats`` compares with; left out, it is the one
    that the pipeline registers from the same ``model_from``. ``experiment`` left out is that of ``model_from``.
    """

    entrypoint: Entrypoint
    model_from: TaskRead
    reads: dict[str, TableRead] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    beats: Literal["champion"] | Beats | None = None
    model: ModelMentioned | None = None
    experiment: str | None = None
    __pydantic_config__: ClassVar = STRICT
