"""Units per product and day; a day's units are twice its number, so a slope of 2 is a perfect model."""

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from framework import TrainedModel


def daily_units(sales: DataFrame) -> DataFrame:
    return sales.groupBy("product", "day").agg(F.sum("units").cast("double").alias("units"))


def train(features: DataFrame, slope: int) -> TrainedModel:
    import mlflow

    class Model(mlflow.pyfunc.PythonModel):
        def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> pd.Series:
            return (model_input["day"] * float(slope)).rename("units")

    example = features.select("day").limit(3).toPandas()
    return TrainedModel(Model(), example, metrics={"rows": features.count()}, pip_requirements=["pandas"])


def evaluate(model: object, features: DataFrame) -> dict[str, float]:
    rows = features.toPandas()
    error = (model.predict(rows[["day"]]) - rows["units"]).abs().mean()  # type: ignore[attr-defined]
    return {"mae": float(error), "naive_mae": float((rows["units"] - rows["units"].mean()).abs().mean())}
