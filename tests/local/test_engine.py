import json
import time
import uuid
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.spark, pytest.mark.timeout(180)]


def commits(paths, table: str) -> list[str]:
    return [file.name for file in (paths.warehouse / "shop.db" / table / "_delta_log").glob("*.json")]


def data_files(paths, table: str) -> list[Path]:
    return list((paths.warehouse / "shop.db" / table).glob("**/*.parquet"))


def test_an_attempt_gets_its_arguments_environment_and_directory(attempts, tmp_path):
    ended = attempts.run("show", "--a=b", env={"GREETING": "good day"})

    assert (ended.exit_code, ended.signal, ended.canceled) == (0, None, False)
    shown = json.loads(attempts.stdout(ended.attempt_id))
    assert shown == {"argv": ["--a=b"], "cwd": str(tmp_path), "outbox": str(tmp_path / ended.attempt_id)}
    assert attempts.stderr(ended.attempt_id) == "good day\n"


def test_an_attempt_reads_and_writes_delta_tables(attempts, engine_paths):
    first, second = attempts.run("write", "shop.sales"), attempts.run("write", "spark_catalog.shop.sales")

    assert [attempts.stdout(ended.attempt_id) for ended in (first, second)] == ["5\n", "10\n"]
    assert len(commits(engine_paths, "sales")) == 2


def test_attempts_run_side_by_side(attempts, engine, tmp_path):
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    started = {attempts.start("wait_for", one, other), attempts.start("wait_for", other, one)}

    ended = engine.wait(20)
    while len(ended) < 2:
        ended += engine.wait(20)
    assert {e.attempt_id for e in ended} == started


def test_nothing_ends_when_nothing_runs(engine):
    assert engine.wait(0) == []


def test_a_canceled_attempt_does_not_commit_later(attempts, engine, engine_paths, eventually):
    attempt_id = attempts.start("write_slowly", "shop.canceled")
    assert eventually(lambda: data_files(engine_paths, "canceled"))

    engine.cancel(attempt_id)
    (ended,) = engine.wait(20)

    assert (ended.attempt_id, ended.signal, ended.canceled) == (attempt_id, 9, True)
    time.sleep(5)
    assert commits(engine_paths, "canceled") == []


def test_an_attempt_that_dies_does_not_commit_later(attempts, engine_paths):
    ended = attempts.run("write_slowly", "shop.died", "die")

    assert ended.signal == 14
    time.sleep(5)
    assert commits(engine_paths, "died") == []


def test_a_canceled_attempt_may_be_canceled_again(attempts, engine, tmp_path):
    attempt_id = attempts.start("wait_for", str(tmp_path / "mine"), str(tmp_path / "never"))
    engine.cancel(attempt_id)
    engine.cancel(attempt_id)

    (ended,) = engine.wait(20)
    engine.cancel(attempt_id)
    assert ended.canceled


@pytest.fixture
def shipped(tmp_path):
    """A module for Spark's workers."""
    # Spark keeps such files by name.
    file = tmp_path / f"shipped-{uuid.uuid4().hex}.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("shipped.py", "def double(x):\n    return 2 * x\n")
    return str(file)


def test_py_files_are_importable_in_spark_workers(attempts, shipped):
    ended = attempts.run("map_in_workers", py_files=(shipped,))

    assert attempts.stdout(ended.attempt_id) == "[0, 2, 4]\n"


@pytest.mark.parametrize("end", ["returns", "stops", "is killed"])
def test_py_files_of_an_attempt_that_ran_no_job_are_not_asked_for_by_those_after_it(attempts, shipped, end):
    attempts.run("open_session", end, py_files=(shipped,))

    ended = attempts.run("map_in_workers", py_files=(shipped,))

    assert attempts.stdout(ended.attempt_id) == "[0, 2, 4]\n"


def test_values_beside_the_text_of_a_statement_are_bound(attempts):
    ended = attempts.run("ask_with_values", "x")

    assert attempts.stdout(ended.attempt_id) == "[\"it's ?\", 3, 'x', ':n']\n"


def test_mlflow_keeps_runs_and_artifacts_in_the_local_state_and_says_nothing(attempts, engine_paths, tmp_path):
    ended = attempts.run("log_to_mlflow", "demand")

    assert attempts.stdout(ended.attempt_id).startswith(engine_paths.artifacts.as_uri())
    assert list(engine_paths.artifacts.glob("**/note.txt"))
    assert [entry.name for entry in tmp_path.iterdir()] == [ended.attempt_id]
    assert "INFO mlflow.store" not in attempts.stderr(ended.attempt_id)


def test_two_attempts_draw_different_random_numbers(attempts):
    one, other = (attempts.stdout(attempts.run("draw").attempt_id).split() for _ in range(2))

    assert not set(one) & set(other)


def test_a_session_of_ones_own(engine):
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.remote(engine.remote_url(str(uuid.uuid4()))).create()
    try:
        assert spark.range(3).count() == 3
        assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    finally:
        spark.stop()


def test_the_local_state_is_ignored_by_git(engine, engine_paths):
    assert (engine_paths.state / ".gitignore").read_text() == "*\n"
