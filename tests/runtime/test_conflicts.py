"""Work that another writer overtook, begun again."""

import pytest
from pyspark.errors import AnalysisException

from framework.core.errors import DataError
from framework.runtime import conflicts
from framework.runtime.task import Outcome


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(conflicts.time, "sleep", lambda seconds: None)


def overtaken(times: int):
    left = [AnalysisException("io.delta.exceptions.ConcurrentAppendException: files were added")] * times

    def work() -> Outcome:
        if left:
            raise left.pop()
        return Outcome(notes=("said before",))

    return work


@pytest.mark.parametrize(
    ("times", "notes"),
    [
        (0, ("said before",)),
        (1, ("said before", "another writer was faster: read and computed again once")),
        (5, ("said before", "another writer was faster: read and computed again 5 times")),
    ],
)
def test_the_record_says_how_often_work_was_begun_again(times, notes):
    assert conflicts.retried(overtaken(times)).notes == notes


def test_a_writer_that_is_always_late_fails():
    with pytest.raises(DataError, match="other writers were faster 6 times"):
        conflicts.retried(overtaken(6))
