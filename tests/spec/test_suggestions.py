"""The name that was probably meant, also among very many."""

from difflib import get_close_matches

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.spec.suggestions import begin_run, close_match

names = st.text("abc_", max_size=8)


@given(names, st.lists(names, max_size=8))
def test_it_is_the_nearest_one(name, others):
    begin_run()

    assert close_match(name, others) == next(iter(get_close_matches(name, others, n=1)), "")


def test_a_run_gives_up_after_many_comparisons_and_the_next_one_begins_anew():
    long = [f"{'x' * 50}{number:04}" for number in range(1000)]
    begin_run()

    assert close_match("trian", ["train"]) == "train"
    for _ in range(10):
        close_match("y" + "x" * 53, long)
    assert close_match("trian", ["train"]) == ""
    begin_run()
    assert close_match("trian", ["train"]) == "train"


@pytest.fixture(autouse=True)
def anew():
    yield
    begin_run()
