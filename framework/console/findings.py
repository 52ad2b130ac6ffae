"""Findings, in the shape that the Databricks CLI's users know."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from framework.console.results import several
from framework.core.diagnostics import Diagnostics, Severity
from framework.spec.suggestions import listed

if TYPE_CHECKING:
    from framework.check.checkout import Validated

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def fails(found: Diagnostics, strict: bool) -> bool:
    """Whether what was found makes a command fail."""
    return bool(found.errors) or (strict and bool(found))


def show_findings(console: Console, found: Diagnostics, strict: bool = False) -> None:
    """Every finding, then a count when there are several, and why warnings fail where they do."""
    for finding in found:
        head, _, rest = str(finding).partition(": ")
        console.print(Text.assemble((f"{head}: ", _STYLES[finding.severity]), rest))
    if len(found.items) > 1:
        errors = len(found.errors)
        console.print(f"\nFound {several(errors, 'error')} and {several(len(found.items) - errors, 'warning')}.")
    if fails(found, strict) and not found.errors:
        console.print("\nWarnings count as errors (--strict).")


def show_sound(console: Console, validated: "Validated") -> None:
    """That nothing was found, and in what."""
    if not validated.pipelines:
        console.print("There is no pipeline yet, so there was nothing to look at.")
        return
    pipelines, targets = len(validated.pipelines), ", ".join(validated.targets)
    looked_at = f"{several(pipelines, 'pipeline')} with {several(validated.tasks, 'task')} for {targets}"
    console.print(Text.assemble(("Valid", "green"), f": {looked_at}."))


def show_left_out(console: Console, validated: "Validated") -> None:
    """What was not looked at."""
    left_out = validated.left_out
    if left_out.unchecked:
        console.print(f"Most rules could not look at {listed(left_out.unchecked)} yet. Mend these first.")
    if left_out.empty and validated.pipelines:
        console.print(f"Without a pipeline: {listed(left_out.empty)}.")
    if left_out.partial:
        rules = several(len(left_out.partial), "rule")
        console.print(f"{rules} would look at more than this: framework validate")
