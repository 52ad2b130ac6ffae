"""Reads the bundle directories that the official Databricks CLI reads, for a local run. Begin with ``load``."""
