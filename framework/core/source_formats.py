"""The formats of sources."""

READERS = {".parquet": "parquet", ".csv": "csv", ".json": "json"}
"""Spark's format by the suffix of a file or directory."""
