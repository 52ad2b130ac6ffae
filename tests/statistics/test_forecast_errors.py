"""Forecast errors against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.statistics.forecast_errors import bias, mae, rmse, rmsse, wape

ACTUAL, FORECAST = [10.0, 0.0, 30.0], [12.0, 3.0, 25.0]
demand = st.lists(st.integers(0, 1000), min_size=1, max_size=30)


def test_by_hand():
    assert wape(ACTUAL, FORECAST) == pytest.approx(10 / 40)
    assert bias(ACTUAL, FORECAST) == 0
    assert mae(ACTUAL, FORECAST) == pytest.approx(10 / 3)
    assert rmse(ACTUAL, FORECAST) == pytest.approx(math.sqrt(38 / 3))
    assert rmsse([2.0], [4.0], [1.0, 2.0, 3.0]) == 2.0


def test_too_high_a_forecast_has_a_bias_above_zero():
    assert bias([1, 1], [2, 2]) == 1.0


@given(demand)
def test_a_perfect_forecast_has_no_error(values):
    assert wape(values, values) == bias(values, values) == mae(values, values) == rmse(values, values) == 0


@given(demand, st.integers(1, 50))
def test_no_error_depends_on_the_unit_but_mae_and_rmse(values, unit):
    guess = [value + 1 for value in values]
    scaled = np.array(values) * unit, np.array(guess) * unit
    assert wape(*scaled) == pytest.approx(wape(values, guess))
    assert rmse(*scaled) == pytest.approx(unit * rmse(values, guess))


def test_without_any_demand():
    assert wape([0, 0], [0, 0]) == 0
    assert wape([0, 0], [1, 0]) == math.inf and bias([0, 0], [-1, 0]) == -math.inf


def test_nan_is_not_hidden():
    assert math.isnan(wape([1, math.nan], [1, 1]))


@pytest.mark.parametrize(("actual", "forecast"), [([], []), ([1, 2], [1])])
def test_what_cannot_be_measured_is_refused(actual, forecast):
    with pytest.raises(ValueError):
        wape(actual, forecast)


def test_a_history_of_one_value_has_no_scale():
    with pytest.raises(ValueError, match="at least two"):
        rmsse([1], [1], [1])
