"""The resolved tree → the jobs that a local run executes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from framework.compile.official_types import refusals
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.local.foreign_bundle import job_checks, task_checks
from framework.local.foreign_bundle.merge import merge_keyed_lists
from framework.local.foreign_bundle.official import fitted
from framework.local.foreign_bundle.paths import Paths
from framework.local.foreign_bundle.tree import Placed, finding, plain

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job


def checked(jobs: Placed, paths: Paths, ids: Mapping[str, int], findings: list[Diagnostic]) -> Mapping[str, Placed]:
    """Each job with its keyed lists merged, its values of the official types and its paths relative to the root."""
    from databricks.bundles.jobs import Job

    result = {}
    for key, written in jobs.fields.items():
        path = ("resources", "jobs", key)
        if not isinstance(written.value, dict):
            findings.append(finding(f"job '{key}' says nothing", jobs.key_place(key), path))
            continue
        own = {name: value for name, value in written.fields.items() if name != "id"}
        job = fitted(Job, merge_keyed_lists(replace(written, value=own), findings, path), path, findings)
        job = paths.relative_to_root(job, path)
        findings.extend(task_checks.problems(job, path))
        result[key] = job
    findings.extend(job_checks.problems(result, ids))
    return result


def official(jobs: Mapping[str, Placed]) -> dict[str, "Job"]:
    """The jobs as values of the official type. Raises InvalidProject for what that type refuses still."""
    from databricks.bundles.jobs import Job

    values = {key: plain(job) for key, job in jobs.items()}
    refused = [
        finding(refusal.summary, jobs[key].place, ("resources", "jobs", key, *refusal.path))
        for key, value in values.items()
        for refusal in refusals(Job, value)
    ]
    if refused:
        raise InvalidProject(Diagnostics.of(refused))
    return {key: Job.from_dict(value) for key, value in values.items()}
