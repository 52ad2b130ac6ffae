"""Which target, and what it changes."""

from collections.abc import Mapping
from dataclasses import replace

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject, UsageError
from framework.local.foreign_bundle.merge import merge
from framework.local.foreign_bundle.tree import Placed, finding, given
from framework.spec.node_path import NodePath
from framework.spec.suggestions import did_you_mean

_MERGED = ("bundle", "workspace", "artifacts", "resources", "sync", "permissions", "presets")
_OF_BUNDLE = ("mode", "cluster_id")
_DEFAULT = "default"
"""The target of a bundle that names none."""

_DEFINITIONS = (
    {"default", "type", "description"},
    {"default", "type"},
    {"default", "description"},
    {"lookup", "description"},
    {"default"},
    {"lookup"},
)
"""The fields by which a target's variable is a definition; any other mapping is the value itself."""


def choose(root: Placed, wanted: str | None) -> str:
    """The target's name: the one that is ``wanted``, the only one, or the one marked as default.

    Raises UsageError when there is no such target or none can be chosen, InvalidProject for several defaults.
    """
    targets = _targets(root)
    if wanted is not None and wanted not in targets:
        hint = f"Targets: {', '.join(targets)}."
        raise UsageError(f"the bundle has no target '{wanted}'{did_you_mean(wanted, targets)}", hint)
    if wanted is not None or len(targets) == 1:
        return wanted or next(iter(targets))
    defaults = [name for name, target in targets.items() if target.at("default").value is True]
    if not defaults:
        raise UsageError("the bundle has several targets and no default", f"Choose one: {', '.join(targets)}.")
    if len(defaults) > 1:
        place = targets[defaults[1]].key_place("default")
        summary = f"several targets are marked as default: {', '.join(defaults)}"
        raise InvalidProject(Diagnostics((finding(summary, place, ("targets", defaults[1], "default")),)))
    return defaults[0]


def apply(root: Placed, name: str, findings: list[Diagnostic]) -> Placed:
    """The root with what its target ``name`` says laid over it, and without the targets."""
    target, path = _targets(root)[name], ("targets", name)
    layers = {field: merge(root.at(field), target.at(field), findings, (*path, field)) for field in _MERGED}
    of_bundle = {field: target.at(field) for field in _OF_BUNDLE if target.at(field).value is not None}
    git = merge(layers["bundle"].at("git"), target.at("git"), findings, (*path, "git"))
    layers["bundle"] = layers["bundle"].with_fields(**of_bundle, git=git)
    layers["variables"] = _variables(root.at("variables"), target.at("variables"), findings, (*path, "variables"))
    rest = {field: value for field, value in root.fields.items() if field not in ("targets", "environments")}
    return replace(root, value={**rest, **layers})


def _targets(root: Placed) -> Mapping[str, Placed]:
    targets = {**root.at("environments").fields, **root.at("targets").fields}
    return targets or {_DEFAULT: given({}, root.place)}


def _variables(variables: Placed, overrides: Placed, findings: list[Diagnostic], path: NodePath) -> Placed:
    """A target's value replaces the one before it whole, also where both are mappings."""
    result = dict(variables.fields)
    for name, override in overrides.fields.items():
        if name not in result:
            summary = f"variable '{name}' is not defined{did_you_mean(name, result)}"
            hint = "Define it under the bundle's own 'variables:'; a target only gives it another value."
            findings.append(finding(summary, overrides.key_place(name), (*path, name), hint))
            continue
        fields = {**result[name].fields}
        definition = override.fields if _is_definition(override) else {"default": override}
        if "default" in definition or "lookup" in definition:
            fields.pop("default", None)
            fields.pop("lookup", None)
        kept = {field: value for field, value in definition.items() if field in ("default", "lookup", "type")}
        result[name] = replace(result[name], value={**fields, **kept})
    return replace(variables, value=result)


def _is_definition(override: Placed) -> bool:
    return isinstance(override.value, dict) and set(override.fields) in _DEFINITIONS
