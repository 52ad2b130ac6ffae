"""requirements.lock: every package by version and hash, from wherever the reader's pip looks, and never out of date."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MACHINES = [
    {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": system,
        "platform_machine": machine,
    }
    for python, system, machine in product(["3.11", "3.12"], ["linux", "darwin"], ["x86_64", "arm64"])
]


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text()


@pytest.fixture(scope="module")
def pins(lock: str) -> list[Requirement]:
    return [Requirement(line.rstrip(" \\")) for line in lock.splitlines() if re.match(r"\w", line)]


@pytest.fixture(scope="module")
def pyproject(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text())


def test_every_pin_has_hashes(lock: str) -> None:
    entries = [entry for entry in re.split(r"\n(?=\w)", lock) if not entry.startswith("#")]
    assert entries
    assert not [entry.split()[0] for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)]


def test_no_address_is_in_it(lock: str) -> None:
    assert not re.findall(r"://|--(?:extra-)?index|--find-links|--trusted-host|@ \S+", lock)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: "-".join(m.values()))
def test_every_dependency_has_one_pin_that_fits(
    machine: dict[str, str], pins: list[Requirement], pyproject: dict
) -> None:
    pinned = {canonicalize_name(pin.name): [] for pin in pins}
    for pin in pins:
        if pin.marker is None or pin.marker.evaluate(machine):
            pinned[canonicalize_name(pin.name)].append(str(pin.specifier).removeprefix("=="))

    for wanted in declared(pyproject, "build", "dev", "example"):
        versions = pinned.get(canonicalize_name(wanted.name), [])
        assert len(versions) == 1, f"{wanted}: {versions}; run `make lock`"
        assert wanted.specifier.contains(versions[0], prereleases=True), f"{wanted}, not {versions[0]}; run `make lock`"


def test_every_import_is_a_declared_dependency(root: Path, pyproject: dict) -> None:
    allowed = {canonicalize_name(requirement.name) for requirement in declared(pyproject)}
    owners = packages_distributions()
    missing = {}
    for path in root.glob("framework/**/*.py"):
        for module in third_party_imports(path):
            distributions = {canonicalize_name(name) for name in owners.get(module, [module])}
            if not distributions & allowed:
                missing[module] = str(path)
    assert not missing


def declared(pyproject: dict, *groups: str) -> list[Requirement]:
    project = pyproject["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    lists += [pyproject["dependency-groups"][group] for group in groups]
    return [Requirement(text) for texts in lists for text in texts]


def third_party_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"framework"}
