import fcntl
import json
import os
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from framework.core.errors import LocalEngineError
from framework.core.events import Note
from framework.local import engine_socket, launch
from framework.local.engine import Engine
from framework.local.paths import LocalPaths

pytestmark = [pytest.mark.spark, pytest.mark.timeout(180)]

RUN_CLIENT = Path(__file__).parent / "attempt_calls" / "run_client.py"


def run_client(root: Path, python: Path | str = sys.executable, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(python), str(RUN_CLIENT), str(root), "show"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_runs_with_other_temporary_directories_share_the_engine(engine, engine_paths, tmp_path_factory):
    folder = tmp_path_factory.mktemp("t")

    one = run_client(engine_paths.root, TMPDIR=str(folder), XDG_RUNTIME_DIR="")
    other = run_client(engine_paths.root, XDG_RUNTIME_DIR=str(folder))

    assert [int(run.stdout.split()[0]) for run in (one, other)] == [engine.info.pid] * 2, one.stderr + other.stderr


def test_a_run_from_another_python_environment_is_refused(engine, engine_paths, tmp_path):
    venv.create(tmp_path / "other", symlinks=True)
    (packages,) = (tmp_path / "other").glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(
        "".join(f"import site; site.addsitedir({folder!r})\n" for folder in site.getsitepackages())
    )

    run = run_client(engine_paths.root, tmp_path / "other" / "bin" / "python")

    assert f"LocalEngineError: the local engine of this checkout was started by {sys.executable}" in run.stderr
    assert engine.wait(0) == []


@pytest.mark.parametrize("written", ["", '{"pid": 4', json.dumps({"pid": 4711, "socket": "/nowhere/engine.sock"})])
def test_who_waits_for_an_engine_in_vain_is_told(tmp_path, monkeypatch, written):
    monkeypatch.setattr(launch, "START_LIMIT", 0.6)
    monkeypatch.setattr(launch, "QUIET", 0.2)
    paths = LocalPaths(tmp_path)
    paths.create()
    events = []
    with paths.engine_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(written)
        lock.flush()

        with pytest.raises(LocalEngineError, match="process 4711" if "4711" in written else "process unknown"):
            Engine.connect(paths, events.append)

    assert events == [Note("waiting for the engine that another run is starting")]


@pytest.mark.parametrize("value", ["/nowhere/at/all", "relative", __file__])
def test_a_runtime_directory_that_is_none_is_ignored(monkeypatch, tmp_path, value):
    monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert engine_socket.private_directory() == tmp_path / f"framework-{os.getuid()}"


def test_a_socket_directory_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / f"framework-{os.getuid()}"
    folder.touch()

    with pytest.raises(LocalEngineError, match=str(folder)):
        engine_socket.private_directory()
