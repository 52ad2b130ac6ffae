"""Why a live model could not be measured: because it is out of date, or because something else is down.

Only the first lets a candidate through; an outage must never do so.
"""

import pickle
import re

from framework.runtime import spark_errors
from framework.runtime.redaction import redacted

_MISFIT = re.compile(r"Failed to enforce (?:schema|model input schema)")
_MISFIT_REASON = re.compile(r"Failed to enforce schema.* Error: (?P<reason>.+)", re.DOTALL)


def is_unusable(cause: BaseException | None) -> bool:
    """Whether a model's code is gone or cannot be unpickled any more, when ``cause`` kept it from being loaded."""
    if cause is None:
        return False
    return isinstance(cause, ImportError | AttributeError | pickle.UnpicklingError) or is_unusable(cause.__cause__)


def is_outage(cause: BaseException | None) -> bool:
    """Whether the store, the registry or Spark failed when the model was measured, and not the model on these rows."""
    from mlflow.exceptions import MlflowException

    if cause is None or _MISFIT.search(spark_errors.full_text(cause)) or spark_errors.unresolved_column(cause):
        return False
    return isinstance(cause, MlflowException | OSError) or spark_errors.is_spark_error(cause)


def misfit(error: BaseException) -> str:
    """Why the model does not fit the rows; MLflow puts the rows first, which would hide the reason."""
    found = _MISFIT_REASON.search(redacted(spark_errors.full_text(error)))
    return found["reason"].strip().splitlines()[0] if found else str(error)
