"""A fake Databricks workspace over real HTTP, to test deploys without an account."""

from framework.testing.fake_workspace.exchange import Json, Refused
from framework.testing.fake_workspace.faults import Fault, Faults
from framework.testing.fake_workspace.job_runner import Report, RunJob, StartedRun, succeed
from framework.testing.fake_workspace.server import LoggedRequest
from framework.testing.fake_workspace.state import State
from framework.testing.fake_workspace.workspace import ADMIN, FakeWorkspace

__all__ = [
    "ADMIN",
    "FakeWorkspace",
    "Fault",
    "Faults",
    "Json",
    "LoggedRequest",
    "Refused",
    "Report",
    "RunJob",
    "StartedRun",
    "State",
    "succeed",
]
