"""What the Jobs service takes at most in one job (its API reference, and docs.databricks.com/jobs)."""

MAX_TASKS = 1000
MAX_TAGS = 25
MAX_CONCURRENT_RUNS = 1000
MAX_DESCRIPTION = 27_700
"""Bytes."""
MAX_INLINE_INPUTS = 10_000
"""Characters of a loop's inputs that are written into the job."""
MAX_LOOP_CONCURRENCY = 100
