"""``conf/policy.yml``: what every project has to keep; ``projects/<project>/policy.yml`` may only add to it.

Both files are checked by themselves, so nothing in a project's file can loosen what conf/ says.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from framework.core.diagnostics import Diagnostic, Diagnostics, Location
from framework.core.errors import InvalidProject
from framework.spec.entry import Entry
from framework.spec.files import readable, yaml_files
from framework.spec.layers import merged
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.patterns import problem_with_pattern, too_many
from framework.spec.policy_sections import (
    BranchesSection,
    DeploySection,
    PolicyFields,
    PolicyRules,
    WaiverFields,
    patterns_in,
)
from framework.spec.suggestions import did_you_mean, listed
from framework.spec.target_spec import LOCAL, known_targets
from framework.spec.validation import MAX_FINDINGS, validated
from framework.spec.yaml_source import Document

POLICY = "policy"
"""The name of the file, without its suffix."""

_OF_PROJECT = (f"{POLICY}.yml", f"{POLICY}.yaml")
_LOCALLY = ("names", "thin", "environment_variables", "severities")
"""What holds for the target ``local`` too: it has neither compute of its own nor anybody who pays for it."""
_BY_TARGET = frozenset(each.name for each in fields(PolicyRules))
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST_LISTED = 5
PRINCIPALS = ("user_name", "group_name", "service_principal_name")
"""The fields of a permission that say whose it is."""


@dataclass(frozen=True)
class TargetPolicy:
    """What one file says for one target. ``tightens`` says that it is a project's: it can add, not take away."""

    rules: PolicyRules
    target: str
    document: Document
    tightens: bool

    def place(self, path: NodePath) -> Location:
        """Where the value at ``path`` stands: under the target, or for all targets."""
        return self.document.location(self._in_file(path))

    def key_place(self, path: NodePath) -> Location:
        """Where the key stands that ``path`` ends with."""
        return self.document.key_location(self._in_file(path))

    def says(self, path: NodePath) -> str:
        """``conf/policy.yml:12``, to name in a hint."""
        place = self.place(path)
        return f"{place.file}:{place.line}"

    def lists(self, path: NodePath) -> str:
        """``conf/policy.yml:12 allows 'a', 'b'.`` of the list at ``path``, to give as a hint."""
        allowed: Any = self.rules
        for step in path:
            allowed = getattr(allowed, str(step))
        names = ", ".join(map(quoted, allowed[:_MOST_LISTED])) + (", …" if len(allowed) > _MOST_LISTED else "")
        return f"{self.says(path)} allows {names or 'none'}."

    def _in_file(self, path: NodePath) -> NodePath:
        own = ("targets", self.target, *path)
        return own if self.document.depth(own) == len(own) else path


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """An exception: ``rule`` does not count at ``at``, in ``file``, until the day ``expires`` has passed."""

    rule: str
    at: str
    reason: str
    owner: str
    expires: date
    targets: tuple[str, ...]
    file: str
    location: Location
    path: str


@dataclass(frozen=True, kw_only=True)
class Thin:
    """What notebooks and main modules may hold."""

    max_statements: int = 20
    allow_functions: bool = False
    allow_classes: bool = False
    allow_loops: bool = False
    allow_sql: bool = False


@dataclass(frozen=True)
class PolicySpec:
    """The policy of the organisation and, after it, what a project adds, by target. Without a file, nothing."""

    targets: Mapping[str, tuple[TargetPolicy, ...]] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    max_waiver_days: int | None = None

    def of_target(self, target: str) -> tuple[TargetPolicy, ...]:
        """What the files say for ``target``, the organisation's first."""
        return self.targets.get(target, ())

    def thin(self, target: str) -> Thin | None:
        """The stricter of the files, field by field; None without any file.

        What the organisation leaves out has its default: a project can be stricter than that, too, and no more.
        """
        strictest = vars(Thin())
        for policy in self.of_target(target):
            said = {name: value for name, value in vars(policy.rules.thin).items() if value is not None}
            if policy.tightens:
                said = {name: min(value, strictest[name]) for name, value in said.items()}
            strictest = {**strictest, **said}
        return Thin(**strictest) if self.of_target(target) else None

    def environment_variables(self, target: str) -> frozenset[str] | None:
        """The X for which ``${env:X}`` is allowed; None when no file says."""
        said = [policy.rules.environment_variables for policy in self.of_target(target)]
        allowed = [frozenset(names) for names in said if names is not None]
        return frozenset.intersection(*allowed) if allowed else None

    def branches(self, target: str) -> tuple[BranchesSection, ...]:
        """The rules that a branch or tag has to keep, each of them, to be deployed."""
        return tuple(policy.rules.branches for policy in self.of_target(target))

    def deployers(self, target: str) -> tuple[DeploySection, ...]:
        """The rules that whoever deploys has to keep, each of them."""
        return tuple(policy.rules.deploy for policy in self.of_target(target))

    def auditors(self, target: str) -> tuple[str, ...]:
        """The groups that may read the records of all runs: the organisation alone says that."""
        said = [policy.rules.ops.auditors for policy in self.of_target(target) if not policy.tightens]
        return tuple(dict.fromkeys(name for names in said for name in names))

    def training_inputs_days(self, target: str) -> int:
        """For how many days the versions of tables that models are trained on are kept: the longest of the files."""
        return max((policy.rules.retention.training_inputs_days or 0 for policy in self.of_target(target)), default=0)

    def run_records_days(self, target: str) -> int | None:
        """For how many days the rows of run records are kept: the longest of the files; None, for good.

        What the organisation leaves out stays for good: a project can keep more than that, and no less.
        """
        said = [(policy.rules.retention.run_records_days, policy.tightens) for policy in self.of_target(target)]
        days = [each or 0 for each, _ in said]
        return max(days) if any(each and not tightens for each, tightens in said) else None


