"""The bundle as a tree → the jobs that a local run executes, each with its own findings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from framework.compile.official_types import refusals
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.local.foreign_bundle import job_checks, task_checks
from framework.local.foreign_bundle.interpolate import Resolver
from framework.local.foreign_bundle.merge import merge_keyed_lists
from framework.local.foreign_bundle.needed import lacking
from framework.local.foreign_bundle.official import fitted
from framework.local.foreign_bundle.paths import BundleFiles, Paths
from framework.local.foreign_bundle.tree import Placed, finding, plain
from framework.spec.node_path import NodePath

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job


@dataclass(frozen=True)
class Jobs:
    """The jobs without errors, and for every job its findings and those of the jobs that it runs."""

    jobs: Mapping[str, "Job"]
    findings: Mapping[str, tuple[Diagnostic, ...]]


def read(tree: Placed, files: BundleFiles, ids: Mapping[str, int]) -> Jobs:
    """Every job below ``resources.jobs``: resolved, checked, its paths relative to the root."""
    from databricks.bundles.jobs import Job

    own: dict[str, list[Diagnostic]] = {key: [] for key in tree.at("resources", "jobs").fields}
    checked = {key: _checked(tree, key, files, found) for key, found in own.items()}
    runs = job_checks.runs(checked, ids)
    jobs, findings = {}, {}
    for key, job in checked.items():
        reached = job_checks.reached(key, runs)
        found = Diagnostics.of(
            [*job_checks.nesting(reached, runs), *(each for other in reached for each in own[other])]
        )
        findings[key] = found.items
        if not found.errors:
            jobs[key] = Job.from_dict(plain(job))
    return Jobs(jobs, findings)


def _checked(tree: Placed, key: str, files: BundleFiles, findings: list[Diagnostic]) -> Placed:
    """The job with its keyed lists merged and its values of the official types."""
    from databricks.bundles.jobs import Job

    path = ("resources", "jobs", key)
    written = tree.at(*path[:-1])
    # A resolver of its own: what is found on the way belongs to this job.
    job = Resolver(tree, findings).resolve(written.fields[key], path)
    if not isinstance(job.value, dict):
        findings.append(_no_mapping(key, job, written, path))
        return job
    own = {name: value for name, value in job.fields.items() if name != "id"}
    job = fitted(Job, merge_keyed_lists(replace(job, value=own), findings, path), path, findings)
    findings.extend(lacking(job, path, tree.at("variables")))
    job = Paths(files, findings).relative_to_root(job, path)
    findings.extend(task_checks.problems(job, path))
    findings.extend(job_checks.elsewhere(job, path))
    if not Diagnostics(tuple(findings)).errors:
        for refusal in refusals(Job, plain(job)):
            findings.append(finding(refusal.summary, job.place, (*path, *refusal.path)))
    return job


def _no_mapping(key: str, job: Placed, jobs: Placed, path: NodePath) -> Diagnostic:
    if job.value is None:
        return finding(f"job '{key}' says nothing", jobs.key_place(key), path)
    return finding(f"job '{key}' has to be a mapping", job.place, path)
