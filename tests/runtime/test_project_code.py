"""Mistakes in the project's functions, each told in one clear message."""

import pytest


@pytest.fixture
def run(either, sales):
    def run(function: str, **params):
        record = either(
            "python", entrypoint=f"shop.{function}", reads={"sales": sales}, writes=either.name("t"), params=params
        )
        assert record.result == "FAILED"
        return record.error

    return run


def test_a_function_that_raises_shows_the_projects_frames_alone(run):
    error = run("features:raises")
    assert (error.type, error.message) == ("ProjectCodeError", "shop.features:raises raised KeyError: 'x'")
    assert 'return {}["x"]' in error.traceback and error.traceback.count("File ") == 1


def test_a_column_that_does_not_exist_is_named_with_the_closest(run):
    error = run("features:wrong_column")
    assert error.message == "shop.features:wrong_column asks for a column 'quantty' that does not exist"
    assert "quantity" in error.hint
    assert "features.py" in error.traceback


def test_what_a_worker_raises_is_shown_without_sparks_frames(run):
    error = run("features:fails_on_a_worker")
    assert error.message == "shop.features:fails_on_a_worker raised ValueError: cannot explode"
    assert "explode" in error.traceback and "worker.py" not in error.traceback


@pytest.mark.parametrize(
    ("function", "message", "hint"),
    [
        ("features:weeky", "shop.features has no function 'weeky'", "did you mean 'weekly'?"),
        ("featurs:weekly", "there is no module 'shop.featurs'", "did you mean 'features'?"),
        ("features:exits", "raised SystemExit: 0", ""),
        ("features:wants_more", "needs an argument 'weather'; its task gives sales", "add 'weather'"),
        (
            "features:returns_pandas",
            "returned a pandas.DataFrame; its task expects a Spark DataFrame",
            "createDataFrame",
        ),
    ],
)
def test_a_function_that_does_not_fit_its_task(attempt, sales, function, message, hint):
    record = attempt("python", entrypoint=f"shop.{function}", reads={"sales": sales}, writes=attempt.name("t"))
    assert message in record.error.message
    assert hint in record.error.hint


def test_an_argument_that_the_function_does_not_have(attempt, sales):
    record = attempt(
        "python", entrypoint="shop.features:weekly", reads={"sales": sales}, writes=attempt.name("t"),
        params={"facto": 2},
    )  # fmt: skip
    assert "has no argument 'facto', which its task gives it; it takes sales, factor" in record.error.message
    assert record.error.hint == "did you mean 'factor'?"


def test_an_empty_table_is_named_as_the_likely_cause(attempt, table):
    empty = table("empty", [], "stock_code string")
    record = attempt("python", entrypoint="shop.features:raises", reads={"sales": empty}, writes=attempt.name("t"))
    assert record.error.hint == "the table of argument 'sales' has no rows"
