"""``framework schema``: prints a schema, or wires an editor without touching what is somebody else's."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from framework.cli.schema import schema

SCHEMAS = {f".framework/schemas/{name}.json" for name in ("pipeline", "project", "target", "policy")}
SETTINGS = ".vscode/settings.json"
PIPELINE = "projects/shop/pipelines/daily.yml"

app = typer.Typer()
app.command()(schema)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for name in (PIPELINE, "projects/shop/project.yml", "conf/dev.yml", "conf/policy.yml"):
        write(tmp_path / name, "# mine\n")
    monkeypatch.chdir(tmp_path / "projects/shop")
    return tmp_path


@pytest.mark.parametrize("name", ["pipeline", "project", "target", "policy"])
def test_a_schema_is_printed(name):
    result = CliRunner().invoke(app, [name])

    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("arguments", [[], ["policy", "--install"], ["--modeline"]], ids=" ".join)
def test_one_thing_at_a_time(arguments):
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_install_wires_the_editor_from_anywhere_in_the_checkout(checkout):
    before = files(checkout)
    result = CliRunner().invoke(app, ["--install"])

    after = files(checkout)
    schemas = json.loads(after[SETTINGS])["yaml.schemas"]
    assert result.exit_code == 0
    assert after.keys() - before.keys() == {SETTINGS, *SCHEMAS} == {SETTINGS, *schemas}
    assert schemas[".framework/schemas/target.json"] == [
        "conf/*.yml", "conf/*.yaml", "!conf/policy.yml", "!conf/policy.yaml"
    ]  # fmt: skip
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("options", [["--install"], ["--install", "--modeline"]], ids=" ".join)
def test_a_second_time_changes_nothing(options, checkout):
    CliRunner().invoke(app, options)
    before = {path: path.stat().st_mtime_ns for path in checkout.rglob("*")}

    result = CliRunner().invoke(app, options)

    assert (result.exit_code, result.stderr) == (0, "Everything is there already.\n")
    assert {path: path.stat().st_mtime_ns for path in checkout.rglob("*")} == before


def test_other_settings_stay(checkout):
    theirs = {"editor.tabSize": 3, "yaml.schemas": {"https://example.org/ci.json": "ci.yml"}, "note": "é"}
    write(checkout / SETTINGS, json.dumps(theirs, indent="\t", ensure_ascii=False))
    (checkout / SETTINGS).chmod(0o640)

    CliRunner().invoke(app, ["--install"])

    text = files(checkout)[SETTINGS]
    schemas = json.loads(text).pop("yaml.schemas")
    assert schemas.keys() == {"https://example.org/ci.json", *SCHEMAS}
    assert text.startswith('{\n\t"editor.tabSize": 3,')
    assert "é" in text
    assert (checkout / SETTINGS).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "theirs",
    [
        '{\n  // two, as everywhere\n  "editor.tabSize": 2,\n}\n',
        '{"a": 1, "a": 2}',
        "[]",
        '{"yaml.schemas": 1}',
        b"\xff",
    ],
    ids=["comments", "a name twice", "a list", "no mapping", "no text"],
)
def test_settings_that_would_lose_something_are_left_alone(theirs, checkout):
    write(checkout / SETTINGS, theirs)
    before = (checkout / SETTINGS).read_bytes()

    result = CliRunner().invoke(app, ["--install"])

    assert result.exit_code == 1
    assert "Add the lines above to it." in result.stderr
    assert (checkout / SETTINGS).read_bytes() == before
    assert json.loads("{" + result.stdout + "}")["yaml.schemas"].keys() == SCHEMAS


def test_settings_with_comments_and_the_lines_are_right(checkout):
    write(checkout / SETTINGS, "{ // mine\n}\n")
    lines = CliRunner().invoke(app, ["--install"]).stdout
    write(checkout / SETTINGS, "{ // mine\n" + lines + "}\n")

    assert CliRunner().invoke(app, ["--install"]).exit_code == 0


def test_settings_out_of_the_checkout_are_left_alone(checkout, tmp_path_factory):
    outside = tmp_path_factory.mktemp("home") / "settings.json"
    outside.write_text("{}")
    (checkout / ".vscode").mkdir()
    (checkout / SETTINGS).symlink_to(outside)

    assert CliRunner().invoke(app, ["--install"]).exit_code == 1
    assert outside.read_text() == "{}"


def test_modelines_name_the_schema_of_each_file(checkout):
    theirs = "# yaml-language-server: $schema=https://example.org/mine.json\n"
    write(checkout / "conf/prod.yml", theirs)
    write(checkout / "conf/base.yml", b"\xef\xbb\xbfhost: a\r\n")
    write(checkout / PIPELINE, "# yaml-language-server: $schema=../old/.framework/schemas/pipeline.json\nname: daily\n")

    CliRunner().invoke(app, ["--install", "--modeline"])

    comment = "# yaml-language-server: $schema="
    found = files(checkout)
    assert found[PIPELINE] == f"{comment}../../../.framework/schemas/pipeline.json\nname: daily\n"
    assert found["conf/policy.yml"] == f"{comment}../.framework/schemas/policy.json\n# mine\n"
    assert found["conf/base.yml"] == f"\ufeff{comment}../.framework/schemas/target.json\r\nhost: a\r\n"
    assert found["conf/prod.yml"] == theirs


def write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def files(root: Path) -> dict[str, str]:
    return {p.relative_to(root).as_posix(): p.read_bytes().decode() for p in root.rglob("*") if p.is_file()}
