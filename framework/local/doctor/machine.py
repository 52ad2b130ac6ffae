"""Python, the system, disk and memory."""

import os
import platform
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from framework.core.versions import Version, dotted
from framework.local.doctor.checkup import Checkup, Purpose, State
from framework.local.doctor.commands import output

_OLDEST, _NEWEST = (3, 11), (3, 12)
_SYSTEMS = {"linux": "Linux", "darwin": "macOS"}
_GB = 1024**3
_LITTLE_DISK, _NO_DISK = 5 * _GB, 1 * _GB
_LITTLE_MEMORY, _NO_MEMORY = 2 * _GB, _GB // 2
_UNITS = {"k": 1, "m": 2, "g": 3, "t": 4}
"""The power of 1024 that each stands for."""
_CGROUP = Path("/sys/fs/cgroup")


def python(running: Version = sys.version_info[:3]) -> Checkup:
    """The Python that runs this."""
    found = f"{dotted(running)} at {sys.executable}"
    if _OLDEST <= running[:2] <= _NEWEST:
        return Checkup("python", Purpose.RUN, State.OK, found)
    state = State.PROBLEM if running[:2] < _OLDEST else State.WARNING
    return Checkup("python", Purpose.RUN, state, found, "Use Python 3.11 or 3.12: these are tested.")


def system(name: str = sys.platform) -> Checkup:
    """Linux and macOS have what the engine is made of."""
    found = f"{_SYSTEMS.get(name, name)} {platform.release()} on {platform.machine()}"
    if name in _SYSTEMS:
        return Checkup("system", Purpose.RUN, State.OK, found)
    return Checkup("system", Purpose.RUN, State.PROBLEM, found, "Use Linux or macOS; on Windows, WSL is a Linux.")


def disk(root: Path) -> Checkup:
    """Room for tables, models and logs, and the right to write them."""
    free = shutil.disk_usage(root).free
    found = f"{free / _GB:.1f} GB free for {root}"
    if not os.access(root, os.W_OK):
        found, advice = f"{root} is not writable", f"Make it yours, or work elsewhere: ls -ld {root}"
        return Checkup("disk", Purpose.RUN, State.PROBLEM, found, advice)
    if free >= _LITTLE_DISK:
        return Checkup("disk", Purpose.RUN, State.OK, found)
    state = State.WARNING if free >= _NO_DISK else State.PROBLEM
    return Checkup(
        "disk", Purpose.RUN, state, found, "Make room. Deleting .framework/ removes all local tables and runs."
    )


def memory(available: int | None = None) -> Checkup:
    """Memory that is free or can be freed, in bytes; left out, this machine's."""
    free = _available() if available is None else available
    if free is None:
        return Checkup("memory", Purpose.RUN, State.OK, "not told by this system")
    found = f"{free / _GB:.1f} GB available"
    if wrong := _unfit(os.environ.get("FRAMEWORK_DRIVER_MEMORY", ""), free):
        advice = "Give Spark less, such as FRAMEWORK_DRIVER_MEMORY=2g, or unset it."
        state = State.WARNING if free >= _NO_MEMORY else State.PROBLEM
        return Checkup("memory", Purpose.RUN, state, f"{found}; FRAMEWORK_DRIVER_MEMORY={wrong}", advice)
    if free >= _LITTLE_MEMORY:
        return Checkup("memory", Purpose.RUN, State.OK, found)
    advice = "Close something, or give Spark less: FRAMEWORK_DRIVER_MEMORY=1g framework run --jobs 1"
    return Checkup("memory", Purpose.RUN, State.WARNING if free >= _NO_MEMORY else State.PROBLEM, found, advice)


def _unfit(setting: str, free: int) -> str:
    """What is wrong with the memory that Spark is told to take, written as Java's -Xmx takes it."""
    number, unit = setting[:-1], setting[-1:].lower()
    if setting and not (number.isdecimal() and number.isascii() and unit in _UNITS):
        return f"{setting} is no amount of memory"
    return f"{setting} is more than that" if setting and int(number[:9]) * 1024 ** _UNITS[unit] > free else ""


def _available() -> int | None:
    if sys.platform == "darwin":
        return _of_macos(output(["vm_stat"]) or "")
    machine = _of_linux(_read(Path("/proc/meminfo")))
    container = _of_container()
    return min((value for value in (machine, container) if value is not None), default=None)


def _of_linux(meminfo: str) -> int | None:
    lines = (line.split() for line in meminfo.splitlines() if line.startswith("MemAvailable:"))
    return next((int(words[1]) * 1024 for words in lines), None)


def _of_container() -> int | None:
    """What is left of the limit that a container has."""
    limit, used = (_read(_CGROUP / name).strip() for name in ("memory.max", "memory.current"))
    return int(limit) - int(used) if limit.isdigit() and used.isdigit() else None


def _of_macos(vm_stat: str) -> int | None:
    """Pages that are free, or would be at once."""
    counts = dict(line.split(":", 1) for line in vm_stat.splitlines()[1:] if ":" in line)
    names = ("Pages free", "Pages inactive", "Pages speculative")
    pages = [int(counts[name].strip(" .")) for name in names if name in counts]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") if pages else None


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8")
    return ""
