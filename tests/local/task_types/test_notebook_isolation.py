"""What a called notebook has to itself, and gives back."""

import sys
import threading
import time
from pathlib import Path

import pytest

from framework.local.task_types import isolation
from framework.local.task_types.isolation import time_limit as limited


def test_a_folder_a_path_and_a_main_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    path, main = list(sys.path), sys.modules["__main__"]

    with isolation.as_main(tmp_path / "nb.py", Path("/root_of_bundle")) as own:
        inside = Path.cwd(), sys.path[:2], sys.modules["__main__"] is own

    assert inside == (tmp_path, [str(tmp_path), "/root_of_bundle"], True)
    assert (Path.cwd(), sys.path, sys.modules["__main__"]) == (Path("/"), path, main)


def test_a_limit_ends_the_block():
    with pytest.raises(TimeoutError, match=r"the notebook slow did not end within 0\.1 s"), limited(0.1, "slow"):
        time.sleep(5)


@pytest.mark.parametrize("inner", [60, 0.05])
def test_a_limit_further_out_holds_and_is_not_caught_further_in(inner):
    def called():
        try:
            with limited(inner, "inner"):
                time.sleep(0.01)
            time.sleep(5)
        except Exception as error:
            raise AssertionError("caught further in") from error

    with pytest.raises(TimeoutError, match=r"the notebook outer did not end within 0\.2 s"), limited(0.2, "outer"):
        called()


def test_a_limit_further_in_that_comes_first():
    with limited(60, "outer"), pytest.raises(TimeoutError, match="inner"), limited(0.05, "inner"):
        time.sleep(5)


def test_in_another_thread_there_is_no_limit_and_the_log_says_so(caplog):
    def work():
        with limited(0.01, "slow"):
            time.sleep(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert caplog.messages == ["slow: no time limit of 0.01 s, since it was not called in the main thread"]
