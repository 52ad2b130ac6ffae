"""Quartz cron expressions: those of its own documentation, and mistakes that people make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.check.quartz import problem_with


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 12 * * ?", "0 15 10 ? * *", "0 15 10 * * ? *", "0 15 10 * * ? 2005", "0 * 14 * * ?", "0 0/5 14,18 * * ?",
        "0 0-5 14 * * ?", "0 10,44 14 ? 3 WED", "0 15 10 ? * MON-FRI", "0 15 10 15 * ?", "0 15 10 L * ?",
        "0 15 10 L-2 * ?", "0 15 10 ? * 6L", "0 15 10 ? * 6L 2002-2005", "0 15 10 ? * 6#3", "0 0 12 1/5 * ?",
        "0 11 11 11 11 ?", "0 0 0 LW * ?", "0 0 0 15W * ?", "0 0 0 1,15W * ?", "0 0 0 L-3W * ?", "0 0 0 ? * L",
        "0 0 0 ? * fril", "0 0 22-4 * * ?", "0 0 0 ? NOV-FEB FRI-MON", "0 */15 * * * ?", "/10 0 0 * * ?",
        "0 0 0 29 FEB ?", "0 0 0 31 JAN,JUN ?", "00 05 04 * * ?", "0  0\t4 * * ?", "0 0 4 ? * MON,WED-FRI 2026/2",
        "0 0 4 30,31 1-2 ?", "0 0 4 29 2 ? 2027-2028", "0 0 4 31W 2 ?", "0 0 4 L-28 FEB ?", "0 0 4 29-31 FEB-MAR ?",
    ],
)  # fmt: skip
def test_a_sound_expression(expression):
    assert problem_with(expression) == ("", "")


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "0 fields"),
        ("@daily", "one field"),
        ("0 4 * * 1", "5 fields"),
        ("0 0 4 * * ? * *", "8 fields"),
        ("60 0 4 * * ?", "second '60' is not from 0 to 59"),
        ("0 0 24 * * ?", "hour '24'"),
        ("0 0 4 0 * ?", "day of month '0'"),
        ("0 0 4 * 13 ?", "month '13' is not from 1 to 12 or JAN to DEC"),
        ("0 0 4 ? * 0", "day of week '0' is not from 1 to 7 or SUN to SAT"),
        ("0 0 4 ? * MONDAY", "'MONDAY' is no day of week"),
        ("0 0 4 ? * MON-FRI/2", "'MON-FRI/2' is no day of week"),
        ("0 0 4 ? MAR-6 MON", "'MAR-6' is no month"),
        ("0 0 4am * * ?", "'4AM' is no hour"),
        ("? 0 4 * * ?", "'?' is no second"),
        ("0 0 4 L,15 * ?", "stands alone"),
        ("0 0 4 ? * 2#6", "weeks 1 to 5"),
        ("0 0 4 L-31 * ?", "more than 30 days"),
        ("0 0 4 32W * ?", "day of month '32'"),
        ("0 0/0 4 * * ?", "step"),
        ("0 0 4 * * ? 2030-2026", "ends before it begins"),
        ("0 0 4 * * ? 1969", "year '1969'"),
        ("0 0 4 31 4,JUN ?", "no day 31"),
        ("0 0 4 30-31 2 ?", "no day 30-31"),
        ("0 0 4 30,31 FEB-FEB ?", "no day 30,31"),
        ("0 0 4 30/1 2 ? *", "no day 30/1"),
        ("0 0 4 29 2 ? 2027", "no day 29 in 2027"),
        ("0 0 4 L-30 4 ?", "no day L-30"),
        ("0 0 4, * * ?", "'' is no hour"),
        ("0 0 4 * * *", "both given"),
        ("0 0 4 ? * ?", "both '?'"),
    ],
)
def test_a_mistake(expression, problem):
    assert problem in problem_with(expression)[0]


@given(st.text("0123456789 */-,?LW#MONJAN٣²", max_size=60) | st.text(max_size=60))
def test_any_text_has_an_answer(text):
    problem, hint = problem_with(text)

    assert problem or not hint


@pytest.mark.parametrize("years", ["2024", "2019-2023", "2019,2022", "2020-2024/2"])
def test_years_that_are_past_are_a_mistake_at_last(years):
    expression = f"0 0 4 * * ? {years}"

    assert problem_with(expression, 2022)[0] == ""
    assert problem_with(expression, 2025)[0] == f"all of its years are past, {years}"
