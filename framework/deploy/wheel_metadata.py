"""The files by which an installer knows a wheel: METADATA, WHEEL, entry_points.txt and RECORD."""

import base64
import hashlib
from collections.abc import Iterator, Mapping

from packaging.requirements import Requirement

from framework.spec.python_project import PythonProject

_WHEEL = "Wheel-Version: 1.0\nGenerator: framework\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def dist_info(package: PythonProject) -> dict[str, bytes]:
    """Each file by its name, but RECORD."""
    files = {"METADATA": "".join(f"{line}\n" for line in _metadata(package)), "WHEEL": _WHEEL}
    if package.entry_points:
        files["entry_points.txt"] = "\n".join(_entry_points(package.entry_points))
    return {name: text.encode() for name, text in files.items()}


def record(files: Mapping[str, bytes], name: str) -> bytes:
    """RECORD, whose path is ``name``: each file of the wheel with its hash and its size in bytes."""
    lines = (f"{_csv(path)},sha256={_digest(content)},{len(content)}\n" for path, content in sorted(files.items()))
    return ("".join(lines) + f"{name},,\n").encode()


def _metadata(package: PythonProject) -> Iterator[str]:
    yield from ("Metadata-Version: 2.1", f"Name: {package.name}", f"Version: {package.version}")
    if package.summary:
        yield f"Summary: {package.summary}"
    if package.requires_python:
        yield f"Requires-Python: {package.requires_python}"
    yield from (f"Requires-Dist: {each}" for each in package.dependencies)
    for extra, dependencies in sorted(package.optional_dependencies.items()):
        yield f"Provides-Extra: {extra}"
        yield from (f"Requires-Dist: {_of_extra(each, extra)}" for each in dependencies)


def _of_extra(dependency: str, extra: str) -> str:
    marker = Requirement(dependency).marker
    condition = f'({marker}) and extra == "{extra}"' if marker else f'extra == "{extra}"'
    return f"{dependency.partition(';')[0].strip()} ; {condition}"


def _entry_points(groups: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for group, entries in sorted(groups.items()):
        yield from (f"[{group}]", *(f"{name} = {target}" for name, target in sorted(entries.items())), "")


def _csv(path: str) -> str:
    if '"' in path or "," in path:
        escaped = path.replace('"', '""')
        return f'"{escaped}"'
    return path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
