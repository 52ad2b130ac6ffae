"""In mode development each person has schemas of their own; what they lack is read from the shared ones."""

import pytest

from framework.core.errors import FrameworkError, UsageError
from framework.runtime import arguments, plans

ANA = {"framework.dev_prefix": "ana_"}


@pytest.fixture
def copy_sales(attempt):
    """Copies a table from the person's schema, or from the shared one, into the person's own."""

    def copy(shared_tables=None):
        own = f"spark_catalog.${{dev_prefix}}{attempt.schema}"
        shared = {f"{own}.sales": attempt.name("sales")} if shared_tables is None else shared_tables
        return attempt(
            "python", entrypoint="shop.features:as_they_are", reads={"sales": f"{own}.sales"}, writes=f"{own}.copy",
            given=ANA, shared=shared,
        )  # fmt: skip

    return copy


def test_a_table_that_a_person_lacks_is_read_from_the_shared_schema_and_written_to_their_own(
    copy_sales, attempt, spark, sales
):
    record = copy_sales()

    assert record.error is None
    assert [each.table for each in record.inputs] == [sales]
    assert [each.table for each in record.outputs] == [f"spark_catalog.ana_{attempt.schema}.copy"]
    assert record.notes == (f"there is no spark_catalog.ana_{attempt.schema}.sales: the shared {sales} was read",)
    assert spark.table(f"spark_catalog.ana_{attempt.schema}.copy").count() == 3


def test_a_persons_own_table_comes_first(copy_sales, attempt, spark, sales):
    own = f"spark_catalog.ana_{attempt.schema}.sales"
    spark.sql(f"CREATE SCHEMA spark_catalog.ana_{attempt.schema}")
    spark.table(sales).limit(1).write.format("delta").saveAsTable(own)

    record = copy_sales()

    assert [each.table for each in record.inputs] == [own]
    assert record.notes == ()


def test_a_table_that_is_nowhere_is_named_with_the_shared_one(copy_sales, attempt):
    record = copy_sales()

    own = f"spark_catalog.ana_{attempt.schema}.sales"
    assert record.error.message == f"reads.sales: neither table {own} nor the shared {attempt.name('sales')} exists"


def test_only_declared_schemas_are_shared(copy_sales, attempt, sales):
    record = copy_sales(shared_tables={})

    own = f"spark_catalog.ana_{attempt.schema}.sales"
    assert record.error.message == f"reads.sales: table {own} does not exist"


def test_a_persons_plan_is_refused_when_nobody_says_whose_it_is(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text('{"schema": 1, "tasks": {"t": {"options": {"writes": "dev.${dev_prefix}features.x"}}}}')

    with pytest.raises(FrameworkError, match="for a person's own schemas, and nobody says whose"):
        plans.load_plan(plan)


@pytest.mark.parametrize("prefix", ["ana", "ana.", "a b_", "x`_", "_.", "${workspace.current_user.short_name}_"])
def test_what_begins_no_schemas_name_is_refused(prefix):
    own = ["--framework.plan=p", "--framework.task=t", "--framework.job_run_id=1", "--framework.task_run_id=2"]

    with pytest.raises(UsageError, match="is no beginning of a schema's name"):
        arguments.parse([*own, f"--framework.dev_prefix={prefix}"])
