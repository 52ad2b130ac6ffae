"""Where the values of variables come from: the command line wins over the environment, and so on down."""

from pathlib import Path
from typing import Any

import pytest

from framework.core.errors import InvalidProject, UsageError
from framework.local.foreign_bundle.load import load_bundle

BUNDLE = """\
bundle: {name: shop}
variables:
  schema: {default: from default}
  limits:
    type: complex
    default: {rows: 1}
targets:
  dev:
    default: true
    variables: {schema: from target}
  prod: {}
resources:
  jobs:
    daily:
      tasks:
        - task_key: check
          condition_task: {op: EQUAL_TO, left: "${var.schema}", right: "${var.limits.rows}"}
"""


@pytest.fixture(autouse=True)
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("BUNDLE_VAR_schema", raising=False)
    (tmp_path / "databricks.yml").write_text(BUNDLE)
    return tmp_path


def override(bundle: Path, text: str) -> None:
    file = bundle / ".databricks/bundle/dev/variable-overrides.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)


def condition(bundle: Path, target: str = "dev", **variables: str) -> dict[str, Any]:
    jobs = load_bundle(bundle, target, variables).bundle.jobs
    return jobs["daily"].as_dict()["tasks"][0]["condition_task"]


def refusal(bundle: Path, **variables: str) -> list[str]:
    with pytest.raises(InvalidProject) as raised:
        load_bundle(bundle, "dev", variables)
    return [finding.summary for finding in raised.value.found]


def test_from_the_strongest_to_the_weakest(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    override(bundle, '{"schema": "from file"}')
    monkeypatch.setenv("BUNDLE_VAR_schema", "from environment")

    assert condition(bundle, schema="from command line")["left"] == "from command line"
    assert condition(bundle)["left"] == "from environment"
    monkeypatch.delenv("BUNDLE_VAR_schema")
    assert condition(bundle)["left"] == "from file"
    (bundle / ".databricks/bundle/dev/variable-overrides.json").unlink()
    assert condition(bundle)["left"] == "from target"
    assert condition(bundle, "prod")["left"] == "from default"


def test_an_empty_value_is_a_value(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNDLE_VAR_schema", "")
    assert condition(bundle)["left"] == ""


def test_the_file_gives_mappings_too(bundle: Path) -> None:
    override(bundle, '{"limits": {"rows": 7}}')
    assert condition(bundle)["right"] == "7"


def test_a_mapping_for_a_text_is_refused(bundle: Path) -> None:
    override(bundle, '{"schema": {"rows": 7}, "limits": "7"}')
    assert refusal(bundle) == [
        "variable 'schema' is text, but its value here is not",
        "variable 'limits' is complex, but its value here is not",
    ]


def test_text_for_a_mapping_is_refused(bundle: Path) -> None:
    assert refusal(bundle, limits="7") == ["variable 'limits' is complex: --var takes text only"]


def test_a_broken_file_is_told_by_its_name(bundle: Path) -> None:
    override(bundle, '{"schema": ')
    with pytest.raises(InvalidProject) as raised:
        load_bundle(bundle, "dev", {})
    places = {found.location.file for found in raised.value.found if found.location}
    assert places == {".databricks/bundle/dev/variable-overrides.json"}


def test_a_variable_that_the_bundle_does_not_have(bundle: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'schema'"):
        load_bundle(bundle, "dev", {"shema": "x"})
