"""The demand forecast without the framework, as one would write it in a notebook: _plain_script.py ROOT SALES."""

import os
import sys
from datetime import date
from pathlib import Path

import cloudpickle

AS_OF = "2011-11-07"


def main(root: Path, sales_file: str) -> None:
    sys.path.insert(0, str(root / "projects/example_demand_forecast/src"))
    from example_demand_forecast.evaluation import evaluate
    from example_demand_forecast.features import build_weekly_demand
    from example_demand_forecast.training import train
    from framework import TaskContext

    spark = session(root)
    context = TaskContext(logical_date=date.fromisoformat(AS_OF), parameters={"as_of": AS_OF})
    for schema in ("raw", "features", "predictions"):
        spark.sql(f"create schema if not exists {schema}")
    spark.read.parquet(sales_file).write.format("delta").mode("overwrite").saveAsTable("raw.online_retail")
    features = build_weekly_demand(spark.table("raw.online_retail"), as_of=AS_OF)
    features.write.format("delta").mode("overwrite").saveAsTable("features.weekly_demand")
    features = spark.table("features.weekly_demand")

    import mlflow

    use_store(root)
    with mlflow.start_run():
        model_uri = log(train(features, context=context))
    model = mlflow.pyfunc.load_model(model_uri)
    with mlflow.start_run():
        metrics = evaluate(model, features)
        mlflow.log_metrics(metrics)
    assert metrics["wape"] <= 0.60
    version = mlflow.register_model(model_uri, "spark_catalog.models.demand_forecast")
    mlflow.MlflowClient().set_registered_model_alias(version.name, "champion", version.version)
    score(features, mlflow.pyfunc.load_model(f"models:/{version.name}@champion"), version.version)
    spark.stop()


def session(root: Path):
    from pyspark.sql import SparkSession

    from framework.local import jars, java

    found = java.find(root / "java", lambda event: None)
    os.environ["JAVA_HOME"] = str(found.home)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # Python workers import the example's model class from here.
    os.environ["PYTHONPATH"] = str(root / "projects/example_demand_forecast/src")
    return (
        SparkSession.builder.master("local[*]")
        .config("spark.driver.memory", "4g")  # as the engine on a machine with 10 GB or more
        .config("spark.jars", ",".join(str(jar) for jar in jars.resolve(found, lambda event: None)))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.warehouse.dir", str(root / "warehouse"))
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.databricks.delta.snapshotPartitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )


def use_store(root: Path) -> None:
    import mlflow

    uri = f"sqlite:///{root / '.framework' / 'mlflow' / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    artifacts = (root / ".framework" / "mlflow" / "artifacts").as_uri()
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("demand_forecast", artifacts))


def log(trained) -> str:
    import mlflow
    from mlflow.models import infer_signature

    from framework.runtime.model_logging import requirements

    mlflow.log_params(trained.params)
    mlflow.log_metrics(trained.metrics)
    prediction = trained.model.predict(trained.input_example)
    return mlflow.sklearn.log_model(
        trained.model,
        name="model",
        signature=trained.signature or infer_signature(trained.input_example, prediction),
        input_example=trained.input_example,
        serialization_format="cloudpickle",
        pip_requirements=trained.pip_requirements or requirements("sklearn", "example_demand_forecast.training:train"),
    ).model_uri


def score(features, model, version: str) -> None:
    from pyspark.sql import functions as F

    inputs = model.metadata.get_input_schema().input_names()
    outputs = model.metadata.get_output_schema().input_names()
    pickled = cloudpickle.dumps(model)

    def predict(batches):
        loaded = cloudpickle.loads(pickled)
        for batch in batches:
            forecast = loaded.predict(batch[inputs])[outputs]
            yield batch[["stock_code", "week"]].join(forecast)

    rows = features.where(F.col("week") == F.to_date(F.date_trunc("week", F.lit(AS_OF).cast("date"))))
    week_type = dict(features.dtypes)["week"]
    schema = f"stock_code string, week {week_type}, " + ", ".join(f"{name} double" for name in outputs)
    scored = rows.select("stock_code", "week", *[c for c in inputs if c not in ("stock_code", "week")])
    (
        scored.mapInPandas(predict, schema)
        .withColumn("model_version", F.lit(version))
        .withColumn("logical_date", F.lit(AS_OF).cast("date"))
        .write.format("delta")
        .mode("overwrite")
        .option("replaceWhere", f"logical_date = DATE'{AS_OF}'")
        .saveAsTable("predictions.weekly_demand")
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
