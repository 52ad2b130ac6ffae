"""Rules about tags: by them cost is charged and owners are found."""

from collections.abc import Iterator, Mapping

from framework.check.policy.native_fields import NativeJob, mapping
from framework.core.diagnostics import Diagnostic
from framework.spec.node_path import quoted
from framework.spec.patterns import is_among, matches
from framework.spec.policy_sections import TagRule
from framework.spec.policy_spec import TargetPolicy
from framework.spec.suggestions import did_you_mean


def required_tags(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A tag that is not there, or has a value that it must not have."""
    if job.is_refused("tags", Mapping):
        return
    tags = mapping(job.values.get("tags"))
    for name, rule in policy.rules.tags.required.items():
        says = policy.says(("tags", "required", name))
        if name not in tags:
            hint = f"Set it under 'tags' in the pipeline, its project.yml or conf/<target>.yml. {says} requires it."
            yield job.missing(f"tag {quoted(name)} is missing", hint, ("tags", name))
        elif rule.pattern is not None and (unknown := [*job.unknown(("tags", name), says)]):
            yield from unknown
        elif problem := _problem(name, str(tags[name]), rule):
            yield job.finding(problem, f"{says} requires it.", ("tags", name))


def _problem(name: str, value: str, rule: TagRule) -> str:
    if not value.strip():
        return f"tag {quoted(name)} is empty"
    if rule.values is not None and not is_among(value, rule.values):
        allowed = ", ".join(map(quoted, rule.values))
        return f"tag {quoted(name)} is {quoted(value)}{did_you_mean(value, rule.values)}; allowed: {allowed}"
    if rule.pattern is not None and not matches(rule.pattern, value):
        return f"tag {quoted(name)} is {quoted(value)}, which does not match {quoted(rule.pattern)}"
    return ""
