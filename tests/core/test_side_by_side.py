"""Work done in copies of this process comes back in order, with its errors as they are."""

import os

import pytest

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.core.side_by_side import each


def test_results_come_in_order_from_other_processes():
    found = each(lambda number: (number * number, os.getpid()), range(5))
    assert [square for square, _ in found] == [0, 1, 4, 9, 16]
    assert os.cpu_count() == 1 or os.getpid() not in {process for _, process in found}


def test_an_error_is_raised_as_it_is():
    finding = Diagnostic("an error with more than a text")

    def work(number: int) -> int:
        if number == 2:
            raise InvalidProject(Diagnostics((finding,)))
        return number

    with pytest.raises(InvalidProject) as raised:
        each(work, range(4))
    assert raised.value.found.items == (finding,)
