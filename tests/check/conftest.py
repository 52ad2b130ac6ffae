"""A sound project to break, pipeline by pipeline."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.loader import load

SHOP = Path(__file__).parents[1] / "e2e" / "shop"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The directory of a project without findings."""
    root = shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework"))
    return Path(root) / "projects/shop"


@pytest.fixture
def nightly(project: Path) -> Callable[[str], ResolvedPipeline]:
    """Writes a pipeline of that name with these tasks, and resolves it."""

    def resolved(tasks: str) -> ResolvedPipeline:
        (project / "pipelines/nightly.yml").write_text(f"name: nightly\ntasks:\n{tasks}\n")
        return resolve(load(project.parents[1], "shop", "nightly", "local"))

    return resolved
