"""The paths in a job: as written, relative to the file that says them; afterwards, relative to the bundle's root."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from framework.core.diagnostics import Diagnostic
from framework.core.notebook_source import SUFFIXES, header, is_notebook
from framework.local.foreign_bundle.dependencies import LOCAL_FLAGS, local_path
from framework.local.foreign_bundle.reach import holds, inside, matches
from framework.local.foreign_bundle.tree import Placed, finding
from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import close_match

_ONLY_OWN_FILES = "A local run has only the bundle's own files."
_ABOVE = " Directories above it, in its git repository, are its own too when 'sync: {paths: [..]}' lists them."
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_Edit = Callable[[Placed, NodePath], Placed]


@dataclass(frozen=True)
class BundleFiles:
    """The files in ``reach``, which is ``root`` or a directory above it. Wheels of ``projects`` are yet to be built."""

    root: Path
    reach: Path
    projects: tuple[Path, ...]


@dataclass(frozen=True)
class Paths:
    """The paths in a job that runs ``files``. What is wrong with one goes to ``findings``."""

    files: BundleFiles
    findings: list[Diagnostic]

    @property
    def root(self) -> Path:
        """Where the paths start from in the end."""
        return self.files.root

    def relative_to_root(self, job: Placed, path: NodePath) -> Placed:
        """The job with all of its tasks' paths relative to the root; each names a file that is there.

        Nobody looks for the files of a disabled task.
        """
        in_git = bool(job.at("git_source").value)
        edits: tuple[tuple[tuple[str, ...], _Edit], ...] = (
            (("notebook_task",), lambda node, at: self._sourced(node, "notebook_path", in_git, at, self._notebook)),
            (("spark_python_task",), lambda node, at: self._sourced(node, "python_file", in_git, at, self._file)),
            (("sql_task", "file"), lambda node, at: self._sourced(node, "path", in_git, at, self._file)),
            (("libraries", "*", "whl"), self._library),
            (("libraries", "*", "requirements"), self._file),
        )

        def of_task(task: Placed, at: NodePath) -> Placed:
            for base in ((), ("for_each_task", "task")) if task.at("disabled").value is not True else ():
                for steps, edit in edits:
                    task = _edited(task, (*base, *steps), at, edit)
            return task

        job = _edited(job, ("tasks", "*"), path, of_task)
        return _edited(job, ("environments", "*", "spec", "dependencies", "*"), path, self._dependency)

    def _sourced(self, node: Placed, field: str, in_git: bool, path: NodePath, edit: _Edit) -> Placed:
        source = node.at("source")
        if field not in node.fields:
            return node
        if source.value == "GIT" or (in_git and source.value != "WORKSPACE"):
            summary = f"{quoted(node.at(field).text)} lies in a git repository of its own (source: GIT)"
            self._add(summary, node.at(field), (*path, field), _ONLY_OWN_FILES)
            return node
        return node.with_fields(**{field: edit(node.at(field), (*path, field))})

    def _notebook(self, node: Placed, path: NodePath) -> Placed:
        relative = self._relative(node, path)
        if relative is None:
            return node
        # Notebooks have no suffix in a workspace, and so none in a path that begins with ${workspace.file_path}.
        candidates = [relative, *(relative + suffix for suffix in SUFFIXES if node.text.startswith("/"))]
        found = next((name for name in candidates if holds((self.root / name).is_file)), "")
        if not found:
            self._missing("notebook", relative, node, path)
        elif not is_notebook(self.root / found):
            hint = f"The first line of a notebook is '{header(PurePosixPath(found).suffix)}'."
            self._add(f"{quoted(found)} is a file, but this has to be a notebook", node, path, hint)
        return replace(node, value=found or relative)

    def _file(self, node: Placed, path: NodePath) -> Placed:
        relative = self._relative(node, path)
        if relative is None:
            return node
        if not holds((self.root / relative).is_file):
            self._missing("file", relative, node, path)
        elif is_notebook(self.root / relative):
            hint = "Run it by a notebook_task, or remove the line that makes it a notebook."
            self._add(f"{quoted(relative)} is a notebook, but this has to be a plain file", node, path, hint)
        return replace(node, value=relative)

    def _library(self, node: Placed, path: NodePath) -> Placed:
        relative = self._relative(node, path)
        if relative is None:
            return node
        full = Path(os.path.normpath(self.root / relative))
        to_be_built = any(full.is_relative_to(project) for project in self.files.projects)
        if not to_be_built and not holds(full.exists) and not matches(self.root, relative):
            hint = "Build it first, or name its project under 'artifacts:' (type: whl, path: …)."
            self._add(f"library {quoted(relative)} is not there", node, path, hint)
        return replace(node, value=relative)

    def _dependency(self, node: Placed, path: NodePath) -> Placed:
        named = local_path(node.text)
        if not named or "${" in named:
            return node
        flag = next((flag for flag in LOCAL_FLAGS if node.text.startswith(flag)), "")
        target = replace(node, value=named)
        done = self._file(target, path) if flag == "-r " else self._library(target, path)
        return replace(node, value=f"{flag}./{done.text}" if done is not target else node.text)

    def _relative(self, node: Placed, path: NodePath) -> str | None:
        """The path from the root, in normal form; None with a finding when it leads elsewhere."""
        text = node.text
        if not text or "${" in text or "{{" in text:
            return None
        if _SCHEME.match(text):
            self._add(f"{quoted(text)} is not in the bundle", node, path, _ONLY_OWN_FILES)
            return None
        full = Path(os.path.normpath(self.root / Path(node.place.file).parent / text))
        if not full.is_relative_to(self.files.reach):
            above = not text.startswith("/")
            where = "leads out of the bundle" if above else "lies in a workspace"
            self._add(f"{quoted(text)} {where}", node, path, _ONLY_OWN_FILES + above * _ABOVE)
            return None
        if not inside(self.files.reach, full):
            self._add(f"{quoted(text)} is a link that leads out of the bundle", node, path, _ONLY_OWN_FILES)
            return None
        return os.path.relpath(full, self.root)

    def _missing(self, what: str, relative: str, node: Placed, path: NodePath) -> None:
        named, near = PurePosixPath(relative), ""
        with suppress(OSError):
            near = close_match(named.name, sorted(entry.name for entry in (self.root / named.parent).iterdir()))
        meant = f" Did you mean {quoted(str(named.with_name(near)))}?" if near else ""
        directory = Path(node.place.file).parent.as_posix()
        hint = (
            f"Paths are relative to the file that says them, here to {'the root' if directory == '.' else directory}."
        )
        self._add(f"{what} {quoted(relative)} is not there", node, path, hint + meant)

    def _add(self, summary: str, node: Placed, path: NodePath, hint: str) -> None:
        self.findings.append(finding(summary, node.place, path, hint))


def _edited(node: Placed, steps: tuple[str, ...], path: NodePath, edit: _Edit) -> Placed:
    """``node`` with ``edit`` applied to what stands at ``steps`` in it, if anything does; ``*`` is every element."""
    if not steps:
        return edit(node, path)
    step, *rest = steps
    if step == "*":
        elements = (_edited(inner, tuple(rest), (*path, index), edit) for index, inner in enumerate(node.items))
        return replace(node, value=tuple(elements)) if node.items else node
    if step not in node.fields:
        return node
    return node.with_fields(**{step: _edited(node.fields[step], tuple(rest), (*path, step), edit)})
