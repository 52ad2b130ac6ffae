"""Errors of point forecasts. ``actual`` and ``forecast`` are numbers of one length, position by position.

Each raises ValueError when the lengths differ or there are no values. NaN in, NaN out.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike


def wape(actual: "ArrayLike", forecast: "ArrayLike") -> float:
    """Weighted absolute percentage error, Σ|actual − forecast| / Σ|actual|; without any demand, 0 or infinity."""
    truth, guess = _pair(actual, forecast)
    return _ratio(float(abs(truth - guess).sum()), float(abs(truth).sum()))


def bias(actual: "ArrayLike", forecast: "ArrayLike") -> float:
    """Σ(forecast − actual) / Σ|actual|: above 0 the forecast is too high; without any demand, 0 or ±infinity."""
    truth, guess = _pair(actual, forecast)
    return _ratio(float((guess - truth).sum()), float(abs(truth).sum()))


def mae(actual: "ArrayLike", forecast: "ArrayLike") -> float:
    """Mean absolute error, in units of ``actual``."""
    truth, guess = _pair(actual, forecast)
    return float(abs(truth - guess).mean())


def rmse(actual: "ArrayLike", forecast: "ArrayLike") -> float:
    """Root of the mean squared error, in units of ``actual``."""
    truth, guess = _pair(actual, forecast)
    return float(((truth - guess) ** 2).mean() ** 0.5)


def rmsse(actual: "ArrayLike", forecast: "ArrayLike", history: "ArrayLike") -> float:
    """Root mean squared scaled error: ``rmse`` over that of one-step naive forecasts in ``history``, oldest first.

    Raises ValueError when ``history`` has fewer than two values; a constant history gives 0 or infinity.
    """
    import numpy as np

    past = np.asarray(history, dtype=float)
    if past.size < 2:
        raise ValueError("rmsse needs a history of at least two values")
    scale = float((np.diff(past) ** 2).mean() ** 0.5)
    return _ratio(rmse(actual, forecast), scale)


def _pair(actual: "ArrayLike", forecast: "ArrayLike") -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np

    truth, guess = np.asarray(actual, dtype=float), np.asarray(forecast, dtype=float)
    if truth.shape != guess.shape:
        raise ValueError(f"actual and forecast differ in shape: {truth.shape} and {guess.shape}")
    if not truth.size:
        raise ValueError("there are no values to measure")
    return truth, guess


def _ratio(error: float, scale: float) -> float:
    if scale:
        return error / scale
    return error and error * float("inf")
