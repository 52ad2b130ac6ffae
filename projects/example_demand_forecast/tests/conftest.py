"""The made-up sales and their features, shared by all tests; `spark` comes from the framework."""

from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def sample_sales(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    from example_demand_forecast.sample import online_retail

    path = tmp_path_factory.mktemp("sample") / "online_retail.parquet"
    online_retail().to_parquet(path, index=False)
    return spark.read.parquet(str(path))


@pytest.fixture(scope="session")
def sample_features(spark: SparkSession, sample_sales: DataFrame) -> pd.DataFrame:
    from example_demand_forecast.features import build_weekly_demand

    return build_weekly_demand(sample_sales, "2011-11-07").toPandas()


@pytest.fixture(scope="session")
def real_sales(spark: SparkSession) -> DataFrame:
    path = PROJECT / "data" / "online_retail.parquet"
    if not path.exists():
        pytest.skip("the real data is not here: run 'make data'")
    return spark.read.parquet(str(path))
