"""Every rule there is: what it finds, how much that weighs, and whether a policy can waive it."""

from collections.abc import Callable
from dataclasses import dataclass

from framework.check.pipeline import RULES, RULES_OF_CHECKOUT, RULES_TOGETHER
from framework.check.policy import environment, waivers
from framework.check.policy.findings import PLAN_RULES, POLICY_RULES, is_waivable, rule_name
from framework.check.thin_checks import thin_entry_points
from framework.core.diagnostics import Severity

FILES = "files"
"""What is said to have found what no rule did: whoever reads the files."""

_WHILE_READING = {
    FILES: "A file that cannot be read, or says what no field can hold.",
    "variables": "A variable that nobody declares or gives a value, or that refers to itself.",
    "overrides": "A pipeline in a target's file that no project has, or that has two names there.",
}
"""What is found before there is a pipeline to look at."""

_WARNINGS = (
    "dependencies_are_pinned",
    "fields_have_an_effect",
    "misread_parameters",
    "names_nobody_makes",
    "parameters_of_runs",
    "retries_repeat_appends",
    "sources_are_not_written",
    "sources_have_a_file",
    "sources_have_a_known_format",
    "tables_read_in_order",
    "unused_task_values",
)


@dataclass(frozen=True)
class RuleInfo:
    """``severity`` is that of most of its findings, unless a policy says otherwise."""

    name: str
    finds: str
    severity: Severity
    waivable: bool


def rules_there_are() -> tuple[RuleInfo, ...]:
    """In the order in which they look; those of policies last."""
    of_files = (RuleInfo(name, finds, Severity.ERROR, waivable=False) for name, finds in _WHILE_READING.items())
    rules: list[Callable[..., object]] = [*RULES, thin_entry_points, *RULES_TOGETHER, *RULES_OF_CHECKOUT]
    named = {getattr(rule, "__name__", ""): rule for rule in rules}
    named.update((rule_name(rule), rule) for rule in POLICY_RULES)
    named |= {environment.RULE: environment.environment_variables, waivers.RULE: waivers.waiver_findings}
    of_plans = (RuleInfo(name, finds, Severity.ERROR, waivable=False) for name, finds in PLAN_RULES.items())
    return (*of_files, *(_info(name, rule) for name, rule in named.items()), *of_plans)


def page() -> str:
    """``docs/reference/rules.md``."""
    rows = (
        f"| `{rule.name}` | {rule.finds} | {rule.severity} | {'yes' if rule.waivable else 'no'} |"
        for rule in rules_there_are()
    )
    return "\n".join([_HEAD, *rows, ""])


def _info(name: str, rule: Callable[..., object]) -> RuleInfo:
    finds = (rule.__doc__ or "").partition("\n")[0].replace("``", "`")
    return RuleInfo(name, finds, Severity.WARNING if name in _WARNINGS else Severity.ERROR, is_waivable(name))


_HEAD = """\
# What is found

The rules of `framework validate`, by the names that `-o json`, `-o sarif`, and the `severities` and `waivers` of a
[policy](policy.md) use. One that can be waived can be weighed differently, too; so can those of plans (`policy.plan_*`)
that `framework plan`, `deploy`, `rollback` and `destroy` find. This page is made from the code.

| rule | what it finds | severity | can be waived |
|---|---|---|---|"""
