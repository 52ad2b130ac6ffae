from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from example_demand_forecast.evaluation import evaluate
from example_demand_forecast.features import FEATURES, build_weekly_demand
from example_demand_forecast.forecaster import FORECASTS
from example_demand_forecast.training import demand_ahead, train
from framework import TaskContext, TrainedModel


class FourWeekMean:
    """The baseline as a model."""

    def predict(self, features: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(dict.fromkeys(FORECASTS, features["mean_4"]))


def trained_on(spark: SparkSession, features: pd.DataFrame) -> TrainedModel:
    return train(spark.createDataFrame(features), TaskContext())


@pytest.fixture(scope="session")
def trained(spark: SparkSession, sample_features: pd.DataFrame) -> TrainedModel:
    return trained_on(spark, sample_features)


def test_the_same_rows_in_another_order_give_the_same_predictions(
    spark: SparkSession, sample_features: pd.DataFrame, trained: TrainedModel
) -> None:
    shuffled = trained_on(spark, sample_features.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(
        shuffled.model.predict(sample_features), trained.model.predict(sample_features), check_exact=True
    )


def test_training_does_not_look_at_the_holdout(
    spark: SparkSession, sample_features: pd.DataFrame, trained: TrainedModel
) -> None:
    other = sample_features.assign(
        demand=sample_features["demand"].where(sample_features["split"] == "train", 1_000_000.0)
    )
    pd.testing.assert_frame_equal(
        trained_on(spark, other).model.predict(sample_features),
        trained.model.predict(sample_features),
        check_exact=True,
    )


def test_without_rows_to_learn_from_it_says_so(spark: SparkSession, sample_features: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="nothing to learn from"):
        trained_on(spark, sample_features[sample_features["split"] == "holdout"])


def test_forecasts_lie_ahead_of_the_row_and_end_with_the_product() -> None:
    frame = pd.DataFrame({"stock_code": list("aaaab"), "demand": [1.0, 2, 3, 4, 9]})
    ahead = demand_ahead(frame)
    assert list(ahead) == FORECASTS
    assert ahead.iloc[0].tolist() == [1, 2, 3, 4]
    assert ahead.iloc[[1, 4]].isna().sum(axis=1).tolist() == [1, 3]


def test_the_logged_model_gives_four_named_forecasts(
    tmp_path: Path, trained: TrainedModel, sample_features: pd.DataFrame
) -> None:
    example = trained.input_example
    signature = mlflow.models.infer_signature(example, trained.model.predict(example))
    mlflow.sklearn.save_model(
        trained.model,
        tmp_path / "model",
        signature=signature,
        pip_requirements=["scikit-learn"],
        serialization_format="cloudpickle",
    )
    forecast = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(sample_features.head(3))
    assert list(forecast) == FORECASTS
    np.testing.assert_array_equal(forecast, trained.model.predict(sample_features.head(3)))


def test_the_baseline_measures_as_the_baseline(spark: SparkSession, sample_features: pd.DataFrame) -> None:
    metrics = evaluate(FourWeekMean(), spark.createDataFrame(sample_features))
    for name in ("wape", "bias", "fixed_wape", "fixed_bias"):
        assert metrics[name] == metrics[f"naive_{name}"]


def test_the_model_passes_the_gate_on_the_sample(
    spark: SparkSession, sample_features: pd.DataFrame, trained: TrainedModel
) -> None:
    metrics = evaluate(trained.model, spark.createDataFrame(sample_features))
    assert metrics["wape"] < min(metrics["naive_wape"], 0.60)
    assert metrics["fixed_wape"] < metrics["naive_fixed_wape"]
    assert abs(metrics["bias"]) < 0.15


def test_the_model_beats_the_baseline_on_the_real_data(spark: SparkSession, real_sales: DataFrame) -> None:
    features = spark.createDataFrame(build_weekly_demand(real_sales, "2011-11-07").toPandas())
    metrics = evaluate(train(features, TaskContext()).model, features)
    # The baselines are those that the definition of this holdout publishes.
    assert (round(metrics["naive_wape"], 4), round(metrics["naive_fixed_wape"], 4)) == (0.5588, 0.5951)
    assert 0.50 < metrics["wape"] < 0.54
    assert 0.50 < metrics["fixed_wape"] < 0.57
    assert abs(metrics["bias"]) < 0.12


def test_the_model_reads_the_features_that_it_learned(trained: TrainedModel) -> None:
    assert list(trained.input_example.columns) == FEATURES
