"""Rules about people: whom jobs run as, who may do what with them, who hears of a failure."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.check.policy.native_fields import NativeFields, NativeJob, listed, mapping
from framework.core.diagnostics import Diagnostic
from framework.spec.node_path import quoted
from framework.spec.patterns import is_among
from framework.spec.policy_sections import PermissionRule
from framework.spec.policy_spec import TargetPolicy

_LEVELS = ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER")
"""Each includes those before it."""


def run_as(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A job that runs as a person, or as a principal that is not allowed."""
    rule = policy.rules.run_as
    written = mapping(job.values.get("run_as"))
    hint = "Write run_as: {service_principal_name: …}. "
    if rule.service_principal and "service_principal_name" not in written:
        hint += f"{policy.says(('run_as', 'service_principal'))} requires it."
        for name in written.values():
            who = quoted(str(name))
            yield job.finding(f"the job runs as {who}, which is no service principal", hint, ("run_as",))
    elif rule.allowed is not None:
        hint += f"{policy.says(('run_as', 'allowed'))} lists those that are allowed."
        for kind, name in written.items():
            if not is_among(str(name), rule.allowed):
                yield job.finding(f"the job may not run as {quoted(str(name))}", hint, ("run_as", kind))
    if not written and (rule.service_principal or rule.allowed is not None):
        yield job.missing("run_as is missing: the job would run as whoever deploys it", hint, ("run_as",))


def permissions(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A permission that is missing, or that nobody may have."""
    rules = policy.rules.permissions
    written = [mapping(each) for each in listed(job.values.get("permissions"))]
    for index, rule in enumerate(rules.required):
        if not any(_grants(each, rule) for each in written):
            says = policy.says(("permissions", "required", index))
            hint = f"{says} requires it. The list in a target's file replaces that of conf/base.yml."
            yield job.missing(f"permission {_words(rule)} is missing", hint, ("permissions", len(written)))
    for index, rule in enumerate(rules.forbidden):
        for number, each in enumerate(written):
            if _grants(each, rule):
                hint = f"{policy.says(('permissions', 'forbidden', index))} forbids it."
                yield job.finding(f"permission {_words(rule)} is forbidden", hint, ("permissions", number))


def notifications(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """An event of which nobody hears, or somebody who may not."""
    rules = policy.rules.notifications
    for index, event in enumerate(rules.required):
        if not any(mapping(job.values.get(f"{how}_notifications")).get(event) for how in ("email", "webhook")):
            hint = (
                f"Write databricks: {{email_notifications: {{{event}: […]}}}}, or webhook_notifications. "
                f"{policy.says(('notifications', 'required', index))} requires it."
            )
            yield job.missing(f"nobody is notified {event.replace('_', ' ')}", hint, ("email_notifications",))
    for fields in (job, *job.tasks):
        yield from _addresses(fields, policy)


def _addresses(fields: NativeFields, policy: TargetPolicy) -> Iterator[Diagnostic]:
    allowed = {"email": policy.rules.notifications.emails, "webhook": policy.rules.notifications.webhooks}
    for how, among in allowed.items():
        name = f"{how}_notifications"
        events = mapping(fields.values.get(name)) if among is not None else {}
        for event, addresses in events.items():
            for index, address in enumerate(listed(addresses)):
                text = str(mapping(address).get("id", address))
                if not is_among(text, among or ()):
                    hint = f"{policy.says(('notifications', f'{how}s'))} lists those that are."
                    yield fields.finding(f"{how} {quoted(text)} is not allowed", hint, (name, event, index))


def _grants(written: Mapping[str, Any], rule: PermissionRule) -> bool:
    """Whether ``written`` gives the principal of ``rule`` its level, or one that includes it."""
    kind, name = _principal(rule)
    level = written.get("level")
    high_enough = rule.level is None or (level in _LEVELS and _LEVELS.index(level) >= _LEVELS.index(rule.level))
    return high_enough and kind in written and is_among(str(written[kind]), [name])


def _words(rule: PermissionRule) -> str:
    kind, name = _principal(rule)
    return f"{rule.level or 'of any level'} for {kind.removesuffix('_name').replace('_', ' ')} {quoted(name)}"


def _principal(rule: PermissionRule) -> tuple[str, str]:
    kinds = ("user_name", "group_name", "service_principal_name")
    return next((kind, name) for kind in kinds if (name := getattr(rule, kind)) is not None)
