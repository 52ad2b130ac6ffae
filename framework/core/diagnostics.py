"""What a check found, and where: values that print in the Databricks CLI's own shape."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: an error stops the phase, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file. ``line`` and ``column`` count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Diagnostic:
    """One finding.

    ``summary`` says what is wrong in one line, ``path`` names the node (``tasks[3].model``), ``hint`` gives the
    likely cause or the next command, ``rule`` names the check that found it (``cycles``),
    ``targets`` those that it holds for when it does not hold for all that were looked at.
    """

    summary: str
    location: Location | None = None
    path: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    rule: str = ""
    targets: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.severity.capitalize()}: {self.summary}"]
        if self.path:
            lines.append(f"  at {self.path}")
        if self.location:
            lines.append(f"  in {self.location}")
        if self.targets:
            lines.append(f"  for target {', '.join(self.targets)}")
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Diagnostics:
    """Findings in the order of their places. Truthy when there is at least one."""

    items: tuple[Diagnostic, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Diagnostic]) -> "Diagnostics":
        """Sort ``findings`` by place and drop repetitions."""
        nowhere = Location("", 0, 0)
        return cls(tuple(sorted(dict.fromkeys(findings), key=lambda d: d.location or nowhere)))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Only the findings that stop a phase."""
        return tuple(d for d in self.items if d.severity is Severity.ERROR)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)
