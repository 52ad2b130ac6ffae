"""The rules of a gate, without Spark or MLflow."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from pyspark.errors import AnalysisException

from framework.core.errors import DataError
from framework.runtime import gates, plain_values, registry, rivals, scoring, spark_errors
from framework.runtime.gates import Rival, judge
from framework.runtime.kinds import KINDS
from framework.runtime.kinds.options import Beats, ReplaceWhere, Threshold
from framework.runtime.predicates import literal, slice_predicate

NAN = float("nan")


@pytest.mark.parametrize(
    ("wape", "bounds", "reasons"),
    [
        (0.6, Threshold(max=0.6), ("wape 0.6 is at most 0.6",)),
        (0.1, Threshold(min=0, max=0.6), ("wape 0.1 is at least 0 and at most 0.6",)),
        (0.71, Threshold(max=0.6), ("wape 0.71 is above 0.6",)),
        (0.60000001, Threshold(max=0.6), ("wape 0.60000001 is above 0.6",)),
        (-0.5, Threshold(min=-0.35, max=0.35), ("wape -0.5 is below -0.35",)),
        (NAN, Threshold(max=0.6), ("wape is not a number",)),
    ],
)
def test_thresholds_are_inclusive_and_nan_fails(wape, bounds, reasons):
    verdict = judge({"wape": wape}, {"wape": bounds}, None, "wape", True)
    assert verdict.reasons == reasons
    assert verdict.passed == (" at " in reasons[0])


def test_a_metric_that_was_not_returned_is_named():
    with pytest.raises(DataError, match="needs metric 'wape', which the function did not return; it returned mae"):
        judge({"mae": 1.0}, {"wape": Threshold(max=1)}, None, "wape", True)


def test_a_rival_that_cannot_be_measured_counts_as_beaten():
    for rival in (Rival("champion v1", None, "no column x"), Rival("champion v1", {"wape": NAN})):
        verdict = judge({"wape": 0.5}, {}, rival, "wape", True)
        assert verdict.passed and "counts as beaten" in verdict.reasons[0]


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(numbers, numbers)
def test_the_better_one_wins_and_ties_pass(ours, theirs):
    rival = Rival("champion v1", {"m": theirs})
    assert judge({"m": ours}, {}, rival, "m", True).passed == (ours <= theirs)
    assert judge({"m": ours}, {}, rival, "m", False).passed == (ours >= theirs)
    verdict = judge({"m": ours}, {}, rival, "m", True)
    assert gates.from_json(gates.to_json(verdict)) == verdict


def test_options_come_back_from_a_plan_as_their_dataclasses():
    evaluate = plain_values.load(
        KINDS["evaluate"],
        {
            "entrypoint": "a:b",
            "model_from": "t",
            "thresholds": {"m": {"max": 1.0, "min": None}},
            "beats": {"alias": "x"},
        },
    )
    assert evaluate.thresholds == {"m": Threshold(max=1.0)} and evaluate.beats == Beats(alias="x")
    several = plain_values.load(
        KINDS["python"], {"entrypoint": "a:b", "writes": {"x": "c.s.t"}, "write_mode": {"replace_where": ["d"]}}
    )
    assert several.writes == {"x": "c.s.t"} and several.write_mode == ReplaceWhere(replace_where=["d"])


def test_a_plan_of_another_version_is_refused():
    with pytest.raises(Exception, match="Train and its fields entrypoint, experiment, modle"):
        plain_values.load(KINDS["train"], {"modle": 1})


def test_literals_are_escaped():
    assert literal("it's \\ a") == "'it\\'s \\\\ a'"
    assert slice_predicate(["a`b"], None, {"a`b": None}) == "`a``b` <=> null"
    with pytest.raises(DataError):
        literal([1])


def test_a_big_model_is_named_and_a_too_big_one_refused():
    assert scoring.check_size("m/1", 50 * scoring.MIB, scoring.CONNECT_LIMIT) == ()
    assert "m/1 is 101 MiB" in scoring.check_size("m/1", 101 * scoring.MIB, scoring.CONNECT_LIMIT)[0]
    with pytest.raises(DataError, match="the workers take less than 127 MiB"):
        scoring.check_size("m/1", 127 * scoring.MIB, scoring.CONNECT_LIMIT)


def test_a_threshold_without_bounds_is_a_finding():
    gate = KINDS["evaluate"](entrypoint="a:b", model_from="t", thresholds={"wape": Threshold()})
    (problem,) = gate.problems()
    assert problem.field == "thresholds" and "'wape' has neither min nor max" in problem.summary


def test_tags_of_a_version_fit_unity_catalog():
    tags = registry.unity_tags({"framework.job_run_id": "7", "cost-center: a/b": " x" * 1000})
    assert tags["framework_job_run_id"] == "7"
    assert len(tags["cost_center__a_b"]) <= 256 and not tags["cost_center__a_b"].startswith(" ")


@pytest.mark.parametrize(
    ("cause", "outage"),
    [
        (MlflowException("Failed to enforce schema of data ' x' with schema '[z]'. Error: no z"), False),
        (MlflowException("API request failed: 503"), True),
        (ConnectionError("refused"), True),
        (ValueError("shapes differ"), False),
        (AnalysisException("A column with name `z` cannot be resolved"), False),
        (AnalysisException("[CANNOT_READ_FILE] gone"), True),
    ],
)
def test_an_outage_is_told_from_a_model_that_is_out_of_date(cause, outage):
    assert rivals.is_outage(cause) == outage


def test_only_code_that_is_gone_makes_a_model_unusable():
    wrapped = MlflowException("a dependency is missing")
    wrapped.__cause__ = ModuleNotFoundError("shop.old")
    assert rivals.is_unusable(wrapped) and rivals.is_unusable(pickle.UnpicklingError())
    assert not rivals.is_unusable(MlflowException("503")) and not rivals.is_unusable(OSError())


@pytest.mark.parametrize(
    "text", ["[DELTA_PROTOCOL_CHANGED] x", "[DELTA_METADATA_CHANGED] x", "io.delta.ProtocolChangedException: x"]
)
def test_a_table_changed_by_another_writer_is_a_conflict(text):
    assert spark_errors.is_conflict(AnalysisException(text))
