"""One row of a table is found by its values."""

import pytest

from framework.core.errors import FrameworkError, UsageError


def test_a_row_of_a_table_whose_files_are_gone_says_so(empty):
    empty.write(empty.features, {"n": [1]})
    for file in empty.directory(empty.features).glob("*.parquet"):
        file.unlink()
    with pytest.raises(FrameworkError, match="1 of its 1 files were vacuumed"):
        empty.trace("features.daily", n="1")


def test_a_number_is_found_as_it_was_shown(empty):
    empty.write(empty.features, {"x": [645.73789, 645.739, 645.7391, 1e9 / 3]})
    for shown, value in (("645.738", 645.73789), ("3.33333e+08", 1e9 / 3)):
        graph = empty.trace("features.daily", x=shown)
        assert graph.nodes[graph.root].facts["values"] == {"x": value}


def test_a_quote_in_a_value_is_text(empty):
    empty.write(empty.raw, {"name": ["it's", "x"]})
    assert empty.trace("raw.sales", name="it's").nodes
    with pytest.raises(UsageError, match="has no row"):
        empty.trace("raw.sales", name="' or 'x' = 'x")


def test_several_rows_that_were_shown_alike_are_told_apart(empty):
    empty.write(empty.features, {"x": [645.73789, 645.73801]})
    with pytest.raises(UsageError, match=r"2 rows of .* have x=645.738: x=645.73789; x=645.73801"):
        empty.trace("features.daily", x="645.738")


def test_the_row_may_be_one_of_an_earlier_version(world):
    graph = world.trace("predictions.daily@0", product="a")
    assert graph.nodes[graph.root].facts["values"]["forecast"] == 1.5


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"product": "z"}, "has no row with product=z"),
        ({"product": "a"}, "3 rows of spark_catalog.predictions.daily v2 have product=a: forecast="),
        ({"colour": "red"}, "has no column 'colour'"),
        ({"forecast": "many"}, "'many' is no double, which column 'forecast' is"),
        ({"logical_date": "07/11/2011"}, "column 'logical_date' is Such as --row logical_date=2026-01-31"),
        ({"product": "a\\"}, "cannot be searched for"),
    ],
)
def test_a_row_that_cannot_be_found_says_why(world, row, message):
    with pytest.raises(UsageError) as error:
        world.trace("predictions.daily", **row)
    assert message in f"{error.value.message} {error.value.hint}"
