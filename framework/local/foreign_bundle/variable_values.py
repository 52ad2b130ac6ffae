"""The values of variables. From strongest to weakest: given, environment, overrides file, target, default."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from framework.core.diagnostics import Diagnostic, Location
from framework.core.errors import InvalidProject, UsageError
from framework.local.foreign_bundle.reach import inside
from framework.local.foreign_bundle.tree import Placed, finding, placed
from framework.spec.node_path import NodePath
from framework.spec.suggestions import did_you_mean
from framework.spec.yaml_source import parse

ENVIRONMENT_PREFIX = "BUNDLE_VAR_"
OVERRIDES_FILE = ".databricks/bundle/{}/variable-overrides.json"
_NOWHERE = Location("")


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Values from outside of the bundle's files: the command line's, the environment's, the overrides file's."""

    given: Mapping[str, str]
    environment: Mapping[str, str]
    from_file: Placed


def overrides_file(root: Path, target: str, findings: list[Diagnostic]) -> Placed:
    """What ``.databricks/bundle/<target>/variable-overrides.json`` says; nothing when there is none."""
    name = OVERRIDES_FILE.format(target)
    if not (root / name).is_file() or not inside(root, root / name):
        return Placed({}, _NOWHERE)
    try:
        document = parse(root / name, name)
    except InvalidProject as invalid:
        findings.extend(invalid.found)
        return Placed({}, _NOWHERE)
    tree = placed(document.root, name, findings)
    if not isinstance(tree.value, dict):
        findings.append(finding("the file with values of variables holds one JSON object", tree.place))
    return tree


def with_values(variables: Placed, overrides: Overrides, findings: list[Diagnostic]) -> Placed:
    """The variables, each with its ``value`` if it has one. Raises UsageError for a given one that is not defined."""
    for name in overrides.given:
        if name not in variables.fields:
            hint = f"Variables: {', '.join(variables.fields) or 'none'}."
            raise UsageError(f"the bundle has no variable '{name}'{did_you_mean(name, variables.fields)}", hint)
    values = {}
    for name, variable in variables.fields.items():
        found: list[Diagnostic] = []
        value = _value(name, variable, variables.key_place(name), overrides, found)
        values[name] = variable if found or value is None else variable.with_fields(value=value)
        findings.extend(found)
    return variables.with_fields(**values)


def without_value(name: str, variables: Placed) -> Diagnostic:
    """The finding for a variable that has no value but needs one."""
    advice = f"Give it one: --var {name}=…, or {ENVIRONMENT_PREFIX}{name}=… in the environment."
    lookup = variables.at(name, "lookup")
    if lookup.value is not None:
        summary = f"variable '{name}' is looked up in the workspace, which a local run does not ask"
        return finding(summary, lookup.place, (*_path(name), "lookup"), advice)
    return finding(f"variable '{name}' has no value", variables.key_place(name), _path(name), advice)


def _value(
    name: str, variable: Placed, place: Location, overrides: Overrides, findings: list[Diagnostic]
) -> Placed | None:
    source, text = _from_outside(name, overrides)
    if source:
        if variable.at("type").value == "complex":
            hint = f"Give it in the target, or in {OVERRIDES_FILE.format('<target>')}."
            findings.append(
                finding(f"variable '{name}' is complex: {source} takes text only", place, _path(name), hint)
            )
        return Placed(text, place)
    if variable.at("lookup").value is not None:
        return None
    if (value := overrides.from_file.at(name)).value is not None:
        _check_shape(name, variable, value, findings)
        return value
    default = variable.at("default")
    return None if default.value is None else default


def _from_outside(name: str, overrides: Overrides) -> tuple[str, str]:
    """Who gave the variable a value, and which; two empty texts for nobody."""
    if name in overrides.given:
        return "--var", overrides.given[name]
    in_environment = f"{ENVIRONMENT_PREFIX}{name}"
    return (
        (in_environment, overrides.environment[in_environment]) if in_environment in overrides.environment else ("", "")
    )


def _check_shape(name: str, variable: Placed, value: Placed, findings: list[Diagnostic]) -> None:
    is_complex = variable.at("type").value == "complex"
    if is_complex != isinstance(value.value, dict | tuple):
        summary = f"variable '{name}' is {'complex' if is_complex else 'text'}, but its value here is not"
        findings.append(finding(summary, value.place, _path(name), "Say 'type: complex' for a mapping or a list."))


def _path(name: str) -> NodePath:
    return ("variables", name)
