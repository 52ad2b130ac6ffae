"""The bundle of a pipeline, as files."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from framework.check.pipeline import check
from framework.compile.jobs import bundle_of
from framework.compile.writer import files_of, write
from framework.core.errors import InvalidProject
from framework.resolve.pipeline import resolve
from framework.spec.loader import load

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
GOLDEN = Path(__file__).parent / "golden" / "shop"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))


def compiled(root: Path):
    return bundle_of(check(resolve(load(root, "shop", "demand", "local"))))


def add_to_first_task(root: Path, text: str) -> None:
    file = root / "projects/shop/pipelines/demand.yml"
    file.write_text(file.read_text().replace("    primary_keys:", f"    {text}\n    primary_keys:"))


def test_the_bundle_is_what_the_golden_folder_holds(shop):
    files = files_of(compiled(shop))

    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        write(compiled(shop), GOLDEN)
    assert files == {str(p.relative_to(GOLDEN)): p.read_text() for p in GOLDEN.rglob("*") if p.is_file()}


def test_the_same_input_gives_the_same_bytes(shop):
    assert files_of(compiled(shop)) == files_of(compiled(shop))


def test_native_fields_are_merged_last(shop):
    add_to_first_task(shop, "databricks: {disable_auto_optimization: true, max_retries: 2}")

    job = yaml.safe_load(files_of(compiled(shop))["resources/demand.job.yml"])["resources"]["jobs"]["demand"]

    assert job["tasks"][0]["disable_auto_optimization"] is True
    assert job["tasks"][0]["max_retries"] == 2


def test_a_native_field_that_the_jobs_service_does_not_know_points_at_its_line(shop):
    add_to_first_task(shop, "databricks: {max_retrys: 2}")

    with pytest.raises(InvalidProject) as raised:
        compiled(shop)

    (finding,) = raised.value.found
    assert "Unexpected field 'max_retrys' for class Task" in finding.summary
    assert str(finding.location) == "projects/shop/pipelines/demand.yml:13:17"


def test_writing_replaces_the_directory_as_a_whole(shop, tmp_path):
    target = tmp_path / "bundle"
    (target / "resources").mkdir(parents=True)
    (target / "resources" / "stale.job.yml").write_text("stale")

    write(compiled(shop), target)

    assert sorted(p.name for p in target.rglob("*") if p.is_file()) == ["demand.job.yml", "demand.json"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
