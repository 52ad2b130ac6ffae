"""What a task may do to its process, and what is left of it then."""

import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.spark, pytest.mark.timeout(180)]

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="who left its family is found on Linux only")


def resident_mb(pid: int) -> float:
    listing = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(listing.stdout) / 1024


@pytest.mark.parametrize(
    ("way", "exit_code", "signal"),
    [
        ("return", 3, None),
        ("nothing", 0, None),
        ("exit", 4, None),
        ("exit well", 0, None),
        ("exit with words", 1, None),
        ("exit with a list", 1, None),
        ("raise", 1, None),
        ("at once", 7, None),
        ("at once, well", 0, None),
        ("signal", None, 9),
        ("segfault", None, 11),
        ("streams closed", 5, None),
        ("streams closed, words", 1, None),
        ("files closed", 0, None),
    ],
)
def test_an_attempt_ends_as_a_process_does(attempts, way, exit_code, signal):
    ended = attempts.run("leave", way)

    assert (ended.exit_code, ended.signal, ended.canceled) == (exit_code, signal, False)


def test_what_an_attempt_raises_is_in_its_stderr(attempts):
    assert "ZeroDivisionError" in attempts.stderr(attempts.run("leave", "raise").attempt_id)
    assert "no more" in attempts.stderr(attempts.run("leave", "exit with words").attempt_id)


def test_a_flood_on_stdout_goes_to_its_file_and_past_the_engine(attempts, engine):
    before = resident_mb(engine.info.pid)

    ended = attempts.run("flood", "100")

    log = attempts.folder / ended.attempt_id / "stdout.log"
    assert (ended.exit_code, log.stat().st_size) == (0, 100 << 20)
    assert resident_mb(engine.info.pid) < before + 20
    log.unlink()


def test_an_attempt_that_ignores_sigterm_is_canceled(attempts, engine, eventually):
    attempt_id = attempts.start("ignore_sigterm")
    assert eventually(lambda: attempts.stdout(attempt_id) == "deaf\n")

    engine.cancel(attempt_id)
    (ended,) = engine.wait(20)

    assert (ended.signal, ended.canceled) == (9, True)


@pytest.mark.parametrize("end", ["returns", "is killed", "is canceled"])
@pytest.mark.parametrize(
    "what",
    ["a child", pytest.param("a child in a session of its own", marks=LINUX), pytest.param("a daemon", marks=LINUX)],
)
def test_what_an_attempt_leaves_running_is_dead_when_its_end_is_told(attempts, engine, eventually, alive, what, end):
    attempt_id = attempts.start("leave_behind", what, end)
    assert eventually(lambda: attempts.stdout(attempt_id).endswith("\n"))
    left = int(attempts.stdout(attempt_id))
    if end == "is canceled":
        assert alive(left)
        engine.cancel(attempt_id)
    (ended,) = engine.wait(20)

    assert ended.attempt_id == attempt_id
    assert not alive(left)


@LINUX
def test_a_daemon_of_another_attempt_is_left_alone(attempts, engine, eventually, alive):
    attempt_id = attempts.start("leave_behind", "a daemon", "is canceled")
    assert eventually(lambda: attempts.stdout(attempt_id).endswith("\n"))
    attempts.run("leave", "nothing")

    assert alive(int(attempts.stdout(attempt_id)))
    engine.cancel(attempt_id)
    assert engine.wait(20)


def test_an_attempt_that_does_nothing_is_over_at_once(attempts):
    attempts.run("leave", "nothing")
    began = time.monotonic()
    for _ in range(5):
        attempts.run("leave", "nothing")

    assert (time.monotonic() - began) / 5 < 1
