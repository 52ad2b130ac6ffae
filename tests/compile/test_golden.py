"""One folder per case: the files of a checkout, and the whole of ``bundles/`` that they compile to.

A case without projects is about the shop of the end-to-end tests. ``FRAMEWORK_UPDATE_GOLDEN=1 pytest tests/compile``
writes what is expected anew.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from framework.compile.writer import contents_of, write

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
CASES = sorted(case for case in (Path(__file__).parent / "golden").iterdir() if (case / "conf").is_dir())


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request, tmp_path, monkeypatch) -> tuple[Path, Path]:
    """A checkout, and the folder of what is expected."""
    monkeypatch.setenv("PROD_HOST", "https://secret-host.example.com")
    if not (request.param / "projects").is_dir():
        shutil.copytree(SHOP, tmp_path, ignore=shutil.ignore_patterns(".framework"), dirs_exist_ok=True)
    shutil.copytree(request.param, tmp_path, ignore=shutil.ignore_patterns("expected"), dirs_exist_ok=True)
    return tmp_path, request.param / "expected"


def test_bundles_are_what_the_golden_folder_holds(case, bundles):
    root, expected = case
    compiled = bundles(root)

    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        for bundle in compiled:
            write(bundle, expected / bundle.name / bundle.target)
    made = {f"{b.name}/{b.target}/{name}": text for b in compiled for name, text in contents_of(b).items()}
    assert made == {str(p.relative_to(expected)): p.read_bytes() for p in expected.rglob("*") if p.is_file()}


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_input_gives_the_same_bytes_in_every_process_and_place(case, seed):
    root, expected = case
    elsewhere = {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C", "PROD_HOST": "https://another.example.com"}
    command = [sys.executable, "-m", "framework", "compile"]

    done = subprocess.run(
        command, cwd=root, env={**os.environ, **elsewhere}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    made = {str(p.relative_to(root / "bundles")): p.read_bytes() for p in root.glob("bundles/**/*") if p.is_file()}
    assert made == {str(p.relative_to(expected)): p.read_bytes() for p in expected.rglob("*") if p.is_file()}
