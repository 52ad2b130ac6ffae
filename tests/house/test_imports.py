"""The folder list is the architecture: contracts in pyproject.toml, kept by import-linter."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

LINT = [
    sys.executable,
    "-c",
    "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))",
]


@pytest.fixture(scope="module")
def contracts(root: Path) -> list[dict]:
    return tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_every_import_keeps_the_contracts(root: Path) -> None:
    result = lint(root)
    assert result.returncode == 0, result.stdout


def test_no_contract_has_exceptions(contracts: list[dict]) -> None:
    assert not [c["name"] for c in contracts if {"ignore_imports", "exhaustive_ignores", "skip_descendants"} & c.keys()]


@pytest.mark.parametrize(
    ("place", "statement", "broken"),
    [
        ("core/words.py", "import framework.spec.loader", "Imports go downward only"),
        ("local/engine.py", "import framework.deploy", "Imports go downward only"),
        ("attic/old.py", "", "Imports go downward only"),
        ("core/words.py", "import yaml", "What a task executes"),
        ("spec/loader.py", "import framework.spec.source", "No import cycles"),
    ],
    ids=["upward", "between siblings", "a room nobody planned", "a heavy import in core", "a cycle"],
)
def test_the_contracts_catch(
    place: str, statement: str, broken: str, contracts: list[dict], root: Path, tmp_path: Path
) -> None:
    shutil.copy(root / "pyproject.toml", tmp_path)
    modules = {f"{room}/__init__.py": "" for layer in contracts[0]["layers"] for room in re.findall(r"\w+", layer)}
    modules |= {"spec/source.py": "import framework.spec.loader", "spec/loader.py": "", place: statement}
    for path, text in modules.items():
        module = tmp_path / "framework" / path
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(text)
        for package in {module.parent, tmp_path / "framework"}:
            (package / "__init__.py").touch()

    result = lint(tmp_path)

    assert result.returncode == 1
    assert any(line.startswith(broken) and line.endswith("BROKEN") for line in result.stdout.splitlines()), (
        result.stdout
    )


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        LINT, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(folder)}, check=False
    )
