"""The JSON Schemas for editors: made from the specs, current, and of one mind with what reads the files.

``FRAMEWORK_UPDATE_GOLDEN=1`` writes the schemas anew.
"""

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator, ValidationError

import framework.spec.json_schemas as package
from framework.core.errors import InvalidProject
from framework.runtime.kinds import KINDS
from framework.spec.json_schemas.descriptions import FOR_ALL, descriptions
from framework.spec.json_schemas.schemas import as_text, made
from framework.spec.json_schemas.shipped import APPLIES_TO, schema_text
from framework.spec.node_path import format_path
from framework.spec.pipeline_spec import PipelineFields, read_pipeline
from framework.spec.policy_spec import read_policy
from framework.spec.project_spec import read_project
from framework.spec.target_spec import read_target
from framework.spec.task_spec import NATIVE_TASKS, TaskFields
from framework.spec.yaml_source import parse

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
GOOD = [ROOT, ROOT / "tests/e2e/shop", GOLDEN / "_valid", GOLDEN / "variables"]
FOLDER = Path(package.__file__).parent

UNSEEN = {
    "bad_telemetry", "conf_defines_local", "duplicate_task_key", "name_differs_from_file", "overrides",
    "two_files_of_a_name", "variables", "variables_not_declared", "variables_wrong_declarations",
    "variables_wrong_values",
}  # fmt: skip
"""Cases of mistakes that no schema can see."""
OF_SEVERAL_FILES = ("differs from", "field 'catalog' is missing")


@pytest.fixture(scope="module")
def validators() -> dict[str, Draft7Validator]:
    return {name: Draft7Validator(json.loads(schema_text(name))) for name in APPLIES_TO}


@pytest.mark.parametrize("name", APPLIES_TO)
def test_what_is_checked_in_is_current(name: str) -> None:
    text = as_text(made()[name])
    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN") == "1":
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    assert schema_text(name) == text, "run FRAMEWORK_UPDATE_GOLDEN=1 pytest tests/spec/test_schemas.py"
    Draft7Validator.check_schema(json.loads(text))


@pytest.mark.parametrize("root", GOOD, ids=lambda root: root.name)
def test_good_files_pass(root: Path, validators: dict[str, Draft7Validator]) -> None:
    files = dict(files_of(root))
    assert files
    found = [(path, e.json_path, e.message) for path, name in files.items() for e in errors(validators[name], path)]
    assert not found


@pytest.mark.parametrize("case", sorted(path.name for path in GOLDEN.iterdir() if path.name not in {"_valid", *UNSEEN}))
def test_mistakes_are_where_the_reader_finds_them(case: str, validators: dict[str, Draft7Validator]) -> None:
    for path, name in files_of(GOLDEN / case):
        try:
            parse(path, path.name)
        except InvalidProject:
            continue  # not YAML, or more than the editor's own parser refuses
        found = errors(validators[name], path)
        expected = places_in(GOLDEN / case / "expected.txt", str(path.relative_to(GOLDEN / case)))
        places = {format_path(place) for error in found for place in places_of(error)}
        later = {format_path(place) for e in found if e.validator in ("required", "pattern") for place in places_of(e)}
        assert expected <= places
        # A field that is misspelt is not missing as well; names are looked at when everything else is right.
        assert places - expected <= later


def test_a_change_of_any_value_is_judged_alike(validators: dict[str, Draft7Validator], tmp_path: Path) -> None:
    judged = dict.fromkeys(APPLIES_TO, 0)
    for name, value in everything().items():
        assert reads(name, value, tmp_path), name
        for path, changed in changes(value):
            judged[name] += 1
            seen = [error.message for error in validators[name].iter_errors(changed)]
            assert reads(name, changed, tmp_path) == (not seen), (name, format_path(path), seen)
    assert min(judged.values()) > 50


@pytest.mark.parametrize("name", ["pipeline", "project", "target"])
def test_a_variable_may_stand_for_any_value(name: str, validators: dict[str, Draft7Validator]) -> None:
    for path in paths(value := everything()[name]):
        changed = put(value, path, lambda holder, step: holder.__setitem__(step, "${var.x}"))
        assert not list(validators[name].iter_errors(changed)), format_path(path)


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_offers_the_fields_of_the_kind_alone(kind: str) -> None:
    definition = made()["pipeline"]["definitions"][f"task.{kind}"]
    own = {field.name for field in fields(KINDS[kind])}
    assert definition["properties"].keys() == own | {field.name for field in fields(TaskFields)}


def test_a_native_task_is_checked_against_the_official_types(validators: dict[str, Draft7Validator]) -> None:
    task = {"task_key": "report", "notebook_task": {"notebook_path": "a.ipynb", "base_parameters": {"n": 1}}}
    pipeline = {"name": "daily", "tasks": [{**task, "databricks": {"environment_key": "${var.key}"}}]}
    assert not list(validators["pipeline"].iter_errors(pipeline))

    task["notebook_task"]["path"] = task["notebook_task"].pop("notebook_path")
    pipeline["tasks"][0]["databricks"]["enviroment_key"] = "default"
    places = {p[-1] for error in validators["pipeline"].iter_errors(pipeline) for p in places_of(error)}
    assert places == {"path", "notebook_task", "enviroment_key"}


