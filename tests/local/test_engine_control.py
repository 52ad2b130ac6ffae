"""Start, look, stop: on engines of their own."""

import fcntl
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framework.core.errors import LocalEngineError
from framework.core.events import Note
from framework.local import engine_control, engine_lock
from framework.local.engine import Engine
from framework.local.engine_socket import dial
from framework.local.paths import LocalPaths

pytestmark = [pytest.mark.spark, pytest.mark.timeout(300)]


def silent(event: object) -> None:
    pass


def start(paths: LocalPaths, idle_seconds: float = 600) -> tuple[engine_control.EngineState, bool]:
    return engine_control.start(paths, idle_seconds, silent)


@pytest.fixture
def without_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds that only a later run would be glad of."""
    monkeypatch.setattr(engine_control, "_warm_up", lambda engine, paths: None)


def test_looking_where_nothing_runs_leaves_no_trace(tmp_path):
    paths = LocalPaths(tmp_path)

    states = [do(paths).state for do in (engine_control.look, engine_control.stop, engine_control.end)]

    assert states == ["stopped"] * 3
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("without_warm_up")
def test_two_starts_at_once_make_one_engine_which_stays_and_is_stopped(tmp_path, processes_of):
    paths = LocalPaths(tmp_path)
    paths.create()
    paths.engine_lock.write_text("left behind by an engine that lost power")
    with ThreadPoolExecutor() as pool:
        (one, one_started), (other, other_started) = pool.map(lambda _: start(paths), range(2))
    assert one.pid == other.pid
    assert {one_started, other_started} == {True, False}

    seen = engine_control.look(paths)
    assert (seen.state, seen.pid, seen.status.runs, seen.status.attempts) == ("ready", one.pid, 0, 0)
    assert 500 < seen.status.ends_in <= 600

    assert engine_control.stop(paths) == engine_control.EngineState(state="stopped", pid=one.pid)
    assert not processes_of(paths.root)


def test_a_start_keeps_the_engine_of_a_run_and_a_stop_lets_the_run_finish(tmp_path, eventually, processes_of):
    paths = LocalPaths(tmp_path)
    with Engine.connect(paths, silent) as first:
        assert start(paths)[1] is False
    assert processes_of(paths.root), "it stays after the run that started it"

    with Engine.connect(paths, silent) as second:
        assert second.info.pid == first.info.pid
        waiting = engine_control.stop(paths)
        assert (waiting.state, waiting.status.runs, waiting.status.idle_seconds) == ("ready", 1, 0)
        assert second.wait(1) == []
    assert eventually(lambda: not processes_of(paths.root), 5)


@pytest.mark.usefixtures("without_warm_up")
def test_an_engine_ends_by_itself(tmp_path, eventually, processes_of):
    paths = LocalPaths(tmp_path)
    start(paths, idle_seconds=3)
    began = time.monotonic()
    while time.monotonic() < began + 1.5:
        assert engine_control.look(paths).state == "ready", "looking must not keep it longer"

    assert eventually(lambda: not processes_of(paths.root), 5)


@pytest.mark.usefixtures("without_warm_up")
def test_an_engine_that_is_killed_or_ended_can_be_started_again_and_is_missed_by_its_run(tmp_path, processes_of):
    paths = LocalPaths(tmp_path)
    hung = start(paths)[0].pid
    hang(paths, hung)
    again, started = start(paths)
    assert started
    assert again.pid != hung

    with Engine.connect(paths, silent) as engine:
        ended = engine_control.end(paths)
        assert (ended.state, ended.pid) == ("stopped", engine.info.pid)
        with pytest.raises(LocalEngineError, match="somebody ended the local engine"):
            engine.wait(5)
    assert not processes_of(paths.root)


def hang(paths: LocalPaths, pid: int) -> None:
    """An engine that hangs is seen to, is no use, and is killed by what ends others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_control, "_ANSWER_LIMIT", 1.0)
        patch.setattr(engine_control, "_END_LIMIT", 2.0)
        os.kill(pid, signal.SIGSTOP)

        assert engine_control.look(paths).state == "silent"
        for useless in (start, engine_control.stop):
            with pytest.raises(LocalEngineError, match=f"process {pid}. does not answer") as caught:
                useless(paths)
            assert "framework local stop --force" in caught.value.hint
        assert engine_control.end(paths).pid == pid


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.usefixtures("without_warm_up")
def test_an_engine_works_on_when_there_is_no_room_for_its_log(tmp_path):
    paths = LocalPaths(tmp_path)
    paths.create()
    paths.engine_log.symlink_to("/dev/full")
    (paths.warehouse / "shop.db" / "broken" / "_delta_log").mkdir(parents=True)

    assert start(paths)[1]
    with dial(engine_lock.owner(paths).socket) as stranger:
        stranger.sendall(b'{"start": {}}\n')
        assert stranger.recv(4096)
    assert engine_control.stop(paths).state == "stopped"


def test_an_engine_that_a_run_prepares_is_not_torn_from_it(tmp_path):
    paths = LocalPaths(tmp_path)
    paths.create()
    with paths.engine_lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        engine_lock.sign(file.fileno(), os.getpid())

        assert engine_control.look(paths).state == "starting"
        assert engine_control.stop(paths).state == "starting"
        with pytest.raises(LocalEngineError, match=f"just being started by process {os.getpid()}"):
            engine_control.end(paths)


def test_who_waits_long_is_told(engine, engine_paths, monkeypatch):
    monkeypatch.setattr("framework.local.launch.QUIET", 0.2)
    heard = []
    os.kill(engine.info.pid, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        joining = pool.submit(Engine.connect, engine_paths, heard.append)
        time.sleep(1)
        os.kill(engine.info.pid, signal.SIGCONT)
        joining.result(20).close()

    assert heard == [Note("waiting for the local engine: it starts, or ends what a run that died has left")]
