"""What a check found, and where: values that print in the Databricks CLI's own shape."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from framework.core.printable import printable


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

    Much of it is other people's text, so all of it is made printable here, once: no name or value from a file reaches
    a terminal or a report as it is. Only advice about the machine, which stands in no file, may have several lines.
    """

    summary: str
    location: Location | None = None
    path: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    rule: str = ""
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        advice = [self.hint] if self.location else self.hint.split("\n")
        object.__setattr__(self, "summary", printable(self.summary))
        object.__setattr__(self, "path", printable(self.path))
        object.__setattr__(self, "hint", "\n".join(map(printable, advice)))
        if self.location and not self.location.file.isprintable():
            object.__setattr__(self, "location", replace(self.location, file=printable(self.location.file)))

    def __str__(self) -> str:
        lines = [f"{self.severity.capitalize()}: {self.summary}"]
        if self.path:
            lines.append(f"  at {self.path}")
        if self.location:
            lines.append(f"  in {self.location}")
        if self.targets:
            lines.append(f"  for target {', '.join(self.targets)}")
        if self.hint:
            lines += (f"  {line}" for line in self.hint.split("\n"))
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
