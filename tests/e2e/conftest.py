"""A small project with a warm engine, and the command line as its users call it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from framework.core.ops_tables import TASK_RUNS
from framework.local.engine import Engine
from framework.local.paths import LocalPaths

SHOP = Path(__file__).parent / "shop"


@dataclass(frozen=True)
class Done:
    """What the command line left."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.stdout)

    def task(self, key: str) -> dict[str, Any]:
        return next(task for task in self.json["tasks"] if task["task_key"] == key)


@dataclass(frozen=True)
class Shop:
    """A copy of the project. ``edit`` changes a file by replacing text in it."""

    root: Path
    pipeline: str = "projects/shop/pipelines/demand.yml"
    code: str = "projects/shop/src/shop/demand.py"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "framework", *arguments]

    def framework(self, *arguments: str, **environment: str) -> Done:
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=240,
            env={**os.environ, **environment},
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def edit(self, file: str, *replacements: tuple[str, str]) -> None:
        text = (self.root / file).read_text()
        for old, new in replacements:
            assert old in text, f"{old!r} is not in {file}"
            text = text.replace(old, new)
        (self.root / file).write_text(text)

    def commits(self, table: str) -> list[str]:
        return sorted(p.name for p in (self.root / ".framework/warehouse" / table / "_delta_log").glob("*.json"))

    def records(self, table: str = "task_runs") -> list[dict[str, Any]]:
        """The rows of a table of records."""
        from deltalake import DeltaTable

        rows = DeltaTable(str(self.root / ".framework/warehouse/ops_shop.db" / table)).to_pyarrow_table().to_pylist()
        return sorted(rows, key=lambda row: (row["job_run_id"], row.get("task_run_id", ""), row.get("repair")))

    def assert_each_commit_leads_to_one_record(self, *tables: str) -> None:
        """No attempt is recorded twice, and no commit to ``tables`` is of an attempt that is not recorded."""
        from deltalake import DeltaTable

        keys = [tuple(row[name] for name in TASK_RUNS.key) for row in self.records()]
        assert len(set(keys)) == len(keys)
        attempts = {(row["job_run_id"], row["task_run_id"], row["attempt"]) for row in self.records()}
        outputs = {key for row in self.records() for key in row["output_keys"]}
        for table in tables:
            history = DeltaTable(str(self.root / ".framework/warehouse" / table)).history()
            said = {each["version"]: json.loads(each.get("userMetadata") or "{}") for each in history}
            written = {version: each for version, each in said.items() if "task_run_id" in each}
            for version, each in written.items():
                assert (each["job_run_id"], each["task_run_id"], each["attempt"]) in attempts
                assert f"spark_catalog.{table.replace('.db/', '.')}@{version}" in outputs

    def reset(self) -> None:
        """The files as they were; tables, models and runs stay."""
        shutil.rmtree(self.root / "projects")
        shutil.copytree(SHOP, self.root, dirs_exist_ok=True)


def copy_of_shop(target: Path) -> Shop:
    return Shop(Path(shutil.copytree(SHOP, target)))


@pytest.fixture(scope="session")
def warm_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = copy_of_shop(tmp_path_factory.mktemp("warm") / "shop")
    # Whoever is connected keeps the engine: so each run of these tests finds it warm.
    with Engine.connect(LocalPaths(shop.root), lambda event: None):
        yield shop


@pytest.fixture
def shop(warm_shop: Shop) -> Iterator[Shop]:
    yield warm_shop
    warm_shop.reset()


@pytest.fixture
def warm_copy(tmp_path: Path) -> Iterator[Shop]:
    """A shop of the test's own, with a warm engine."""
    shop = copy_of_shop(tmp_path / "shop")
    with Engine.connect(LocalPaths(shop.root), lambda event: None):
        yield shop


@pytest.fixture
def cold_shop(tmp_path: Path) -> Callable[[], Shop]:
    return lambda: copy_of_shop(tmp_path / "shop")
