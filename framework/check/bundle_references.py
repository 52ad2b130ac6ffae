"""The ``${…}`` that stay for the bundle: what each names has to be there when it is deployed.

From docs.databricks.com/dev-tools/bundles/variables. ``${var.x}`` and ``${env:X}`` are filled in before.
"""

import re
from collections.abc import Collection, Iterator

from framework.spec.node_path import quoted
from framework.spec.suggestions import close_match, did_you_mean

_REFERENCE = re.compile(r"(?<!\$)\$\{([A-Za-z][\w-]*+)\.([^{}]*+)\}")
_UNCLOSED = re.compile(r"(?<!\$)\$\{(?:(?:var|bundle|workspace|resources)\.|env:)[^{}\s]*+(?!\})")
_NAMESPACES = ("artifacts", "bundle", "env", "resources", "var", "variables", "workspace")
_MEMBERS = {
    "bundle": (
        "cluster_id", "compute_id", "databricks_cli_version", "deployment", "environment", "git.actual_branch",
        "git.branch", "git.bundle_root_path", "git.commit", "git.origin_url", "mode", "name", "target", "uuid",
    ),
    "workspace": (
        "artifact_path", "auth_type", "current_user.active", "current_user.displayName",
        "current_user.domain_friendly_name", "current_user.id", "current_user.short_name", "current_user.userName",
        "current_user.user_name", "file_path", "host", "profile", "resource_path", "root_path", "state_path",
    ),
}  # fmt: skip
_OF_A_JOB = ("id", "name", "url")
_HINT = "References are ${var.…}, ${bundle.…}, ${workspace.…} and ${resources.jobs.…}."


def problems_in(text: str, jobs: Collection[str]) -> Iterator[tuple[str, str]]:
    """What is certainly wrong with the references in ``text`` of a bundle with those jobs, and what to do."""
    if "${" not in text:
        return
    for written in _UNCLOSED.findall(text):
        yield f"{quoted(written)} is not closed", "Write a '}' behind the name."
    for namespace, member in _REFERENCE.findall(text):
        if problem := _problem(namespace, member, jobs):
            yield f"{quoted(f'${{{namespace}.{member}}}')} refers to nothing: {problem[0]}", problem[1]


def _problem(namespace: str, member: str, jobs: Collection[str]) -> tuple[str, str] | None:
    if namespace not in _NAMESPACES:
        return f"a bundle has no '{namespace}'{did_you_mean(namespace, _NAMESPACES)}", _HINT
    if namespace == "resources" and member.startswith("jobs."):
        return _of_jobs(member.removeprefix("jobs."), jobs)
    members = _MEMBERS.get(namespace, ())
    # Of what is like no member that is known, the documentation may say more one day.
    if members and member not in members and (close := close_match(member, members)):
        return f"a {namespace} has no '{member}'", f"Did you mean '${{{namespace}.{close}}}'?"
    return None


def _of_jobs(member: str, jobs: Collection[str]) -> tuple[str, str] | None:
    job, _, field = member.partition(".")
    if job not in jobs:
        return f"there is no pipeline '{job}'{did_you_mean(job, jobs)}", "Name a pipeline of the project."
    if field not in _OF_A_JOB and (not field or close_match(field, _OF_A_JOB)):
        return f"a job has no '{field}'", f"Did you mean '${{resources.jobs.{job}.id}}'?"
    return None
