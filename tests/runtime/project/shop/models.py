"""Functions that train and evaluate."""

import mlflow
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from framework import TrainedModel


class Doubling(LinearRegression):
    """Importable by reference only: it predicts ``factor`` times x."""

    def __init__(self, factor=2.0):
        super().__init__()
        self.factor = factor

    def predict(self, rows):
        return np.asarray(rows["x"], dtype=float) * self.factor


def train(rows, factor: float = 2.0):
    frame = rows.select("x", "n").toPandas()
    return TrainedModel(Doubling(factor).fit(frame, frame["x"]), frame.head(3), {"fit": 1.0}, {"depth": 3})


def train_with_other_tags(rows):
    mlflow.set_tags({"owner": "nobody", "framework.commit": "forged", "own": "stays"})
    return train(rows)


def train_with_whole_numbers(rows):
    frame = pd.DataFrame({"n": [1, 2, 3]})
    return TrainedModel(LinearRegression().fit(frame, frame["n"]), frame)


def train_with_gone(rows):
    """A model whose signature has a column that the features do not have any more."""
    frame = pd.DataFrame({"x": [1.0, 2.0], "gone": [0.0, 1.0]})
    return TrainedModel(LinearRegression().fit(frame, frame["x"]), frame)


def train_nothing(rows):
    return {"wape": 0.5}


def train_unknown(rows):
    return TrainedModel(object(), pd.DataFrame({"x": [1.0]}))


def evaluate(rows, model):
    frame = rows.select("x", "n", "y").toPandas()
    error = np.abs(model.predict(frame[["x", "n"]]) - frame["y"]).sum() / frame["y"].abs().sum()
    return {"wape": error, "naive_wape": 1.0}


def evaluate_by_column(rows, model):
    if "x" not in model.metadata.signature.inputs.input_names():
        raise ValueError("the model does not know column x; password=hunter2")
    return evaluate(rows, model)


def evaluate_nan(rows, model):
    return {"wape": float("nan")}
