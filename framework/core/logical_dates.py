"""The dates that a backfill runs for."""

import calendar
import datetime
import itertools
import re
from collections.abc import Iterator

MAX_DATES = 1000
_STEP = re.compile(r"([1-9]\d{0,3})([dwm])")


def logical_dates(first: str, last: str, every: str) -> list[datetime.date]:
    """From ``first`` to ``last`` (ISO, both included) in steps such as ``1d``, ``2w`` or ``1m`` (months).

    A month's step keeps the day of ``first``, or the month's last day. Raises ValueError saying what is wrong.
    """
    begin, end = _date(first), _date(last)
    if end < begin:
        raise ValueError(f"{last} comes before {first}")
    step = _STEP.fullmatch(every)
    if not step:
        raise ValueError(f"'{every}' is no step: write 1d, 2w or 1m")
    wanted = itertools.takewhile(lambda date: date <= end, _series(begin, int(step[1]), step[2]))
    dates = list(itertools.islice(wanted, MAX_DATES + 1))
    if len(dates) > MAX_DATES:
        raise ValueError(f"that is more than {MAX_DATES:,} dates: backfill a shorter time at once")
    return dates


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no date: write it like 2024-03-01") from None


def _series(begin: datetime.date, count: int, unit: str) -> Iterator[datetime.date]:
    for number in itertools.count():
        try:
            yield _plus(begin, number * count, unit)
        except (OverflowError, ValueError):
            # The calendar ends with the year 9999.
            return


def _plus(date: datetime.date, count: int, unit: str) -> datetime.date:
    if unit != "m":
        return date + datetime.timedelta(days=count * (7 if unit == "w" else 1))
    years, month = divmod(date.month - 1 + count, 12)
    day = min(date.day, calendar.monthrange(date.year + years, month + 1)[1])
    return datetime.date(date.year + years, month + 1, day)
