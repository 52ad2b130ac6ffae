"""What a ``condition_task`` compares (docs.databricks.com/jobs/conditional-tasks)."""

import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from framework.core.dynamic_values import references_in
from framework.local.references import Place, RunValues

_NUMERIC: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}


def operand(written: str, values: RunValues, place: Place) -> str:
    """What an operand stands for: a task value in it is a number, a string or a boolean.

    Raises ValueError for any other task value, Unfilled for a reference without a value.
    """
    filled = values.fill(written, place)
    for reference in references_in(written):
        task, _, key = reference.removeprefix("tasks.").partition(".values.")
        if not isinstance(values.known.values.get(task, {}).get(key, ""), str | int | float):
            raise ValueError(
                f"{{{{{reference}}}}} is no number, string or boolean, and a condition compares only those"
            )
    return filled


def holds(left: str, op: str, right: str) -> bool:
    """Whether the condition is true: equality compares strings ("12.0" is not "12"), the others numbers.

    Raises ValueError when an operand of a numeric comparison is no number.
    """
    if op == "EQUAL_TO":
        return left == right
    if op == "NOT_EQUAL":
        return left != right
    return _NUMERIC[op](_number(left), _number(right))


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f"'{text}' is not a number, and this condition compares numbers")
    return number
