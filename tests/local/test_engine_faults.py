import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framework.core.errors import LocalEngineError
from framework.local.engine import Engine
from framework.local.paths import LocalPaths
from framework.local.spark_process import death_of_jvm

pytestmark = [pytest.mark.spark, pytest.mark.timeout(300)]

RUN_CLIENT = Path(__file__).parent / "attempt_calls" / "run_client.py"


def start_run(root: Path, *arguments: str, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    command = [sys.executable, str(RUN_CLIENT), str(root), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def commits(root: Path, table: str) -> list[Path]:
    return list((LocalPaths(root).warehouse / "shop.db" / table / "_delta_log").glob("*.json"))


def writes_data(root: Path, table: str) -> bool:
    return any((LocalPaths(root).warehouse / "shop.db" / table).glob("**/*.parquet"))


def test_a_run_that_is_killed_leaves_no_process_and_no_late_write(tmp_path, eventually, processes_of):
    run = start_run(tmp_path, "write_slowly", "shop.slow")
    assert eventually(lambda: writes_data(tmp_path, "slow") or run.poll(), 120)
    assert len(processes_of(tmp_path)) >= 6, (
        "the run, its engine and guardian, the attempt, the Spark server and its JVM (and whatever that forks)"
    )

    run.kill()
    run.communicate(timeout=20)

    assert eventually(lambda: not processes_of(tmp_path), 5), processes_of(tmp_path)
    assert commits(tmp_path, "slow") == []


def test_an_engine_that_is_killed_leaves_no_process_and_the_next_one_knows_the_tables(
    tmp_path, eventually, alive, processes_of
):
    stuck, log = start_run(tmp_path, "get_stuck_with_a_child"), tmp_path / "get_stuck_with_a_child" / "stdout.log"
    assert eventually(lambda: log.exists() and log.read_text().endswith("\n"), 60)
    child = int(log.read_text())
    assert alive(child)
    run = start_run(tmp_path, "write_twice", "shop.sales", "shop.slow")
    assert eventually(lambda: writes_data(tmp_path, "slow") or run.poll(), 120)

    os.kill(int(run.stdout.readline().split()[0]), signal.SIGKILL)

    for each in (run, stuck):
        assert "LocalEngineError: the local engine has ended" in each.communicate(timeout=20)[1]
    assert eventually(lambda: not alive(child) and not processes_of(tmp_path), 5), processes_of(tmp_path)
    assert commits(tmp_path, "slow") == []
    assert start_run(tmp_path, "write", "shop.sales").communicate(timeout=120)[0].endswith("\n0\n")
    assert (tmp_path / "write" / "stdout.log").read_text() == "10\n"
    assert len(commits(tmp_path, "sales")) == 2


def test_runs_that_start_at_once_share_an_engine_which_outlives_the_first(tmp_path, eventually, processes_of):
    paths = LocalPaths(tmp_path)
    paths.create()
    paths.engine_lock.write_text("left behind by an engine that lost power")
    with ThreadPoolExecutor() as pool:
        one, other = pool.map(lambda _: Engine.connect(paths, lambda event: None), range(2))
    assert one.info == other.info

    one.close()
    third = start_run(tmp_path, "write", "shop.sales")
    printed, _ = third.communicate(timeout=120)

    assert int(printed.split()[0]) == other.info.pid
    assert printed.endswith("\n0\n")
    other.close()
    assert not [process for process in processes_of(paths.root) if "fork_server" in process]
    assert eventually(lambda: not processes_of(paths.root), 3), processes_of(paths.root)


def test_a_jvm_that_cannot_start_says_why(tmp_path, monkeypatch, eventually, processes_of):
    monkeypatch.setenv("FRAMEWORK_DRIVER_MEMORY", "lots")

    with pytest.raises(LocalEngineError) as caught:
        Engine.connect(LocalPaths(tmp_path), lambda event: None)

    assert "lots" in caught.value.hint
    assert str(LocalPaths(tmp_path).engine_log) in caught.value.hint
    assert eventually(lambda: not processes_of(tmp_path), 5)


def test_spark_runs_on_the_java_of_the_wheel_when_the_machine_has_none(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for program in Path(folder).iterdir():
            if not program.name.startswith("java") and not (programs / program.name).is_symlink():
                (programs / program.name).symlink_to(program)
    # And it prints on stdout, as a JVM may with any warning of its own.
    environment = {**os.environ, "PATH": str(programs), "JAVA_TOOL_OPTIONS": "-Xlog:gc"}
    environment.pop("JAVA_HOME", None)

    printed, errors = start_run(tmp_path / "repo", "write", "shop.sales", env=environment).communicate(timeout=200)

    assert printed.endswith("\n0\n"), errors
    assert str(tmp_path / "repo" / ".framework" / "java") in printed


def test_a_state_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / ".framework").touch()

    with pytest.raises(LocalEngineError, match=f"cannot write the local state under {tmp_path}"):
        Engine.connect(LocalPaths(tmp_path), lambda event: None)


def test_a_full_disk_is_named(tmp_path):
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", tmp_path], check=False)
    if mount.returncode:
        pytest.skip("this machine lets us mount no small disk")
    try:
        with pytest.raises(OSError, match="No space"):
            (tmp_path / "filler").write_bytes(bytes(1 << 20))
        with pytest.raises(LocalEngineError, match="No space left on device"):
            Engine.connect(LocalPaths(tmp_path), lambda event: None)
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize(
    ("code", "says", "advises"),
    [
        (-signal.SIGKILL, "most likely because the machine ran out of memory", "less than its 4g"),
        (3, "ran out of its memory of 4g", "FRAMEWORK_DRIVER_MEMORY=8g"),
        (-signal.SIGSEGV, "was ended by signal 11", ""),
        (1, "exited with code 1", ""),
    ],
)
def test_the_end_of_a_jvm_says_what_to_do(code, says, advises):
    what, hint = death_of_jvm(code, "4g")

    assert (says in what, advises in hint) == (True, True)
