"""Executes the jobs of a fake workspace on this machine's Spark, as a local run does: ``FakeWorkspace(run_job=…)``."""

from framework.testing.local_jobs.checkout import sources_of
from framework.testing.local_jobs.runner import LocalJobs

__all__ = ["LocalJobs", "sources_of"]
