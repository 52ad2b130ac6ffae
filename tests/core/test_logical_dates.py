"""The dates of a backfill."""

import pytest

from framework.core.logical_dates import logical_dates


@pytest.mark.parametrize(
    ("first", "last", "every", "dates"),
    [
        ("2024-02-28", "2024-03-01", "1d", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ("2024-03-01", "2024-03-14", "1w", ["2024-03-01", "2024-03-08"]),
        ("2024-01-31", "2024-04-30", "1m", ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),
        ("2023-11-30", "2024-03-01", "3m", ["2023-11-30", "2024-02-29"]),
        ("2024-03-01", "2024-03-01", "2w", ["2024-03-01"]),
        ("9999-12-30", "9999-12-31", "1d", ["9999-12-30", "9999-12-31"]),
        ("9999-11-30", "9999-12-31", "1m", ["9999-11-30", "9999-12-30"]),
    ],
)
def test_from_the_first_to_the_last_in_steps(first, last, every, dates):
    assert [date.isoformat() for date in logical_dates(first, last, every)] == dates


def test_too_many_dates_are_refused():
    with pytest.raises(ValueError, match="more than 1,000 dates"):
        logical_dates("1900-01-01", "2024-01-01", "1d")
