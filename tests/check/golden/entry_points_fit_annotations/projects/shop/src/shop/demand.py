from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
import pandas as pd

from framework import TaskContext, TrainedModel

if TYPE_CHECKING:
    from pyspark.sql import DataFrame as Rows


def daily_units(sales: pd.DataFrame) -> "pd.DataFrame":
    return sales


def train(features: Rows, slope: str, context: dict[str, str]) -> tuple[TrainedModel, dict[str, float]]: ...


def evaluate(model: TrainedModel, features: Rows, context: TaskContext) -> dict[str, str]: ...
