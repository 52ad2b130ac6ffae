"""Runs the runtime's tests with the older Spark versions that clusters have; ``make test-matrix`` calls it.

Usage: python tests/runtime/run_matrix.py [SPARK…]    such as: python tests/runtime/run_matrix.py 3.5
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DELTA = {"3.5": "3.3", "4.0": "4.0"}
# pyspark 3.5 still imports distutils, which newer Pythons have from setuptools alone.
PACKAGES = ("mlflow>=3.5,<4", "pandas>=2.2,<3", "pyarrow", "setuptools<81", "pytest", "pytest-timeout", "hypothesis")


def main(versions: list[str]) -> int:
    """The exit code: 0 when the tests pass with each version."""
    if unknown := [version for version in versions if version not in DELTA]:
        print(f"Error: no Delta version is known for pyspark {unknown[0]}; known are {', '.join(DELTA)}")
        return 2
    return max(run_tests(version) for version in versions or DELTA)


def run_tests(spark: str) -> int:
    venv = ROOT / ".matrix" / spark
    if not (venv / "complete").is_file():
        make_venv(venv, spark)
    print(f"== pyspark {spark}", flush=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [venv / "bin" / "python", "-m", "pytest", "tests/runtime", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def make_venv(venv: Path, spark: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pins = [f"pyspark=={spark}.*", f"delta-spark=={DELTA[spark]}.*"]
    subprocess.run([venv / "bin" / "pip", "install", "-q", *pins, *PACKAGES], check=True)
    (venv / "complete").touch()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
