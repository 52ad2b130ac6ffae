"""What targets change in pipelines: under ``pipelines``, by name, or by ``project/pipeline`` where several have it."""

from collections.abc import Iterator
from pathlib import Path

from framework.core.diagnostics import Diagnostic
from framework.spec.files import entries, usable_yaml_files
from framework.spec.node_path import format_path, quoted
from framework.spec.suggestions import did_you_mean, listed
from framework.spec.target_spec import TargetSpec


def wrong_names(target: TargetSpec, root: Path) -> Iterator[Diagnostic]:
    """A finding for every name that is not that of exactly one pipeline, or that stands there twice."""
    in_full = list(_pipelines(root)) if target.pipelines else []
    for name in target.pipelines:
        meant = [each for each in in_full if name in (each, each.partition("/")[2])]
        if len(meant) > 1:
            yield _finding(target, name, f"several projects have a pipeline {quoted(name)}", f"Say: {listed(meant)}.")
        elif not meant:
            known = in_full if "/" in name else [each.partition("/")[2] for each in in_full]
            summary = f"no project has a pipeline {quoted(name)}{did_you_mean(name, known)}"
            yield _finding(target, name, summary, f"There are: {listed(in_full)}." if known else "")
        elif name != meant[0] and meant[0] in target.pipelines:
            hint = "Put all of it under one of the names, the same in conf/base.yml and in the target's file."
            yield _finding(target, name, f"{quoted(name)} stands here as {quoted(meant[0])}, too", hint)


def _pipelines(root: Path) -> Iterator[str]:
    for directory in entries(root / "projects", root):
        # What is wrong with a file's name is found when its project is read.
        yield from (f"{directory.name}/{name}" for name in usable_yaml_files(directory / "pipelines", root, []))


def _finding(target: TargetSpec, name: str, summary: str, hint: str) -> Diagnostic:
    path = ("pipelines", name)
    return Diagnostic(summary, target.key_location(path), format_path(path), hint, rule="overrides")
