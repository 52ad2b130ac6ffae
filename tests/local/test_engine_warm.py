"""An engine that several runs share: what a dead one leaves, and what a mad one says, is no concern of the others."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.local import engine_control, engine_lock
from framework.local.engine import Engine
from framework.local.engine_socket import dial
from framework.local.paths import LocalPaths

pytestmark = [pytest.mark.spark, pytest.mark.timeout(180)]

RUN_CLIENT = Path(__file__).parent / "attempt_calls" / "run_client.py"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_who_comes_after_a_run_that_died_finds_nothing_of_it_at_work(
    engine: Engine, engine_paths: LocalPaths, eventually: Callable[..., bool], alive: Callable[[int], bool], how: int
):
    table = f"left_by_{how:d}"
    folder = engine_paths.warehouse / "shop.db" / table
    run = subprocess.Popen([sys.executable, str(RUN_CLIENT), str(engine_paths.root), "write_slowly", f"shop.{table}"])
    assert eventually(lambda: any(folder.glob("**/*.parquet")), 60)
    run.send_signal(how)
    run.wait()

    with Engine.connect(engine_paths, lambda event: None) as next_run:
        at_work = engine_control.look(engine_paths).status.attempts
        attempt = int((engine_paths.root / "write_slowly" / "stdout.log").read_text().split()[-1])
        assert (next_run.info.pid, at_work, alive(attempt)) == (engine.info.pid, 0, False)
    time.sleep(5)
    assert not list(folder.glob("_delta_log/*.json")), "the write of a run that is gone was committed later"


@pytest.mark.parametrize(
    "words",
    [
        b"\x00\xff\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"[1]\n",
        b"{}\n",
        b'{"start": {}}\n',
        b'{"start": 1, "environment": 2}\n',
        b'{"keep": "for long"}\n',
        b'{"keep": 5',
        b"x" * (1 << 25),
    ],
    ids=lambda words: repr(words[:24]),
)
def test_an_engine_survives_what_no_run_would_say(attempts, engine_paths: LocalPaths, words: bytes):
    with dial(engine_lock.owner(engine_paths).socket) as stranger:
        try:
            stranger.sendall(words)
        except ConnectionError:
            assert len(words) > 1 << 24

    assert attempts.run("leave", "nothing").exit_code == 0


def test_a_visit_neither_keeps_the_engine_nor_counts_as_a_run(engine: Engine, engine_paths: LocalPaths):
    state = engine_control.look(engine_paths)

    assert (state.state, state.pid, state.status.runs) == ("ready", engine.info.pid, 1)
    assert state.status.ends_in is None
    assert state.memory_mb > 200


def test_an_engine_of_another_environment_is_seen_but_not_used(
    engine: Engine, engine_paths: LocalPaths, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "prefix", "/elsewhere")

    assert engine_control.look(engine_paths).state == "ready"
    with pytest.raises(engine_control.LocalEngineError, match=f"was started by {sys.executable}"):
        engine_control.start(engine_paths, 60, lambda event: None)


def test_a_run_that_says_something_unknown_is_told(engine_paths: LocalPaths):
    with dial(engine_lock.owner(engine_paths).socket) as stranger:
        stranger.sendall(b'{"start": {"colour": "red"}, "environment": {}}\n')
        heard = b""
        while b"failed" not in heard:
            heard += stranger.recv(4096)

    assert "does not understand" in json.loads(heard.splitlines()[-1])["failed"]
