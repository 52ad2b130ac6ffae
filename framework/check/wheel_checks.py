"""Rules about the project's package: at a deploy its wheel is built, and none of its code runs.

A local run takes the sources as they are.
"""

from collections.abc import Iterator, Sequence

from framework.core.diagnostics import Diagnostic
from framework.core.errors import InvalidProject
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.python_project import read_python_project
from framework.spec.requirements import Requirements, read_requirements
from framework.spec.target_spec import LOCAL


def wheels_are_static(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """A package that cannot be built without running code, or whose lock no cluster can install."""
    try:
        for pipeline in _deployed(pipelines):
            _requirements(pipeline)
    except InvalidProject as error:
        yield from error.found


def dependencies_are_pinned(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """Dependencies of the project that have no version in a lock: each deploy may install other ones."""
    try:
        for pipeline in _deployed(pipelines):
            yield from _requirements(pipeline).warnings
    except InvalidProject:
        return  # the rule above says why


def _deployed(pipelines: Sequence[ResolvedPipeline]) -> Sequence[ResolvedPipeline]:
    """One stands for all: they share the package."""
    return [pipeline for pipeline in pipelines[:1] if pipeline.target != LOCAL]


def _requirements(pipeline: ResolvedPipeline) -> Requirements:
    directory = pipeline.source_directory.parent
    return read_requirements(directory, pipeline.root, read_python_project(directory, pipeline.root))
