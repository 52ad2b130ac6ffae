import socket
import time
from pathlib import Path

import pytest

from framework.core.errors import LocalEngineError
from framework.local import jars, java

DELTA, STORAGE = "delta-spark_4.2_2.13-4.4.0.jar", "delta-storage-4.4.0.jar"
SETTINGS = """\
<ivysettings><settings defaultResolver="unreachable"/>
<resolvers><ibiblio name="unreachable" m2compatible="true" root="{root}"/></resolvers></ivysettings>
"""


@pytest.fixture
def some_java(tmp_path: Path) -> java.JavaHome:
    return java.find(tmp_path / "java", lambda note: None)


@pytest.fixture
def empty_cache(monkeypatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("FRAMEWORK_JARS_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "framework" / "jars"


def from_repository(root: str, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "ivysettings.xml").write_text(SETTINGS.format(root=root))
    monkeypatch.setenv("FRAMEWORK_IVY_SETTINGS", str(tmp_path / "ivysettings.xml"))


def test_a_directory_that_has_the_jars_is_used_as_it_is(some_java, monkeypatch, tmp_path):
    for name in (DELTA, STORAGE):
        (tmp_path / name).touch()
    monkeypatch.setenv("FRAMEWORK_JARS_DIR", str(tmp_path))

    assert jars.resolve(some_java, lambda note: None) == (tmp_path / DELTA, tmp_path / STORAGE)


def test_a_directory_that_lacks_one_is_named_with_the_file(some_java, monkeypatch, tmp_path):
    (tmp_path / DELTA).touch()
    monkeypatch.setenv("FRAMEWORK_JARS_DIR", str(tmp_path))

    with pytest.raises(LocalEngineError, match=f"does not have {STORAGE}") as caught:
        jars.resolve(some_java, lambda note: None)
    assert str(tmp_path) in caught.value.message


def test_cached_jars_are_not_downloaded_again(some_java, empty_cache):
    empty_cache.mkdir(parents=True)
    for name in (DELTA, STORAGE):
        (empty_cache / name).touch()
    notes = []

    assert jars.resolve(some_java, notes.append) == (empty_cache / DELTA, empty_cache / STORAGE)
    assert notes == []


def test_without_a_network_the_message_says_what_to_do(some_java, empty_cache, monkeypatch, tmp_path):
    from_repository("http://127.0.0.1:9/maven2", monkeypatch, tmp_path)
    began = time.monotonic()

    with pytest.raises(LocalEngineError, match="could not download") as caught:
        jars.resolve(some_java, lambda note: None)

    assert time.monotonic() - began < 30
    assert all(word in caught.value.hint for word in ("FRAMEWORK_JARS_DIR", DELTA, STORAGE))
    assert list(empty_cache.iterdir()) == []


def test_a_host_that_does_not_answer_is_given_up(some_java, empty_cache, monkeypatch, tmp_path):
    monkeypatch.setattr(jars, "_PATIENCE", 1.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        from_repository(f"http://127.0.0.1:{silent.getsockname()[1]}/maven2", monkeypatch, tmp_path)

        with pytest.raises(LocalEngineError, match="nothing arrived for"):
            jars.resolve(some_java, lambda note: None)


def test_a_file_that_is_not_the_published_one_is_refused(some_java, empty_cache, monkeypatch, tmp_path):
    folder = tmp_path / "maven2" / "io" / "delta" / "delta-spark_4.2_2.13" / "4.4.0"
    folder.mkdir(parents=True)
    (folder / DELTA).write_bytes(b"something else")
    (folder / DELTA.replace(".jar", ".pom")).write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>io.delta</groupId>"
        "<artifactId>delta-spark_4.2_2.13</artifactId><version>4.4.0</version></project>"
    )
    from_repository((tmp_path / "maven2").as_uri() + "/", monkeypatch, tmp_path)

    with pytest.raises(LocalEngineError, match="is not the published file"):
        jars.resolve(some_java, lambda note: None)
    assert list(empty_cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(some_java, monkeypatch, tmp_path):
    monkeypatch.delenv("FRAMEWORK_JARS_DIR", raising=False)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(LocalEngineError, match="cannot write Delta's JARs"):
        jars.resolve(some_java, lambda note: None)
