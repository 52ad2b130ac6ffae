"""Logs a trained model to the open MLflow run, with what its later use needs: signature, example and requirements."""

import inspect
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from framework.core.errors import ProjectCodeError
from framework.runtime import model_digest
from framework.runtime.trained_model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature

_PACKAGES = {
    "sklearn": ("scikit-learn", "cloudpickle"),
    "lightgbm": ("lightgbm", "scikit-learn"),
    "xgboost": ("xgboost", "scikit-learn"),
    "pyfunc": ("cloudpickle",),
}
_ALWAYS = ("numpy", "pandas")
# A model runs where Spark and the runtime are; pinning them into it would only make conflicts.
_NEVER = ("pyspark", "delta-spark", "mlflow", "bundle-framework")


@dataclass(frozen=True)
class Logged:
    """Where a model is, and the digest of what it predicts for its example; empty: see ``model_digest``."""

    uri: str
    digest: str


def log_model(trained: TrainedModel, entrypoint: str) -> Logged:
    """Log ``trained``. Raises ProjectCodeError when it has no known flavor or cannot predict."""
    flavor = trained.flavor or _flavor(trained.model, entrypoint)
    if flavor not in _PACKAGES:
        raise ProjectCodeError(f"{entrypoint} returned flavor '{flavor}'; known are {', '.join(_PACKAGES)}")
    with _quiet():
        info = import_module(f"mlflow.{flavor}").log_model(
            name="model",
            signature=trained.signature or _signature(trained, flavor, entrypoint),
            input_example=trained.input_example,
            pip_requirements=list(trained.pip_requirements or requirements(flavor, entrypoint)),
            **_model_arguments(trained.model, flavor),
        )
        digest = model_digest.digest(partial(_predict, trained.model, flavor), trained.input_example)
    return Logged(str(info.model_uri), digest)


def requirements(flavor: str, entrypoint: str) -> list[str]:
    """The installed versions of what ``flavor`` and the project's own package need, pinned.

    MLflow would find them by loading the model in a new process, which takes ten seconds.
    """
    wanted = {*_PACKAGES[flavor], *_ALWAYS, *_project_packages(entrypoint)} - set(_NEVER)
    pinned = ((name, _installed(name)) for name in sorted(wanted))
    return [f"{name}=={version}" for name, version in pinned if version]


def _flavor(model: Any, entrypoint: str) -> str:
    from mlflow.pyfunc import PythonModel

    if isinstance(model, PythonModel):
        return "pyfunc"
    roots = [base.__module__.split(".")[0] for base in type(model).__mro__]
    # A LightGBM or XGBoost estimator is a scikit-learn one too, so those come first in its bases.
    for root in roots:
        if root in _PACKAGES:
            return root
    raise ProjectCodeError(
        f"{entrypoint} returned a model of class {type(model).__module__}.{type(model).__name__}, which no flavor fits",
        f"name one: TrainedModel(…, flavor=…) with {', '.join(_PACKAGES)}, or wrap it in mlflow.pyfunc.PythonModel",
    )


def _model_arguments(model: Any, flavor: str) -> dict[str, Any]:
    arguments = {"sklearn": "sk_model", "lightgbm": "lgb_model", "xgboost": "xgb_model", "pyfunc": "python_model"}
    # The other format, skops, refuses classes that it does not know, and so the project's own.
    more = {"serialization_format": "cloudpickle"} if flavor == "sklearn" else {}
    return {arguments[flavor]: model, **more}


def _signature(trained: TrainedModel, flavor: str, entrypoint: str) -> "ModelSignature":
    from mlflow.models import infer_signature

    try:
        prediction = _predict(trained.model, flavor, trained.input_example)
    except Exception as error:
        raise ProjectCodeError(
            f"{entrypoint}: the model cannot predict its own input_example: {type(error).__name__}: {error}",
            "input_example must hold rows as the model takes them: the same columns, in the same order",
        ) from error
    return infer_signature(trained.input_example, prediction)


def _predict(model: Any, flavor: str, example: "pd.DataFrame") -> Any:
    if flavor == "pyfunc" and "context" in inspect.signature(model.predict).parameters:
        return model.predict(None, example)
    return model.predict(example)


def _project_packages(entrypoint: str) -> list[str]:
    package = entrypoint.partition(":")[0].partition(".")[0]
    distributions = metadata.packages_distributions().get(package, [])
    needed = [line for name in distributions for line in metadata.requires(name) or [] if "extra ==" not in line]
    return [_name(line) for line in needed]


def _name(requirement: str) -> str:
    end = next((i for i, letter in enumerate(requirement) if not (letter.isalnum() or letter in "-_.")), None)
    return requirement[:end].lower().replace("_", "-")


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence advice that does not apply: cloudpickle is chosen, and the example shows the column types as they are."""
    logger = logging.getLogger("mlflow.sklearn")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*Inferred schema contains integer column")
            yield
    finally:
        logger.setLevel(level)
