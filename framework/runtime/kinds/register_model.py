"""``register_model``: makes a model version and moves its alias."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from framework.core.identifiers import ModelWritten, TaskRead
from framework.runtime.kinds.options import STRICT


@dataclass(frozen=True, kw_only=True)
class RegisterModel:
    """Registers the model of ``model_from`` as a new version of ``model`` and moves ``alias`` to it.

    The alias that the earlier version loses becomes ``previous_<alias>``. When a gate said no, the earlier version
    stays (``on_fail: keep``) or the task fails (``on_fail: stop``); with no earlier version the task fails. ``gates``
    left out are all ``evaluate`` tasks of the same ``model_from``, ``experiment`` left out is that of ``model_from``.
    """

    model: ModelWritten
    model_from: TaskRead
    alias: str = "champion"
    on_fail: Literal["keep", "stop"] = "keep"
    gates: list[TaskRead] = field(default_factory=list)
    experiment: str | None = None
    __pydantic_config__: ClassVar = STRICT
