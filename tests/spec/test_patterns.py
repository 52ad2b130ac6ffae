"""Patterns and lists of values of a policy: what they match, and how many there may be."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.spec.patterns import is_among, problem_with_pattern, too_many

LARGE = [r"\w{900}", r"[[\w]]{900}", r"[\w(]{900}", r"(x[\w)]{30}){30}", r"[]\w]{900}", r"(?x)\w {900}", r"\pL{900}"]


@pytest.mark.parametrize("pattern", LARGE)
def test_repeated_letters_of_all_languages_are_too_many(pattern):
    assert too_many([pattern])


def test_those_of_a_usual_policy_are_not():
    assert not too_many([r"[a-z][a-z0-9_]{0,62}", r"\d{4}", "main|release/.*", r"[\w.-]{1,20}", "[^/]{1,255}"] * 20)


def test_neither_are_thousands_forever():
    assert too_many(["a"] * 5000)


@pytest.mark.parametrize("pattern", ["a)(b", "(", "a{2", "(?x)a #", r"\p{Nope}", "(?=a)"])
def test_what_is_no_expression_is_said(pattern):
    assert problem_with_pattern(pattern)


texts = st.text("ab", max_size=4)


@given(texts, st.lists(st.text("ab*", max_size=4), min_size=21, max_size=40))
def test_a_long_list_allows_what_its_values_allow_one_by_one(text, allowed):
    assert is_among(text, allowed) is any(fnmatchcase(text, each) for each in allowed)