def test_what_is_merged_need_not_be_complete(validators: dict[str, Draft7Validator]) -> None:
    fields = {"schedule": {"pause_status": "PAUSED"}, "git_source": {"git_branch": "main"}}
    assert not list(validators["target"].iter_errors({"pipelines": {"daily": {"databricks": fields}}}))
    assert list(validators["target"].iter_errors({"pipelines": {"daily": {"databricks": {"tasks": []}}}}))


def test_every_example_is_right() -> None:
    wrong = []
    for name, schema in made().items():
        for node in nodes(schema):
            validator = Draft7Validator({**node, "definitions": schema.get("definitions", {})})
            wrong += [(name, each, e.message) for each in node.get("examples", ()) for e in validator.iter_errors(each)]
    # Those of a task as a whole are shortened.
    assert not [each for each in wrong if each[1] != [{"task_key": "features", "kind": "feature_table"}]]


def test_every_description_belongs_to_a_field() -> None:
    shown = [node.get("description") for schema in made().values() for node in nodes(schema)]
    written = descriptions()
    assert not [(owner, f) for owner in written for f, each in written[owner].items() if each.text not in shown]
    assert written["Task"].keys() == set(NATIVE_TASKS)
    assert written["PipelineFields"].keys() | written[FOR_ALL].keys() >= {f.name for f in fields(PipelineFields)}


def files_of(root: Path) -> Iterator[tuple[Path, str]]:
    for name, patterns in APPLIES_TO.items():
        without = {path for pattern in patterns if pattern[0] == "!" for path in root.glob(pattern[1:])}
        for pattern in patterns:
            yield from ((path, name) for path in sorted(root.glob(pattern)) if path not in without)


def errors(validator: Draft7Validator, path: Path) -> list[ValidationError]:
    value = parse(path, path.name).value
    return list(validator.iter_errors({} if value is None else value))


def places_in(expected: Path, file: str) -> set[str]:
    """The paths of the findings in one file."""
    found = [each.splitlines() for each in expected.read_text().split("\n\n")]
    seen = [lines for lines in found if not any(words in lines[0] for words in OF_SEVERAL_FILES)]
    here = [lines for lines in seen if any(line.startswith(f"  in {file}:") for line in lines)]
    return {next((line[5:] for line in lines if line.startswith("  at ")), "") for lines in here}


def places_of(error: ValidationError) -> Iterator[tuple[str | int, ...]]:
    """Where an editor underlines: keys that should not be there, else the value."""
    path = tuple(error.absolute_path)
    inner = [e for e in error.context or () if e.validator not in ("type", "enum", "pattern")]
    if error.validator == "anyOf" and inner:
        yield from (place for each in inner for place in places_of(each) if each.validator != "required")
    elif error.validator == "additionalProperties":
        yield from ((*path, key) for key in error.instance if key not in error.schema["properties"])
    elif "propertyNames" in error.absolute_schema_path:
        yield (*path, error.instance)
    else:
        yield path


def nodes(schema: object) -> Iterator[dict]:
    if isinstance(schema, dict):
        yield schema
    for child in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from nodes(child)


def reads(name: str, value: object, root: Path) -> bool:
    """Whether the framework takes a file that says ``value``."""
    files = {
        "pipeline": "daily.yml",
        "project": "shop/project.yml",
        "target": "conf/dev.yml",
        "policy": "conf/policy.yml",
    }
    path = root / files[name]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value))
    try:
        if name == "pipeline":
            read_pipeline(parse(path, "daily.yml"))
        elif name == "project":
            read_project(parse(path, "project.yml"), path.parent)
        elif name == "target":
            (root / "conf/base.yml").write_text("mode: production\ncatalog: main\n")
            read_target(root, "dev")
        else:
            read_policy(root)
    except InvalidProject:
        return False
    return True


def changes(value: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """``value`` with one thing changed: something else there, a field gone, a field too many."""
    for path in paths(value):
        for new in (None, True, -2, 0.5, "no name", "", [], [1], {}, {"other": 1}):
            yield path, put(value, path, lambda holder, step, new=new: holder.__setitem__(step, new))
        if isinstance(path[-1], str):
            yield path, put(value, path, lambda holder, step: holder.__delitem__(step))
            yield path, put(value, path, lambda holder, step: holder.__setitem__(f"{step}_", 1))


def paths(value: object, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for step, child in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield (*above, step)
        yield from paths(child, (*above, step))


def put(value: object, path: tuple[str | int, ...], change) -> object:
    whole = holder = deepcopy(value)
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return whole


def everything() -> dict[str, dict]:
    """A file of each sort with everything in it that both can judge."""
    return yaml.safe_load((Path(__file__).parent / "every_field.yml").read_text())
