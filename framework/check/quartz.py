"""Quartz cron expressions, as the Jobs service reads them (quartz-scheduler.org: CronTrigger tutorial).

Stricter than Quartz in one thing: characters that it would silently ignore, as in ``MON-FRI/2``, are a mistake here.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_ITEM = re.compile(r"(?P<from>[0-9]+|[A-Z]{3}|\*|)(?:-(?P<to>[0-9]+|[A-Z]{3}))?(?:/(?P<step>[0-9]+))?")
_LAST_DAY = re.compile(r"L(?:-(?P<offset>[0-9]+))?W?")
_NEAREST_WEEKDAY = re.compile(r"(?P<day>[0-9]+)W")
_WEEKDAY = re.compile(r"(?P<day>[0-9]|[A-Z]{3})(?:L|#(?P<week>[0-9]+))")
_ORDER = "second, minute, hour, day of month, month, day of week and perhaps a year"
_LONGEST = 1000


@dataclass(frozen=True)
class _Field:
    """One of the fields: its numbers, and the names that stand for some of them."""

    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)
    wraps: bool = True

    def number(self, text: str) -> int:
        """``text`` as one of the numbers. Raises ValueError."""
        number = self.names.get(text, -1) if text.isalpha() else int(text)
        if not self.low <= number <= self.high:
            names = f" or {next(iter(self.names))} to {[*self.names][-1]}" if self.names else ""
            raise ValueError(f"{self.name} '{text}' is not from {self.low} to {self.high}{names}")
        return number


_DAY_OF_MONTH = _Field("day of month", 1, 31)
_MONTH = _Field("month", 1, 12, {name: index for index, name in enumerate(_MONTHS, 1)})
_DAY_OF_WEEK = _Field("day of week", 1, 7, {name: index for index, name in enumerate(_DAYS, 1)})
_YEAR = _Field("year", 1970, 2199, wraps=False)
_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _DAY_OF_MONTH,
    _MONTH,
    _DAY_OF_WEEK,
    _YEAR,
)


def problem_with(expression: str, this_year: int = 1970) -> tuple[str, str]:
    """What is wrong with a Quartz cron expression, and what to do; two empty texts when nothing is.

    One that would only have fired before ``this_year`` is wrong, too.
    """
    written = expression.upper().split() if len(expression) <= _LONGEST else []
    if len(written) not in (6, 7):
        of_unix = " Unix leaves the second out." if len(written) == 5 else ""
        count = "one field" if len(written) == 1 else f"{len(written)} fields"
        return f"it has {count}", f"Quartz takes six or seven: {_ORDER}.{of_unix}"
    try:
        for each, text in zip(_FIELDS, written, strict=False):
            _check(each, text)
    except ValueError as error:
        return str(error), _hint(str(error))
    days, weekdays = written[3], written[5]
    if (days == "?") == (weekdays == "?"):
        both = "are both '?'" if days == "?" else "are both given"
        return f"day of month and day of week {both}", "Exactly one of them has to be '?'."
    in_years = "".join(written[6:])
    years = [year for year in _numbers(_YEAR, in_years or "*") if year >= this_year]
    if not years:
        return f"all of its years are past, {in_years}", "Leave the year out: it then fires every year."
    if _never(days, _numbers(_MONTH, written[4]), years):
        return f"month '{written[4]}' has no day {days}{in_years and f' in {in_years}'}", ""
    return "", ""


def _check(each: _Field, text: str) -> None:
    """Raises ValueError."""
    if text == "?" and each in (_DAY_OF_MONTH, _DAY_OF_WEEK):
        return
    items = text.split(",")
    for item in items:
        if not _is_special(each, item):
            _check_item(each, item)
        elif len(items) > 1 and "L" in item:
            raise ValueError(f"{each.name} '{text}': what has an L stands alone")


def _is_special(each: _Field, item: str) -> bool:
    """Whether ``item`` is one of the forms that only days have. Raises ValueError."""
    if each is _DAY_OF_MONTH and (match := _LAST_DAY.fullmatch(item)):
        if int(match["offset"] or 0) > 30:
            raise ValueError(f"{each.name} '{item}' is more than 30 days before the last")
        return True
    if each is _DAY_OF_MONTH and (match := _NEAREST_WEEKDAY.fullmatch(item)):
        each.number(match["day"])
        return True
    if each is _DAY_OF_WEEK and (match := _WEEKDAY.fullmatch(item)):
        each.number(match["day"])
        if match["week"] and not 1 <= int(match["week"]) <= 5:
            raise ValueError(f"{each.name} '{item}': a month has weeks 1 to 5")
        return True
    return each is _DAY_OF_WEEK and item == "L"


def _check_item(each: _Field, item: str) -> None:
    """A number or a name, a range of them, ``*``, each with a step or without. Raises ValueError."""
    match = _ITEM.fullmatch(item)
    first, last, step = match.group("from", "to", "step") if match else ("", None, None)
    nothing, open_range = not first and not step, first in ("*", "") and last
    # Quartz reads no step behind names, and no range from a name to a number.
    if nothing or open_range or (first.isalpha() and step) or (last and first.isalpha() != last.isalpha()):
        raise ValueError(f"'{item}' is no {each.name}")
    start = each.number(first) if first not in ("*", "") else each.low
    end = each.number(last) if last else each.high
    if end < start and not each.wraps:
        raise ValueError(f"{each.name} '{item}' ends before it begins")
    # Quartz allows a step up to the greatest number, also where the numbers begin at 0.
    if step and not 1 <= int(step) <= each.high:
        raise ValueError(f"{each.name} '{item}' has a step that is not from 1 to {each.high}")


def _numbers(each: _Field, text: str) -> set[int]:
    """The numbers that a field names which has been checked, and is made of ranges."""
    found: set[int] = set()
    for match in map(_ITEM.fullmatch, text.split(",")):
        first, last, step = match.group("from", "to", "step") if match else ("", None, None)
        start = each.number(first) if first not in ("*", "") else each.low
        end = each.number(last) if last else each.high if step or first in ("*", "") else start
        # A range such as NOV-FEB goes on with the first number after the last one.
        count = each.high - each.low + 1
        steps = range(start, end + 1 if end >= start else end + count + 1, int(step or 1))
        found |= {(number - each.low) % count + each.low for number in steps}
    return found


def _never(days: str, months: set[int], years: Iterable[int]) -> bool:
    """Whether none of the months is ever long enough for the first of the days."""
    last = _LAST_DAY.fullmatch(days)
    first = int(last["offset"] or 0) + 1 if last else min(_numbers(_DAY_OF_MONTH, days), default=1)
    return not any(first <= monthrange(year, month)[1] for year in years for month in months)


def _hint(problem: str) -> str:
    if problem.startswith("day of week '0'"):
        return "Sunday is 1, or SUN."
    return "See quartz-scheduler.org for what a field may hold." if " is no " in problem else ""
