"""The Jobs service on this machine: the compiled jobs, run on local Spark, Delta and MLflow."""
