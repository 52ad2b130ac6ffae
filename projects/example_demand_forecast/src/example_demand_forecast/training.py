"""Features to a fitted model."""

import pandas as pd
from pyspark.sql import DataFrame

from example_demand_forecast.features import FEATURES
from example_demand_forecast.forecaster import FORECASTS, DemandForecaster
from framework import TaskContext, TrainedModel

_MIN_WEEKS_ON_SALE = 13


def train(features: DataFrame, context: TaskContext) -> TrainedModel:
    """One model for all products, from the rows before the holdout. Raises ValueError when there are none.

    The rows are sorted first, so that the same rows in another order give the same model.
    """
    history = features.where("split = 'train'").toPandas().sort_values(["stock_code", "week"], ignore_index=True)
    # Made from the rows before the holdout alone, so that no demand of the holdout can be among them.
    demand = demand_ahead(history)
    learned = history["weeks_on_sale"] >= _MIN_WEEKS_ON_SALE
    if not learned.any():
        raise ValueError(
            f"no product was on sale for {_MIN_WEEKS_ON_SALE} weeks before the holdout: nothing to learn from"
        )
    inputs = history.loc[learned, FEATURES].astype(float)
    model = DemandForecaster().fit(inputs, demand[learned])
    context.logger.info("trained on %d rows of %d products", len(inputs), history["stock_code"].nunique())
    return TrainedModel(
        model=model,
        flavor="sklearn",
        input_example=inputs.tail(5).reset_index(drop=True),
        params=model.get_params(),
        metrics={"training_rows": float(len(inputs)), "products": float(history["stock_code"].nunique())},
    )


def demand_ahead(frame: pd.DataFrame) -> pd.DataFrame:
    """The demand that each of FORECASTS is about, for rows sorted by product and week without gaps; NaN: not known."""
    demand = frame.groupby("stock_code")["demand"]
    return pd.DataFrame({name: demand.shift(-ahead) for ahead, name in enumerate(FORECASTS)})
