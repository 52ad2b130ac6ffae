"""The bundle's files as one tree, and what of their sections a local run cannot take."""

from collections.abc import Iterator

from framework.core.diagnostics import Diagnostic, Location
from framework.local.foreign_bundle.interpolate import as_text
from framework.local.foreign_bundle.merge import merge
from framework.local.foreign_bundle.tree import Placed, finding, given, warning
from framework.spec.suggestions import did_you_mean

_MAPPINGS = ("bundle", "variables", "workspace", "resources", "targets", "environments", "artifacts", "presets")
_OTHERS = ("definitions", "experimental", "include", "permissions", "python", "run_as", "scripts", "sync")
_OF_MAPPINGS = ("targets", "environments", "variables", "artifacts", "resources")
_CODE = (("python",), ("experimental", "python"), ("experimental", "pydabs"))
_SCRIPTS = (("scripts",), ("experimental", "scripts"))


def joined(trees: tuple[Placed, ...], findings: list[Diagnostic]) -> Placed:
    """The trees laid over each other. A resource is written in one file and its key used once in the bundle."""
    findings.extend(_duplicates(trees))
    whole = trees[0]
    for tree in trees:
        findings.extend(_problems(tree))
        whole = whole if tree is whole else merge(whole, tree, findings)
    return whole


def bundle_name(written: Placed, resolved: Placed, findings: list[Diagnostic]) -> str:
    """The bundle's name, which is ``resolved`` from what is ``written``; a finding when it has none."""
    name = "" if isinstance(resolved.value, dict | tuple) else as_text(resolved.value)
    if not name:
        findings.append(finding("the bundle has no name", written.place, ("bundle",), "Write bundle: {name: …}."))
    elif "${" in written.text:
        hint = "Write it out: a bundle that changes its name leaves behind what it deployed."
        findings.append(warning("the bundle's name holds a reference", written.place, ("bundle", "name"), hint))
    return name


def _duplicates(trees: tuple[Placed, ...]) -> Iterator[Diagnostic]:
    first: dict[str, tuple[str, Location]] = {}
    for tree in trees:
        for kind, resources in tree.at("resources").fields.items():
            for key in resources.fields:
                place = resources.key_place(key)
                if key in first:
                    summary = f"resource '{key}' is there twice"
                    hint = f"It stands under {first[key][0]} at {first[key][1]} already. Keys are unique in a bundle."
                    yield finding(summary, place, ("resources", kind, key), hint)
                first.setdefault(key, (kind, place))


def _problems(tree: Placed) -> Iterator[Diagnostic]:
    yield from _shapes(tree, ())
    for targets in ("targets", "environments"):
        for name, target in tree.at(targets).fields.items():
            yield from _shapes(target.with_fields(variables=given({}, target.place)), (targets, name))
    for path in _CODE:
        if tree.at(*path).value:
            hint = "It would execute code of the bundle while its files are read. Write the resources in YAML."
            yield finding(f"section '{'.'.join(path)}' is refused", tree.at(*path[:-1]).key_place(path[-1]), path, hint)
    for path in _SCRIPTS:
        for script in tree.at(*path).fields:
            yield warning(f"script '{script}' is not executed", tree.at(*path).key_place(script), (*path, script))
    for name in tree.fields:
        # Other names may hold anchors, so that only what looks like a slip is worth a word.
        if name not in _MAPPINGS + _OTHERS and (meant := did_you_mean(name, _MAPPINGS + _OTHERS)):
            yield warning(f"unknown section '{name}'{meant}", tree.key_place(name), (name,))


def _shapes(tree: Placed, path: tuple[str, ...]) -> Iterator[Diagnostic]:
    sections = {(name,): tree.at(name) for name in _MAPPINGS}
    inner = {(name, key): node for name in _OF_MAPPINGS for key, node in tree.at(name).fields.items()}
    for steps, node in (sections | inner).items():
        if node.value is not None and not isinstance(node.value, dict) and "${" not in node.text:
            yield finding(f"'{steps[-1]}' has to be a mapping", node.place, (*path, *steps))
