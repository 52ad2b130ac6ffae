"""The command line starts without the heavy packages; bench/ has the time that it takes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"pyspark", "py4j", "delta", "mlflow", "pandas", "numpy", "pyarrow", "sklearn", "databricks.sdk"}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], *([command, "--help"] for command in ("run", "validate", "dag", "doctor", "schema"))],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(arguments: list[str], root: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "framework", *arguments]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)

    imported = set(re.findall(r"^import time:.*\| +(\S+)$", result.stderr, flags=re.MULTILINE))
    assert result.returncode == 0, result.stderr[-2000:]
    assert "framework" in imported
    assert not {module for module in imported for heavy in HEAVY if f"{module}.".startswith(f"{heavy}.")}
