"""What a ``train`` function returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature


@dataclass(frozen=True)
class TrainedModel:
    """A fitted model and what to log beside it.

    ``input_example`` holds a few rows as the model takes them. ``flavor`` is ``sklearn``, ``lightgbm``, ``xgboost`` or
    ``pyfunc``; left out, it follows from the model's class. ``signature`` left out is inferred from the example and
    its prediction; ``pip_requirements`` left out are the installed versions of what the flavor and the project need.
    A native XGBoost ``Booster`` needs its ``signature`` given, because it cannot predict a pandas DataFrame itself; the
    estimators of its scikit-learn interface do not.
    """

    model: Any
    input_example: "pd.DataFrame"
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    flavor: str | None = None
    signature: "ModelSignature | None" = None
    pip_requirements: Sequence[str] | None = None
