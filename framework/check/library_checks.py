"""Rules about the packages of tasks."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from framework.check.finding import finding, path_in_job
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath, quoted
from framework.spec.target_spec import LOCAL

_KINDS = ("whl", "jar", "egg", "requirements")
_ELSEWHERE = re.compile(r"/|[A-Za-z][A-Za-z0-9+.-]+:|.*\$\{")
_FILE = re.compile(r"(?:-r\s+|-e\s+)?(?P<path>\.{1,2}/.*|[^\s@]+\.whl|(?<=-r )\S+)")
_HINT = "The project's own code is there as its wheel. Put another one into a volume: /Volumes/…"


def libraries_are_deployed(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A library or dependency that is a file beside the project's: no bundle holds it. A local run may have it."""
    for path, written in (*_libraries(pipeline), *_dependencies(pipeline)) if pipeline.target != LOCAL else ():
        if not _ELSEWHERE.match(written):
            yield finding(pipeline, path, f"the file {quoted(written)} is not deployed", _HINT)


def _libraries(pipeline: ResolvedPipeline) -> Iterator[tuple[NodePath, str]]:
    for level in pipeline.levels:
        for index, library in enumerate(_list(level.settings.get("libraries"))):
            named = library.items() if isinstance(library, Mapping) else ()
            for kind, path in named:
                if kind in _KINDS and isinstance(path, str):
                    yield (*level.settings_path, "libraries", index, kind), path


def _dependencies(pipeline: ResolvedPipeline) -> Iterator[tuple[NodePath, str]]:
    for number, environment in enumerate(_list(pipeline.job.get("environments"))):
        spec = environment.get("spec") if isinstance(environment, Mapping) else None
        for index, written in enumerate(_list(spec.get("dependencies")) if isinstance(spec, Mapping) else ()):
            if isinstance(written, str) and (file := _FILE.fullmatch(written.strip())):
                yield path_in_job(pipeline, ("environments", number, "spec", "dependencies", index)), file["path"]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
