"""Findings for machines: our own JSON, and SARIF 2.1.0 (docs.oasis-open.org/sarif), which code scanning reads."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from framework import __version__
from framework.check.checkout import Validated
from framework.check.rule_list import FILES, RuleInfo, rules_there_are
from framework.console.findings import fails
from framework.core.diagnostics import Diagnostic
from framework.core.printable import printable
from framework.spec.policy_spec import Waiver

SCHEMA = 1


def as_json(validated: Validated, strict: bool = False) -> dict[str, Any]:
    """One object; fields may be added, never renamed."""
    found = validated.found
    return {
        "schema": SCHEMA,
        "pipelines": list(validated.pipelines),
        "targets": list(validated.targets),
        "errors": len(found.errors),
        "warnings": len(found.items) - len(found.errors),
        "strict": strict,
        "failed": fails(found, strict),
        "left_out": {what: [*map(printable, names)] for what, names in vars(validated.left_out).items()},
        "findings": [_finding(finding) for finding in found],
        "waived": [{**_finding(each.finding), "waiver": _waiver(each.waiver)} for each in validated.waived],
    }


def as_sarif(validated: Validated) -> dict[str, Any]:
    """One run of one tool, with a result for each finding."""
    waived = [each.finding for each in validated.waived]
    named = {_rule(finding) for finding in (*validated.found, *waived)}
    results = [_result(finding) for finding in validated.found]
    results += [{**_result(each.finding), "suppressions": [_suppression(each.waiver)]} for each in validated.waived]
    _add_fingerprints(results, [*validated.found, *waived])
    rules = [_described(rule) for rule in rules_there_are() if rule.name in named]
    driver = {"name": "framework", "version": __version__, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _rule(finding: Diagnostic) -> str:
    return finding.rule or FILES


def _described(rule: RuleInfo) -> dict[str, Any]:
    waivable = "A policy can waive it or weigh it differently." if rule.waivable else "It cannot be waived."
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.finds},
        "fullDescription": {"text": rule.finds},
        "help": {"text": f"{rule.finds} {waivable} See docs/reference/rules.md."},
        "defaultConfiguration": {"level": str(rule.severity)},
    }


def _finding(finding: Diagnostic) -> dict[str, Any]:
    place = finding.location
    return {
        "severity": str(finding.severity),
        "rule": _rule(finding),
        "summary": finding.summary,
        "path": finding.path,
        "hint": finding.hint,
        "targets": list(finding.targets),
        "location": {"file": place.file, "line": place.line, "column": place.column} if place else None,
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    place = waiver.location
    return {
        "reason": printable(waiver.reason),
        "owner": printable(waiver.owner),
        "expires": waiver.expires.isoformat(),
        "location": {"file": place.file, "line": place.line, "column": place.column},
    }


def _suppression(waiver: Waiver) -> dict[str, Any]:
    text = printable(f"{waiver.reason} ({waiver.owner}, until {waiver.expires})")
    return {"kind": "external", "status": "accepted", "justification": text}


def _result(finding: Diagnostic) -> dict[str, Any]:
    targets = f"For target {', '.join(finding.targets)}" if finding.targets else ""
    text = ". ".join(part for part in (finding.summary, targets, finding.hint) if part)
    result: dict[str, Any] = {
        "ruleId": _rule(finding),
        "level": str(finding.severity),
        "message": {"text": text},
        "properties": {"targets": list(finding.targets)},
    }
    if place := finding.location:
        region = {"startLine": place.line, "startColumn": place.column}
        artifact = {"uri": quote(place.file), "uriBaseId": "%SRCROOT%"}
        result["locations"] = [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]
    return result


def _add_fingerprints(results: Iterable[dict[str, Any]], findings: Iterable[Diagnostic]) -> None:
    """What stays the same when lines move, so that code scanning knows a finding again; several alike are numbered."""
    seen: Counter[str] = Counter()
    for result, finding in zip(results, findings, strict=True):
        file = finding.location.file if finding.location else ""
        text = "\n".join((_rule(finding), file, finding.path, finding.summary))
        fingerprint = sha256(text.encode()).hexdigest()[:32]
        seen[fingerprint] += 1
        result["partialFingerprints"] = {"primaryLocationLineHash": f"{fingerprint}:{seen[fingerprint]}"}
