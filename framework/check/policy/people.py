"""Rules about people: whom jobs run as, who may do what with them, who hears of a failure."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.check.policy.native_fields import NativeFields, NativeJob, elements, mapping, value_at
from framework.core.diagnostics import Diagnostic
from framework.spec.node_path import NodePath, quoted
from framework.spec.patterns import is_among
from framework.spec.policy_sections import PermissionRule
from framework.spec.policy_spec import PRINCIPALS, TargetPolicy

_LEVELS = ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER")
"""Each includes those before it."""
_SUBSCRIBERS = (
    ("sql_task", "alert", "subscriptions"),
    ("sql_task", "dashboard", "subscriptions"),
    ("dashboard_task", "subscription", "subscribers"),
    ("alert_task", "subscribers"),
)
"""Where tasks name those who get their result, beside the notifications."""


def run_as(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A job that runs as a person, or as a principal that is not allowed."""
    rule = policy.rules.run_as
    if not rule.service_principal and rule.allowed is None:
        return
    if job.is_refused("run_as", Mapping):
        return
    written = {kind: name for kind, name in mapping(job.values.get("run_as")).items() if name != ""}
    who = ", ".join(quoted(str(name)) for name in written.values())
    says = policy.says(("run_as", "service_principal" if rule.service_principal else "allowed"))
    hint = f"Write run_as: {{service_principal_name: …}}. {says} requires it."
    if unknown := [*job.unknown(("run_as",), says)]:
        yield from unknown
    elif not written:
        yield job.missing("run_as is missing: the job would run as whoever deploys it", hint, ("run_as",))
    elif len(written) > 1:
        yield job.finding(f"the job must run as one principal, found {who}", hint, ("run_as",))
    elif rule.service_principal and "service_principal_name" not in written:
        yield job.finding(f"the job runs as {who}, which is no service principal", hint, ("run_as",))
    elif rule.allowed is None:
        yield from job.unknown(("run_as", *written), says)
    elif not any(is_among(str(name), rule.allowed) for name in written.values()):
        yield job.finding(f"the job may not run as {who}", policy.lists(("run_as", "allowed")), ("run_as", *written))


def permissions(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A permission that is missing, or that nobody may have."""
    rules = policy.rules.permissions
    if job.is_refused("permissions", list):
        return
    written = [mapping(each) for each in elements(job.values.get("permissions"))]
    for index, rule in enumerate(rules.required):
        if not any(_grants(each, rule) for each in written):
            says = policy.says(("permissions", "required", index))
            hint = f"{says} requires it. The list in a target's file replaces that of conf/base.yml."
            yield job.missing(f"{_words(rule, 'a')} is missing", hint, ("permissions", len(written)))
    for index, rule in enumerate(rules.forbidden):
        says = policy.says(("permissions", "forbidden", index))
        yield from job.unknown(("permissions",), says)
        for number, each in enumerate(written):
            if _grants(each, rule):
                yield job.finding(f"{_words(rule, 'any')} is forbidden", f"{says} forbids it.", ("permissions", number))
            else:
                yield from _unknown_grant(job, number, rule, says)


def notifications(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """An event of which nobody hears, or somebody who may not."""
    rules = policy.rules.notifications
    for index, event in enumerate(rules.required):
        says = policy.says(("notifications", "required", index))
        places = [(f"{how}_notifications", event) for how in ("email", "webhook")]
        told = (each for place in places for each in elements(value_at(job.values, place)))
        if any(_address(each).strip() for each in told):
            continue
        if unknown := [finding for place in places for finding in job.unknown(place, says)]:
            yield from unknown
        else:
            hint = f"Write databricks: {{email_notifications: {{{event}: […]}}}}, or webhook_notifications. "
            summary = f"nobody is notified {event.replace('_', ' ')}"
            yield job.missing(summary, f"{hint}{says} requires it.", ("email_notifications",))
    for fields in (job, *job.tasks):
        yield from _addresses(fields, policy)


def _addresses(fields: NativeFields, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """Those who are told, or get a result, and may not."""
    allowed = policy.rules.notifications
    for how, key, among in (("email", "user_name", allowed.emails), ("webhook", "destination_id", allowed.webhooks)):
        if among is None:
            continue
        rule = ("notifications", f"{how}s")
        for path, address in _told(fields, how, key):
            if address is None:
                yield from fields.unknown(path, policy.says(rule))
            elif not is_among(str(address), among):
                yield fields.finding(f"{how} {quoted(str(address))} is not allowed", policy.lists(rule), path)


def _told(fields: NativeFields, how: str, key: str) -> Iterator[tuple[NodePath, Any]]:
    """Every address with its path, and every place where one could stand."""
    name = f"{how}_notifications"
    yield (name,), None
    for event, addresses in mapping(fields.values.get(name)).items():
        yield (name, event), None
        yield from (((name, event, index), _address(each)) for index, each in enumerate(elements(addresses)))
    for way in _SUBSCRIBERS:
        yield way, None
        for index, each in enumerate(elements(value_at(fields.values, way))):
            yield (*way, index, key), mapping(each).get(key)
            yield (*way, index), None


def _address(written: Any) -> str:
    """An email, or the id of a webhook."""
    value = written.get("id") if isinstance(written, Mapping) else written
    return "" if value is None else str(value)


def _unknown_grant(job: NativeJob, number: int, rule: PermissionRule, says: str) -> Iterator[Diagnostic]:
    """A permission that may be what ``rule`` forbids, once the bundle has filled it in."""
    kind, name = _principal(rule)
    yield from job.unknown(("permissions", number, kind), says)
    written = mapping(elements(job.values["permissions"])[number])
    if is_among(str(written.get(kind, "")), [name]) and rule.level is not None:
        yield from job.unknown(("permissions", number, "level"), says)


def _grants(written: Mapping[str, Any], rule: PermissionRule) -> bool:
    """Whether ``written`` gives the principal of ``rule`` its level, or one that includes it."""
    kind, name = _principal(rule)
    level = written.get("level")
    high_enough = rule.level is None or (level in _LEVELS and _LEVELS.index(level) >= _LEVELS.index(rule.level))
    return high_enough and kind in written and is_among(str(written[kind]), [name])


def _words(rule: PermissionRule, article: str) -> str:
    kind, name = _principal(rule)
    what = f"permission {rule.level}" if rule.level else f"{article} permission"
    return f"{what} for {kind.removesuffix('_name').replace('_', ' ')} {quoted(name)}"


def _principal(rule: PermissionRule) -> tuple[str, str]:
    return next((kind, name) for kind in PRINCIPALS if (name := getattr(rule, kind)) is not None)
