"""``train``: fits a model and logs it to MLflow."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from framework.core.identifiers import Entrypoint, TableRead
from framework.runtime.kinds.options import STRICT


@dataclass(frozen=True, kw_only=True)
class Train:
    """Fits a model with the project's function, which returns a ``TrainedModel``, and logs it to ``experiment``."""

    entrypoint: Entrypoint
    reads: dict[str, TableRead] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    experiment: str
    __pydantic_config__: ClassVar = STRICT
