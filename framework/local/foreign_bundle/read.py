"""The files of a bundle: the root file and what it includes."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject, UsageError
from framework.local.foreign_bundle.reach import inside, matches, repository
from framework.local.foreign_bundle.tree import Placed, finding, placed, plain, warning
from framework.spec.node_path import quoted
from framework.spec.yaml_source import parse

ROOT_NAMES = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")
_SUFFIXES = (".yml", ".yaml", ".json")
_GLOB_CHARACTERS = frozenset("*?[")


@dataclass(frozen=True)
class Files:
    """The bundle's files as trees, the root file first. ``root`` is absolute and free of links."""

    root: Path
    trees: tuple[Placed, ...]
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def root_file(self) -> str:
        """The root file's name."""
        return self.trees[0].place.file


def read(directory: Path) -> Files:
    """Every file of the bundle in ``directory``.

    Raises UsageError when no bundle is there, InvalidProject with every finding in the files as such.
    """
    root = Path(os.path.realpath(directory))
    name = _root_name(directory, root)
    findings: list[Diagnostic] = []
    tree = _tree(root, name, findings)
    names = _included(root, name, tree.at("include"), findings) if tree else ()
    included = [_tree(root, name, findings) for name in names]
    if findings:
        raise InvalidProject(Diagnostics.of(findings))
    trees = tuple(filter(None, (tree, *included)))
    return Files(root, trees, tuple(_ignored_includes(trees[1:])))


def _root_name(directory: Path, root: Path) -> str:
    names = [name for name in ROOT_NAMES if (root / name).is_file()]
    if not names:
        raise UsageError(f"no bundle in {directory}", f"A bundle's directory holds a {ROOT_NAMES[0]}.")
    if len(names) > 1:
        raise UsageError(f"several root files in {directory}: {', '.join(names)}", "Keep one of them.")
    return names[0]


def _tree(root: Path, name: str, findings: list[Diagnostic]) -> Placed | None:
    try:
        document = parse(root / name, name, merge_keys=True)
    except InvalidProject as invalid:
        findings.extend(invalid.found)
        return None
    tree = placed(document.root, name, findings)
    if tree.value is not None and not isinstance(tree.value, dict):
        findings.append(finding("a bundle's file holds a mapping", tree.place))
    return tree if isinstance(tree.value, dict) else Placed({}, tree.place)


def _included(root: Path, root_name: str, include: Placed, findings: list[Diagnostic]) -> tuple[str, ...]:
    """The files that the globs name, each once, in the order of the globs and of their names."""
    names: dict[str, None] = {}
    if include.value is not None and not isinstance(include.value, tuple):
        findings.append(finding("'include' is a list of paths", include.place, ("include",)))
    for index, entry in enumerate(include.items):
        problems = list(_problems(root, entry.text))
        findings.extend(finding(problem, entry.place, ("include", index), hint) for problem, hint in problems)
        if not problems:
            names |= dict.fromkeys(matches(root, entry.text))
    return tuple(name for name in names if name != root_name)


def _problems(root: Path, pattern: str) -> Iterator[tuple[str, str]]:
    parts, top = PurePosixPath(pattern).parts, repository(root)
    if not parts:
        yield "an entry of 'include' is a path", ""
    elif not Path(os.path.normpath(root / pattern)).is_relative_to(top) or pattern.startswith("/"):
        hint = "Includes are relative to the root file, and lie in its git repository or below it."
        yield f"include {quoted(pattern)} leads out of the bundle", hint
    else:
        found = matches(root, pattern)
        if not found and not _GLOB_CHARACTERS & set(pattern):
            yield f"include {quoted(pattern)} matches no file", "Paths are relative to the root file."
        for name in found:
            if not inside(top, root / name):
                yield f"include {quoted(name)} is a link that leads out of the bundle", "Copy the file into the bundle."
            elif not name.endswith(_SUFFIXES):
                yield f"include {quoted(name)} is no YAML or JSON file", "List files to upload under sync.include."


def _ignored_includes(trees: tuple[Placed, ...]) -> Iterator[Diagnostic]:
    for tree in trees:
        if plain(tree.at("include")):
            summary = "'include' counts in the root file only"
            yield warning(summary, tree.key_place("include"), ("include",), "It is ignored here, as by the CLI.")
