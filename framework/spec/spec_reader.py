"""Reads the files of a checkout as specs, each file once however many targets there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.spec.files import readable
from framework.spec.filling import filled, only_deployed, refers
from framework.spec.overrides import wrong_names
from framework.spec.pipeline_spec import PipelineSpec, read_pipeline
from framework.spec.project_spec import ProjectSpec, read_project
from framework.spec.target_spec import LOCAL, TargetSpec, read_target
from framework.spec.validation import MAX_FINDINGS
from framework.spec.yaml_source import Document

T = TypeVar("T")

PROJECT_FILE = "project.yml"


@dataclass(frozen=True)
class SpecReader:
    """Gathers in ``findings`` what is wrong; what cannot be read is None.

    A file with variables is another one for each target; every other is read for all of them.
    """

    root: Path
    findings: list[Diagnostic] = field(default_factory=list)
    _documents: dict[Path, tuple[Document | None, bool]] = field(default_factory=dict)
    _projects: dict[tuple[Path, str], ProjectSpec | None] = field(default_factory=dict)
    _pipelines: dict[tuple[Path, str], PipelineSpec | None] = field(default_factory=dict)

    def target(self, name: str, variables: Mapping[str, str]) -> TargetSpec | None:
        """A target. Raises UsageError when there is no such target or variable."""
        target = self._gathered(lambda: read_target(self.root, name, variables))
        self.findings.extend(islice(wrong_names(target, self.root), MAX_FINDINGS) if target else ())
        return target

    def project(self, directory: Path, target: TargetSpec | None) -> ProjectSpec | None:
        """The project in ``directory``."""
        return self._once(
            self._projects, directory / PROJECT_FILE, target, lambda document: read_project(document, directory)
        )

    def pipeline(self, file: Path, target: TargetSpec | None) -> PipelineSpec | None:
        """The pipeline in ``file``."""
        return self._once(self._pipelines, file, target, read_pipeline)

    def _once(
        self,
        known: dict[tuple[Path, str], T | None],
        file: Path,
        target: TargetSpec | None,
        read_one: Callable[[Document], T],
    ) -> T | None:
        if file not in self._documents:
            read_in = readable(file, self.root, self.findings)
            self._documents[file] = read_in, read_in is not None and refers(read_in)
        document, differs = self._documents[file]
        if document is None:
            return None
        key = (file, target.name if target and differs else "")
        if key not in known:
            # What a target says that cannot be read itself, nobody knows.
            known[key] = self._read(document, target if differs else None, read_one) if target or not differs else None
        return known[key]

    def _read(self, document: Document, target: TargetSpec | None, read_one: Callable[[Document], T]) -> T | None:
        if target is None:
            return self._gathered(lambda: read_one(document))

        def read_filled() -> T:
            whole = filled(document, target.values, only_deployed if target.name == LOCAL else None)
            if whole.document is document:
                raise InvalidProject(Diagnostics.of(whole.findings))
            try:
                spec = read_one(whole.document)
            except InvalidProject as error:
                found = [*whole.findings, *whole.about_values(error.found)]
                raise InvalidProject(Diagnostics.of(found)) from None
            if whole.findings:
                raise InvalidProject(Diagnostics.of(whole.findings))
            return spec

        return self._gathered(read_filled)

    def _gathered(self, read_one: Callable[[], T]) -> T | None:
        try:
            return read_one()
        except InvalidProject as error:
            self.findings.extend(error.found)
            return None
