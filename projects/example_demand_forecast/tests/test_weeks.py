import datetime

import pytest

from example_demand_forecast.weeks import Weeks, monday

FIRST_SALE, LAST_SALE = datetime.date(2010, 12, 1), datetime.date(2011, 12, 9)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def test_weeks_that_the_sales_do_not_cover_whole_are_left_out() -> None:
    weeks = Weeks.of(FIRST_SALE, LAST_SALE, day("2011-12-05"))
    assert (weeks.first, weeks.last_known) == (day("2010-12-06"), day("2011-11-28"))


@pytest.mark.parametrize(("first_sale", "first"), [("2010-12-06", "2010-12-06"), ("2010-12-07", "2010-12-13")])
def test_the_first_week_is_complete_only_from_its_monday_on(first_sale: str, first: str) -> None:
    assert Weeks.of(day(first_sale), LAST_SALE, day("2011-11-07")).first == day(first)


@pytest.mark.parametrize(("last_sale", "last_known"), [("2011-12-04", "2011-11-28"), ("2011-12-03", "2011-11-21")])
def test_the_last_week_is_complete_only_up_to_its_sunday(last_sale: str, last_known: str) -> None:
    assert Weeks.of(FIRST_SALE, day(last_sale), day("2011-12-05")).last_known == day(last_known)


def test_a_backtest_holds_out_the_four_weeks_from_as_of_on() -> None:
    weeks = Weeks.of(FIRST_SALE, LAST_SALE, day("2011-11-09"))
    assert (weeks.origin, weeks.holdout, weeks.last) == (day("2011-11-07"), day("2011-11-07"), day("2011-11-28"))


def test_in_production_the_last_four_known_weeks_are_held_out_and_the_origin_is_forecast() -> None:
    weeks = Weeks.of(FIRST_SALE, LAST_SALE, day("2011-11-21"))
    assert (weeks.holdout, weeks.last_known, weeks.last) == (day("2011-10-24"), day("2011-11-14"), day("2011-11-21"))


def test_sales_that_end_long_before_as_of_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sales end on 2011-12-09.*as_of up to 2011-12-12"):
        Weeks.of(FIRST_SALE, LAST_SALE, day("2011-12-19"))


def test_a_history_too_short_to_train_on_is_refused() -> None:
    with pytest.raises(ValueError, match=r"29 complete weeks .* 30 are needed"):
        Weeks.of(FIRST_SALE, LAST_SALE, day("2011-06-27"))


def test_a_week_goes_by_its_monday() -> None:
    assert {monday(day(f"2011-11-{d:02}")) for d in range(7, 14)} == {day("2011-11-07")}
