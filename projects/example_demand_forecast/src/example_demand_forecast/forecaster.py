"""The model: gradient boosting over all products and all horizons at once."""

from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor

from example_demand_forecast.features import SCALED

FORECASTS = ["forecast_h1", "forecast_h2", "forecast_h3", "forecast_h4"]


class DemandForecaster(BaseEstimator):
    """Forecasts the demand of four weeks from the features of the first of them.

    It learns demand relative to the product's level, so that one model serves big and small products, and on a square
    root scale, so that single large orders do not rule the fit. What the square root takes off the mean is given back
    by one factor per horizon, measured on the rows that were learned from.
    """

    def __init__(
        self,
        learning_rate: float = 0.1,
        max_iter: int = 40,
        max_leaf_nodes: int = 15,
        min_samples_leaf: int = 200,
        seed: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.seed = seed

    def fit(self, features: pd.DataFrame, demand: pd.DataFrame) -> Self:
        """Learns from rows of ``features`` and their ``demand``, a column per horizon (NaN: not known)."""
        self.columns_ = list(features.columns)
        inputs, level, horizon = self._stacked(features)
        target = demand.to_numpy(dtype=float).ravel(order="F")
        known = ~np.isnan(target)
        inputs, level, horizon, target = inputs[known], level[known], horizon[known], target[known]
        self.trees_ = HistGradientBoostingRegressor(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            max_bins=63,
            early_stopping=False,
            random_state=self.seed,
        ).fit(inputs, np.sqrt(target / level), sample_weight=np.sqrt(level))
        fitted = self._demand(inputs, level)
        self.factors_ = np.array(
            [target[horizon == h].sum() / fitted[horizon == h].sum() for h in range(len(FORECASTS))]
        )
        return self

    def predict(self, features: pd.DataFrame) -> pd.DataFrame:
        """Units a week, one column per horizon; other columns of ``features`` than the learned ones are ignored."""
        inputs, level, horizon = self._stacked(features[self.columns_])
        forecast = self._demand(inputs, level) * self.factors_[horizon]
        return pd.DataFrame(forecast.reshape(len(FORECASTS), -1).T, columns=FORECASTS, index=features.index)

    def _stacked(self, features: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The rows once per horizon: inputs, level (units a week), horizon (from 0)."""
        level = features[["mean_8", "mean_all"]].mean(axis=1).fillna(0).to_numpy(dtype=float) + 1
        scaled = features.assign(**{name: features[name] / level for name in SCALED}, level=np.log(level))
        count = len(FORECASTS)
        horizon = np.repeat(np.arange(count), len(features))
        inputs = np.column_stack([np.tile(scaled.to_numpy(dtype=float), (count, 1)), horizon])
        return inputs, np.tile(level, count), horizon

    def _demand(self, inputs: np.ndarray, level: np.ndarray) -> np.ndarray:
        return np.square(np.maximum(self.trees_.predict(inputs), 0)) * level
