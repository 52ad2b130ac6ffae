"""``dbutils`` as it is on Databricks, on this machine."""
