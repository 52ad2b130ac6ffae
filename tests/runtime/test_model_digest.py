"""What tells two models apart by what they predict for one example; no Spark."""

import itertools
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from framework.runtime.model_digest import digest

EXAMPLE = pd.DataFrame({"x": [1.0, None], "product": ["a", None]})
_calls = itertools.count()


def half(predictions):
    """That of what is predicted."""
    return digest(lambda rows: predictions, EXAMPLE).partition(":")[2]


@pytest.mark.parametrize(
    ("predictions", "other"),
    [
        ([0.1, 0.2], [0.1, 0.2 + 1e-16 * 2]),
        (pd.DataFrame({"low": [1], "high": [2]}), pd.DataFrame({"low": [2], "high": [1]})),
        (pd.Series([1, 2], name="units"), pd.Series([1, 2], name="price")),
        (pd.Series([1, 2]), pd.Series([1, 2], dtype="int32")),
        ([1.0, None], [1.0, 0.0]),
        (["a", None], ["a", "b"]),
        ([datetime(2024, 3, 1)], [datetime(2024, 3, 2)]),
        (np.zeros((2, 2)), np.zeros((2, 3))),
    ],
)
def test_it_is_another_one_when_anything_predicted_is(predictions, other):
    assert half(predictions) == half(predictions) != ""
    assert half(other) not in ("", half(predictions))


def test_the_example_has_a_half_of_its_own():
    sorted_otherwise = EXAMPLE[::-1]
    halves = [digest(lambda rows: [1, 2], each).partition(":") for each in (EXAMPLE, sorted_otherwise)]
    assert halves[0][0] != halves[1][0]
    assert halves[0][2] == halves[1][2]


@pytest.mark.parametrize(
    ("predict", "example"),
    [
        (lambda rows: rows["no such column"], EXAMPLE),
        (lambda rows: [next(_calls)], EXAMPLE),
        (lambda rows: np.zeros((1, 2, 3)), EXAMPLE),
        (lambda rows: [], EXAMPLE.head(0)),
    ],
)
def test_there_is_none_where_it_would_tell_nothing(predict, example):
    assert digest(predict, example) == ""


def test_the_example_stays_as_it_was():
    example = pd.DataFrame({"x": [1.0]})

    def predict(rows):
        rows["x"] += 1
        return rows

    assert digest(predict, example)
    assert example["x"].tolist() == [1.0]
