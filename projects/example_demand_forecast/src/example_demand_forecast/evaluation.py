"""How far off the forecasts are, beside the mean of the last four weeks as the baseline."""

from typing import Any

import numpy as np
from pyspark.sql import DataFrame

from example_demand_forecast.forecaster import FORECASTS
from example_demand_forecast.training import demand_ahead
from framework.statistics.forecast_errors import bias, wape


def evaluate(model: Any, features: DataFrame) -> dict[str, float]:
    """Errors over all products and the four holdout weeks.

    ``wape`` and ``bias`` are rolling one step: each week is forecast from the end of the week before it. ``fixed_wape``
    and ``fixed_bias`` forecast all four from the end of the last week before the holdout.
    """
    holdout = features.where("split = 'holdout'").toPandas().sort_values(["stock_code", "week"], ignore_index=True)
    forecast = model.predict(holdout)[FORECASTS].to_numpy()
    ahead = demand_ahead(holdout).to_numpy()
    baseline = holdout["mean_4"].to_numpy()
    origin = (holdout["week"] == holdout["week"].min()).to_numpy()
    fixed_baseline = np.repeat(baseline[origin], len(FORECASTS))
    return {
        **_errors("", ahead[:, 0], forecast[:, 0], baseline),
        **_errors("fixed_", ahead[origin].ravel(), forecast[origin].ravel(), fixed_baseline),
    }


def _errors(prefix: str, actual: np.ndarray, forecast: np.ndarray, baseline: np.ndarray) -> dict[str, float]:
    return {
        f"{prefix}wape": wape(actual, forecast),
        f"naive_{prefix}wape": wape(actual, baseline),
        f"{prefix}bias": bias(actual, forecast),
        f"naive_{prefix}bias": bias(actual, baseline),
    }
