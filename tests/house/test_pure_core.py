"""The rooms that are installed on clusters import in a bare interpreter: the standard library and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

IMPORT_ALL = """
import importlib, sys
root, *modules = sys.argv[1:]
sys.path.insert(0, root)
for module in modules:
    importlib.import_module(module)
"""


@pytest.mark.parametrize("room", ["core", "statistics", "runtime"])
def test_a_room_imports_without_any_package(room: str, root: Path) -> None:
    modules = [module_name(path, root) for path in sorted(root.glob(f"framework/{room}/**/*.py"))]
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(root), *modules]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert modules
    assert result.returncode == 0, result.stderr


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
