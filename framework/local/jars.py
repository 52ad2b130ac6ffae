"""Delta's two JARs: from a directory that the user names, from the cache, or once by Ivy from a repository."""

import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from framework.core.errors import LocalEngineError
from framework.core.events import Listener, Note
from framework.local.java import JavaHome

_DELTA = "4.4.0"
_SHA256 = {
    "delta-spark_4.2_2.13": "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead",
    "delta-storage": "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
}
FILES = {artifact: f"{artifact}-{_DELTA}.jar" for artifact in _SHA256}
_PATIENCE = 20.0
"""Seconds in which nothing arrives. Ivy has no such limit, and a firewall often just drops what we send."""


def resolve(java: JavaHome, listener: Listener) -> tuple[Path, ...]:
    """The JARs that Spark needs for Delta, downloading them into the cache the first time.

    FRAMEWORK_JARS_DIR names a directory that has them (nothing is downloaded then), FRAMEWORK_IVY_SETTINGS an Ivy
    settings file for a repository of one's own. Raises LocalEngineError when they cannot be had.
    """
    if named := os.environ.get("FRAMEWORK_JARS_DIR"):
        return _from_directory(Path(named))
    cache = cache_directory()
    missing = [artifact for artifact in FILES if not (cache / FILES[artifact]).is_file()]
    if missing:
        listener(Note(f"downloading Delta's JARs into {cache} (once)"))
        for artifact in missing:
            _download(artifact, cache, java)
    return tuple(cache / name for name in FILES.values())


def cache_directory() -> Path:
    """Where a person's JARs are kept, for all of their repositories."""
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache) / "framework" / "jars"
    home_cache = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return home_cache / "framework" / "jars"


def _from_directory(folder: Path) -> tuple[Path, ...]:
    missing = [name for name in FILES.values() if not (folder / name).is_file()]
    if missing:
        raise LocalEngineError(
            f"FRAMEWORK_JARS_DIR={folder} does not have {' and '.join(missing)}",
            hint="copy the missing file there, or unset FRAMEWORK_JARS_DIR to have it downloaded",
        )
    return tuple((folder / name).absolute() for name in FILES.values())


def _download(artifact: str, cache: Path, java: JavaHome) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # Beside the cached files, so that the last step is a rename, and two downloads at once don't meet.
        with tempfile.TemporaryDirectory(dir=cache, prefix=".download-") as scratch:
            jar = _retrieve(artifact, Path(scratch), java)
            _check(artifact, jar)
            jar.replace(cache / FILES[artifact])
    except OSError as error:
        raise LocalEngineError(
            f"cannot write Delta's JARs to {cache}: {error.strerror or error}",
            hint="free some space, or set XDG_CACHE_HOME to a writable directory",
        ) from error


def _retrieve(artifact: str, scratch: Path, java: JavaHome) -> Path:
    output = scratch / "ivy.log"
    with output.open("wb") as log:
        command = _ivy(artifact, scratch, java)
        ivy = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_while_it_loads(ivy, scratch)
        except subprocess.TimeoutExpired:
            raise _unreachable(artifact, f"nothing arrived for {_PATIENCE:.0f} s") from None
        finally:
            ivy.kill()
            ivy.wait()
    jar = scratch / FILES[artifact]
    if ivy.returncode or not jar.is_file():
        raise _unreachable(artifact, _reason(output.read_text(encoding="utf-8", errors="replace")))
    return jar


def _wait_while_it_loads(ivy: "subprocess.Popen[bytes]", scratch: Path) -> None:
    """Return when ``ivy`` has ended. Raises TimeoutExpired when what it stores in ``scratch`` no longer grows."""
    stored = -1
    while stored != (now := _bytes_below(scratch)):
        stored = now
        with suppress(subprocess.TimeoutExpired):
            ivy.wait(_PATIENCE)
            return
    raise subprocess.TimeoutExpired("ivy", _PATIENCE)


def _bytes_below(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        # Ivy removes and renames its files while we look.
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def _ivy(artifact: str, scratch: Path, java: JavaHome) -> list[str]:
    """Ivy comes with pyspark and knows the public repository by itself."""
    spec = find_spec("pyspark")
    home = Path(spec.origin).parent if spec and spec.origin else Path()
    ivy = next(iter(sorted(home.glob("jars/ivy-*.jar"))), home / "jars/ivy.jar")
    settings = os.environ.get("FRAMEWORK_IVY_SETTINGS")
    return [
        *(str(java.executable), "-jar", str(ivy)),
        *(("-settings", settings) if settings else ()),
        *("-dependency", "io.delta", artifact, _DELTA),
        *("-notransitive", "-types", "jar", "-confs", "default"),
        *("-cache", str(scratch / "ivy")),
        *("-retrieve", str(scratch / "[artifact]-[revision].[ext]")),
    ]


def _check(artifact: str, jar: Path) -> None:
    digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    if digest != _SHA256[artifact]:
        raise LocalEngineError(
            f"the downloaded {jar.name} is not the published file (sha256 {digest}, not {_SHA256[artifact]})",
            hint="ask whoever keeps your repository, or set FRAMEWORK_JARS_DIR to a directory with the right file",
        )


def _reason(output: str) -> str:
    words = ("Server access", "refused", "UnknownHost", "timed out", "not found", "Unable to", "UNRESOLVED", "rror")
    telling = [line.strip(" \t:") for line in output.splitlines() if any(word in line for word in words)]
    return telling[0] if telling else "Ivy found no such file"


def _unreachable(artifact: str, reason: str) -> LocalEngineError:
    return LocalEngineError(
        f"could not download Delta's {FILES[artifact]}: {reason}",
        hint="without a network, put " + " and ".join(FILES.values()) + " into a directory"
        " and set FRAMEWORK_JARS_DIR to it; for a repository of your own set FRAMEWORK_IVY_SETTINGS",
    )
