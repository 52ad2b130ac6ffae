"""Findings for machines: our own JSON, and SARIF 2.1.0 (docs.oasis-open.org/sarif), which code scanning reads."""

from typing import Any

from framework import __version__
from framework.check.checkout import Validated
from framework.core.diagnostics import Diagnostic
from framework.spec.policy_spec import Waiver

SCHEMA = 1


def as_json(validated: Validated) -> dict[str, Any]:
    """One object; fields may be added, never renamed."""
    found = validated.found
    return {
        "schema": SCHEMA,
        "pipelines": list(validated.pipelines),
        "targets": list(validated.targets),
        "errors": len(found.errors),
        "warnings": len(found.items) - len(found.errors),
        "findings": [_finding(finding) for finding in found],
        "waived": [{**_finding(each.finding), "waiver": _waiver(each.waiver)} for each in validated.waived],
    }


def as_sarif(validated: Validated) -> dict[str, Any]:
    """One run of one tool, with a result for each finding."""
    waived = [each.finding for each in validated.waived]
    rules = sorted({finding.rule or "framework" for finding in (*validated.found, *waived)})
    results = [_result(finding) for finding in validated.found]
    results += [{**_result(each.finding), "suppressions": [_suppression(each.waiver)]} for each in validated.waived]
    driver = {"name": "framework", "version": __version__, "rules": [{"id": rule} for rule in rules]}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _finding(finding: Diagnostic) -> dict[str, Any]:
    place = finding.location
    return {
        "severity": str(finding.severity),
        "rule": finding.rule,
        "summary": finding.summary,
        "path": finding.path,
        "hint": finding.hint,
        "targets": list(finding.targets),
        "location": {"file": place.file, "line": place.line, "column": place.column} if place else None,
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    place = waiver.location
    return {
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
        "location": {"file": place.file, "line": place.line, "column": place.column},
    }


def _suppression(waiver: Waiver) -> dict[str, Any]:
    text = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
    return {"kind": "external", "status": "accepted", "justification": text}


def _result(finding: Diagnostic) -> dict[str, Any]:
    text = ". ".join(part for part in (finding.summary, finding.hint) if part)
    result: dict[str, Any] = {
        "ruleId": finding.rule or "framework",
        "level": str(finding.severity),
        "message": {"text": text},
    }
    if place := finding.location:
        region = {"startLine": place.line, "startColumn": place.column}
        artifact = {"uri": place.file, "uriBaseId": "%SRCROOT%"}
        result["locations"] = [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]
    return result
