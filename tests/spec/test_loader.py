"""Which files are read, and what is said about names that are not there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.core.errors import FrameworkError, InvalidProject, UsageError
from framework.spec.loader import find_root, load, pipeline_names, project_names
from framework.spec.target_spec import known_targets, read_target

VALID = Path(__file__).parent / "golden" / "_valid"
PIPELINE = "projects/shop/pipelines/daily.yml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(VALID, tmp_path / "checkout"))


def add_project(root: Path, name: str) -> None:
    text = (root / "projects/shop/project.yml").read_text().replace("name: shop", f"name: {name}")
    shutil.copytree(root / "projects/shop", root / "projects" / name)
    (root / "projects" / name / "project.yml").write_text(text)


def test_the_root_is_the_nearest_directory_with_projects(root: Path, tmp_path: Path) -> None:
    assert find_root(root / "projects/shop/pipelines") == root.resolve()
    with pytest.raises(UsageError, match="no projects/"):
        find_root(tmp_path)


def test_names_may_be_left_out_when_there_is_one_of_each(root: Path) -> None:
    source = load(root, None, None, "local")
    assert (source.project.name, source.pipeline.name, source.target.name) == ("shop", "daily", "local")
    assert source.project.package == "shop"
    assert source.pipeline.parameters == {"as_of": "2024-01-31", "weeks": 4}
    assert source.pipeline.document.file == PIPELINE


def test_of_several_projects_it_is_the_one_around_the_working_directory(root: Path) -> None:
    add_project(root, "store")
    assert project_names(root) == ("shop", "store")
    assert load(root, None, None, "local", start=root / "projects/store").project.name == "store"
    with pytest.raises(UsageError, match="which project\\? There are: shop, store"):
        load(root, None, None, "local", start=root)


def test_of_several_pipelines_one_must_be_named(root: Path) -> None:
    weekly = (root / PIPELINE).read_text().replace("name: daily", "name: weekly")
    (root / "projects/shop/pipelines/weekly.yaml").write_text(weekly)
    assert pipeline_names(root, "shop") == ("daily", "weekly")
    assert load(root, "shop", "weekly", "local").pipeline.name == "weekly"
    with pytest.raises(UsageError, match="which pipeline"):
        load(root, "shop", None, "local")


@pytest.mark.parametrize(
    ("project", "pipeline", "target", "message"),
    [
        ("shp", "daily", "dev", "no project 'shp' in projects/ (did you mean 'shop'?)"),
        ("../shop", "daily", "dev", "no project '../shop' in projects/ (did you mean 'shop'?)"),
        ("shop", "dayly", "dev", "no pipeline 'dayly' in projects/shop/pipelines/ (did you mean 'daily'?)"),
        ("shop", "daily", "dve", "no target 'dve' (did you mean 'dev'?)"),
        ("shop", "daily", "base", "no target 'base'"),
        ("shop", "\x1b[2J", "dev", "no pipeline '\\x1b[2J' in projects/shop/pipelines/"),
    ],
)
def test_an_unknown_name_is_a_usage_error(root: Path, project: str, pipeline: str, target: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(root, project, pipeline, target)
    assert raised.value.message == message
    assert raised.value.hint.startswith("There are: ")


def test_a_checkout_without_projects_says_so(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    with pytest.raises(UsageError, match="projects/ has no project"):
        load(tmp_path, None, None, "local")


@pytest.mark.parametrize("name", [PIPELINE, "projects/shop/project.yml", "conf/dev.yml", "conf/base.yml"])
def test_a_link_out_of_the_checkout_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    shutil.move(root / name, tmp_path / "elsewhere.yml")
    (root / name).symlink_to(tmp_path / "elsewhere.yml")
    with pytest.raises(InvalidProject, match="leads out of the checkout"):
        load(root, "shop", "daily", "dev")


def test_control_characters_in_a_file_name_are_refused(root: Path) -> None:
    (root / "conf/x\x1b[2J.yml").write_text("mode: production")
    with pytest.raises(InvalidProject) as raised:
        load(root, "shop", "daily", "dev")
    assert "file name 'x\\x1b[2J.yml' is refused" in str(raised.value.found.items[0])
    assert "\x1b" not in str(raised.value.found.items[0])


def test_the_target_lies_over_the_base_and_each_value_keeps_its_place(root: Path) -> None:
    (root / "conf/base.yml").write_text("tags: {domain: retail, owner: them}\nmode: production\n")
    (root / "conf/dev.yml").write_text("mode: development\ncatalog: dev\ntags: {owner: us}\n")
    target = read_target(root, "dev")
    assert (target.mode, target.tags) == ("development", {"domain": "retail", "owner": "us"})
    assert str(target.location(("tags", "domain"))) == "conf/base.yml:1:16"
    assert str(target.location(("tags", "owner"))) == "conf/dev.yml:3:15"
    assert str(target.location(("mode",))) == "conf/dev.yml:1:7"


def test_a_target_changes_single_pipelines(root: Path) -> None:
    override = load(root, "shop", "daily", "dev").target.pipelines["daily"]
    assert override.parameters == {"weeks": 2}


def test_the_local_target_is_built_in_and_takes_the_organisations_tags(root: Path) -> None:
    target = read_target(root, "local")
    assert (target.catalog, target.mode, target.tags) == ("spark_catalog", "development", {"domain": "retail"})
    shutil.rmtree(root / "conf")
    assert known_targets(root) == ("local",)
    assert read_target(root, "local").location(("tags",)) is None


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, framework.spec.loader; print(*{name.split('.')[0] for name in sys.modules})"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pyspark", "mlflow", "databricks", "pandas", "typer", "rich"} & set(modules)


NOISE = st.text("[]{}:,&*!|>'\"%@`#-? \t\n\r\x00\x85é\U0001f600ab1.<~", max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(
    file=st.sampled_from([PIPELINE, "projects/shop/project.yml", "conf/dev.yml"]),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), NOISE), min_size=1, max_size=4),
)
def test_a_damaged_file_raises_nothing_but_findings(root: Path, file: str, cuts: list[tuple[float, int, str]]) -> None:
    text = (VALID / file).read_text()
    for where, length, noise in cuts:
        start = int(where * len(text))
        text = text[:start] + noise + text[start + length :]
    (root / file).write_bytes(text.encode())
    try:
        load(root, "shop", "daily", "dev")
    except InvalidProject as error:
        assert all(d.location for d in error.found)
    finally:
        shutil.copy(VALID / file, root / file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(data=st.data())
def test_a_value_of_another_type_raises_nothing_but_findings(root: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from([PIPELINE, "projects/shop/project.yml", "conf/dev.yml", "conf/base.yml"]))
    lines = (VALID / file).read_text().splitlines()
    spot = data.draw(st.sampled_from([i for i, line in enumerate(lines) if ": " in line]))
    other = data.draw(st.sampled_from(["1", "-1.5", "true", "null", "[]", "{}", "[[1]]", "{a: {b: 1}}", "text", "''"]))
    lines[spot] = lines[spot].split(": ")[0] + ": " + other
    (root / file).write_text("\n".join(lines))
    try:
        load(root, "shop", "daily", "dev")
    except FrameworkError as error:
        assert all(d.location for d in error.diagnostics())
    finally:
        shutil.copy(VALID / file, root / file)
