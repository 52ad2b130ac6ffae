"""The pipelines that a pipeline runs, resolved like itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from framework.resolve.job_references import pipelines_run
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.loader import ProjectSource, load


def run_by(
    pipeline: ResolvedPipeline, source: ProjectSource, variables: Mapping[str, str], source_files: Mapping[str, Path]
) -> Iterator[ResolvedPipeline]:
    """The other pipelines of the project that ``pipeline``, made of ``source``, runs, directly or not."""
    seen = {pipeline.pipeline}
    left = [pipeline]
    while left:
        for _, name in pipelines_run(left.pop()):
            if name in source.siblings and name not in seen:
                seen.add(name)
                other = load(source.root, source.project.name, name, source.target.name, None, variables)
                left.append(resolve(other, source_files))
                yield left[-1]
