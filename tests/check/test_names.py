"""Names of tables and models that nobody makes: those that were probably misspelt, and no others."""

import pytest

from framework.check.name_checks import names_nobody_makes


@pytest.fixture
def warned(nightly):
    """What is said of a pipeline that makes and reads these tables."""

    def summaries(made, read):
        kind = "kind: python, entrypoint: 'shop.demand:daily_units'"
        make = f"  - {{task_key: make, {kind}, writes: {made}}}"
        tasks = f"{make}\n  - {{task_key: read, {kind}, reads: {{x: {read}}}}}"
        return [each.summary for each in names_nobody_makes([nightly(tasks)])]

    return summaries


@pytest.mark.parametrize(
    ("made", "read"),
    [
        ("features.weekly_demand", "features.weekly_demnd"),
        ("features.weekly_demand", "features.weekly_demadn"),
        ("features.weekly_demand", "feature.weekly_demand"),
        ("features.weekly_demand", "features.weeklydemand"),
        ("features.weekly_demand", "raw.slaes"),
    ],
)
def test_a_name_that_differs_by_a_letter_or_two_was_misspelt(made, read, warned):
    meant = made if read.startswith("feature") else "raw.sales"

    assert warned(made, read) == [f"no task and no source makes table '{read}' (did you mean '{meant}'?)"]


@pytest.mark.parametrize(
    ("made", "read"),
    [
        ("features.weekly_demand", "Features.Weekly_Demand"),
        ("features.weekly_demand", "features.daily_demand"),
        ("features.demand_eu", "features.demand_us"),
        ("features.demand_2023", "features.demand_2024"),
        ("features.demand_v1", "features.demand_v2"),
        ("features.demand", "raw.demand"),
        ("features.demand", "features.demand_by_week"),
    ],
)
def test_a_name_that_differs_by_a_word_comes_from_elsewhere(made, read, warned):
    assert warned(made, read) == []
