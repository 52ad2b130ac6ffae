"""Databricks notebooks: read as a whole first, then executed cell by cell."""