NO_POLICY = PolicySpec()
"""Demands nothing."""


def read_policy(root: Path, project_directory: Path | None = None) -> PolicySpec:
    """The policy in conf/, with that of a project. Raises InvalidProject with every finding in the files."""
    findings: list[Diagnostic] = []
    waivers: list[Waiver] = []
    targets: dict[str, tuple[TargetPolicy, ...]] = {}
    names = known_targets(root)
    limits: list[int] = []
    for file, tightens in _files(root, project_directory):
        document = readable(file, root, findings)
        if document and (written := _fields(document, names, tightens, findings)):
            waivers += _waivers(written.waivers, document, findings)
            limits += [] if written.max_waiver_days is None else [written.max_waiver_days]
            for name in names:
                targets[name] = (*targets.get(name, ()), _of_target(document, name, tightens))
    if findings:
        raise InvalidProject(Diagnostics.of(findings))
    return PolicySpec(targets, tuple(waivers), min(limits, default=None))


def _files(root: Path, project_directory: Path | None) -> Iterator[tuple[Path, bool]]:
    """The files that are there, the organisation's first, and whether each is a project's."""
    if file := yaml_files(root / "conf", root).get(POLICY):
        yield file, False
    for name in _OF_PROJECT if project_directory else ():
        if project_directory and os.path.lexists(project_directory / name):
            yield project_directory / name, True


def _fields(
    document: Document, targets: tuple[str, ...], tightens: bool, findings: list[Diagnostic]
) -> PolicyFields | None:
    entry = Entry(document, (), _value(document))
    if not isinstance(entry.value, dict):
        findings.append(entry.finding("the file must be a mapping"))
        return None
    before = len(findings)
    written = validated(PolicyFields, entry, findings)
    if written is None:
        return None
    for name in written.targets:
        if name not in targets and len(findings) < MAX_FINDINGS:
            hint = f"There are: {listed(targets)}. A target is a file in conf/."
            summary = f"no target {quoted(name)}{did_you_mean(name, targets)}"
            findings.append(entry.at(("targets",)).key_finding(summary, hint, name))
    all_rules = (entry, *(entry.at(("targets", name)) for name in written.targets))
    if too_many(pattern for rules in all_rules for _, pattern in patterns_in(rules.fields)):
        hint = r"Repeat [A-Za-z0-9_] instead of \w, which is every letter of every language, or have fewer of them."
        findings.append(entry.finding("all patterns together are too large to be matched fast", hint))
        return None
    for rules in all_rules:
        findings.extend(islice(_problems(rules, tightens), MAX_FINDINGS))
    if tightens and written.waivers:
        hint = "Ask for it in conf/policy.yml, where those who own the policy see it."
        findings.append(entry.key_finding("a project's policy can hold no waivers", hint, "waivers"))
    return written if len(findings) == before else None


def _problems(rules: Entry, tightens: bool) -> Iterator[Diagnostic]:
    """What the types of the fields cannot say."""
    for path, pattern in patterns_in(rules.fields):
        if problem := problem_with_pattern(pattern):
            yield rules.finding(f"{quoted(pattern)} is not a regular expression: {problem}", below=path)
    for kind, permissions in rules.fields.get("permissions", {}).items():
        for index, permission in enumerate(permissions):
            if sum(name in permission for name in PRINCIPALS) != 1:
                summary = f"a permission names one of {', '.join(PRINCIPALS)}"
                yield rules.finding(summary, below=("permissions", kind, index))
    for rule, severity in rules.fields.get("severities", {}).items():
        if tightens and severity == "off":
            hint = "It can make it an error. What the organisation checks stands in conf/policy.yml."
            yield rules.finding("a project's policy cannot turn a rule off", hint, ("severities", rule))


def _waivers(written: list[WaiverFields], document: Document, findings: list[Diagnostic]) -> Iterator[Waiver]:
    entry = Entry(document, (), document.value)
    for index, waiver in enumerate(written):
        if len(findings) >= MAX_FINDINGS:
            return
        path: NodePath = ("waivers", index)
        for name in ("reason", "owner"):
            if not getattr(waiver, name).strip():
                findings.append(entry.finding(f"a waiver needs its {name}", below=(*path, name)))
        if not 1 <= len(waiver.at.split("/")) <= 3 or "" in waiver.at.split("/"):
            hint = "Write a project, project/pipeline or project/pipeline/task; * stands for any characters."
            findings.append(entry.finding(f"{quoted(waiver.at)} is no place for a waiver", hint, (*path, "at")))
        if (expires := _date(waiver.expires)) is None:
            summary = f"expires must be a date such as 2030-12-31, found {quoted(waiver.expires)}"
            findings.append(entry.finding(summary, below=(*path, "expires")))
        else:
            where = {"targets": tuple(waiver.targets or ("*",)), "file": waiver.file or "*"}
            place = {"location": document.location(path), "path": format_path(path)}
            values: dict[str, Any] = {**vars(waiver), "expires": expires, **where, **place}
            yield Waiver(**values)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _of_target(document: Document, target: str, tightens: bool) -> TargetPolicy:
    """The rules for one target: what the file says for all, under what it says for this one."""
    written = _value(document)
    for_all = {
        name: value for name, value in written.items() if name in _BY_TARGET and (target != LOCAL or name in _LOCALLY)
    }
    whole = merged([for_all, written.get("targets", {}).get(target, {})])
    rules = validated(PolicyRules, Entry(document, (), whole), [])
    return TargetPolicy(rules or PolicyRules(), target, document, tightens)


def _value(document: Document) -> Any:
    return {} if document.value is None else document.value
