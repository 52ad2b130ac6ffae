"""Which weeks are known, held out and forecast. Weeks run from Monday to Sunday and go by their Monday."""

import datetime
from dataclasses import dataclass
from typing import Self

HORIZON = 4
"""Weeks that are forecast, and weeks that are held out."""
MIN_TRAINING_WEEKS = 30
MAX_WEEKS_WITHOUT_SALES = 1
"""Complete weeks that may be missing before the one that is forecast from."""

_WEEK = datetime.timedelta(weeks=1)


@dataclass(frozen=True, kw_only=True)
class Weeks:
    """The weeks of one run, each by its Monday; all of them are inclusive.

    ``first`` to ``last_known`` have a demand, ``first`` to ``last`` have features. The forecast is made as ``origin``
    begins. In a backtest the holdout starts at ``origin``, else it is the last four weeks that are known.
    """

    first: datetime.date
    last_known: datetime.date
    last: datetime.date
    origin: datetime.date
    holdout: datetime.date

    @classmethod
    def of(cls, first_sale: datetime.date, last_sale: datetime.date, as_of: datetime.date) -> Self:
        """The weeks for sales between two dates, as seen from ``as_of``.

        Raises ValueError when the sales are too few to train on, or end too long before ``as_of``.
        """
        # A week at either end is complete only if the sales cover it from Monday to Sunday.
        first = monday(first_sale + datetime.timedelta(days=6))
        last_complete = monday(last_sale + datetime.timedelta(days=1)) - _WEEK
        origin = monday(as_of)
        if last_complete >= origin + (HORIZON - 1) * _WEEK:
            last_known = last = origin + (HORIZON - 1) * _WEEK
        else:
            last_known, last = min(last_complete, origin - _WEEK), origin
        weeks = cls(
            first=first, last_known=last_known, last=last, origin=origin, holdout=last_known - (HORIZON - 1) * _WEEK
        )
        weeks._check(last_sale)
        return weeks

    def before_holdout(self, weeks: int) -> datetime.date:
        """The Monday that lies so many weeks before the holdout."""
        return self.holdout - weeks * _WEEK

    def _check(self, last_sale: datetime.date) -> None:
        if self.origin > self.last_known + (MAX_WEEKS_WITHOUT_SALES + 1) * _WEEK:
            raise ValueError(
                f"the sales end on {last_sale}, too early to forecast from the week of {self.origin}: "
                f"load newer sales, or give an as_of up to {self.last_known + 2 * _WEEK}"
            )
        if self.holdout < self.first + MIN_TRAINING_WEEKS * _WEEK:
            raise ValueError(
                f"{max(0, (self.holdout - self.first) // _WEEK)} complete weeks of sales before the holdout week of "
                f"{self.holdout}, {MIN_TRAINING_WEEKS} are needed: load older sales, or give a later as_of"
            )


def monday(day: datetime.date) -> datetime.date:
    """The Monday of the week that ``day`` lies in."""
    return day - datetime.timedelta(days=day.weekday())
