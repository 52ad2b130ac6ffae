"""What the house rules look at: the repository's own files."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def repository_files(root: Path) -> list[Path]:
    """Each file that is or could be committed, so that a rule speaks up before the commit and not after it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    paths = [root / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.fixture(scope="session")
def source_files(root: Path) -> list[Path]:
    """The Python files that users run: the framework and the projects' packages."""
    return sorted([*root.glob("framework/**/*.py"), *root.glob("projects/*/src/**/*.py")])
