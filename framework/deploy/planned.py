"""A plan as a value: shown, kept in a file, and compared with what a deployment is about to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.core.diagnostics import Diagnostics
from framework.core.durable import keep
from framework.core.errors import FrameworkError, UsageError
from framework.deploy.plan_changes import Change, PlanChanges, digest_of

PLAN_SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What putting ``release`` to work would change, by the name of each of its bundles.

    ``refused`` says why it may not be carried out, ``warnings`` what to think twice about. ``to_finish`` is what began
    before and did not end well, in words: a deployment goes on from there, even with no other change.
    """

    project: str
    target: str
    release: str
    root_path: str
    parts: Mapping[str, PlanChanges]
    refused: Diagnostics = field(default_factory=Diagnostics)
    warnings: Diagnostics = field(default_factory=Diagnostics)
    to_finish: str = ""

    @property
    def something_to_do(self) -> bool:
        """Whether a deployment would do anything."""
        return bool(self.changes or self.to_finish)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Those of all bundles."""
        return tuple(change for part in self.parts.values() for change in part.changes)

    @property
    def unchanged(self) -> int:
        """How many resources stay as they are."""
        return sum(part.unchanged for part in self.parts.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many resources each action happens to."""
        return PlanChanges(self.changes).counts

    def as_dict(self) -> dict[str, Any]:
        """For machines, and for the file; fields may be added, never renamed."""
        return {
            "schema": PLAN_SCHEMA,
            "project": self.project,
            "target": self.target,
            "release": self.release,
            "root_path": self.root_path,
            "counts": self.counts,
            "parts": {name: part.as_dict() for name, part in self.parts.items()},
            "refused": _told(self.refused),
            "warnings": _told(self.warnings),
            "to_finish": self.to_finish,
        }


@dataclass(frozen=True)
class Expected:
    """What somebody has seen and agreed to."""

    release: str
    content: str

    @classmethod
    def of(cls, planned: Planned) -> "Expected":
        """What this plan says."""
        return cls(planned.release, _content(planned.as_dict()))

    def check(self, planned: Planned) -> None:
        """Raises FrameworkError when ``planned`` is something else."""
        if planned.release != self.release:
            raise FrameworkError(
                f"the plan is of release {self.release}, and these sources make {planned.release}",
                "Check out what was planned, or plan again: framework plan",
            )
        if _content(planned.as_dict()) != self.content:
            raise FrameworkError(
                "what is in the workspace has changed since the plan was made", "Look at the new one: framework plan"
            )


def keep_plan(planned: Planned, path: Path) -> None:
    """Write the plan's file, whole or not at all. Raises UsageError for a path where none can be."""
    if path.is_dir() or not path.name:
        raise UsageError(f"{path} is a directory", "Name a file: --out plan.json")
    if path.parent.exists() and not path.parent.is_dir():
        raise UsageError(f"{path.parent} is not a directory", "Name a file: --out plan.json")
    keep(path, json.dumps(planned.as_dict(), indent=2, ensure_ascii=False))


def read_plan(path: Path, project: str, target: str) -> Expected:
    """The plan in a file. Raises UsageError when it is none, or for another project or target."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"the plan {path} cannot be read: {error.strerror}", "Make one: framework plan --out"
        ) from None
    except ValueError:
        value = None
    needed = {"release", "root_path"}
    if not isinstance(value, dict) or not isinstance(value.get("parts"), dict) or not needed <= value.keys():
        raise UsageError(f"{path} is not a plan", f"Make one: framework plan {project} -e {target} --out {path}")
    if value.get("schema") != PLAN_SCHEMA:
        raise UsageError(f"the plan {path} was made by another version of the framework", "Plan again.")
    if (value.get("project"), value.get("target")) != (project, target):
        raise UsageError(f"the plan {path} is for {value.get('project')} on {value.get('target')}")
    return Expected(str(value["release"]), _content(value))


def _told(findings: Diagnostics) -> list[dict[str, str]]:
    return [{"summary": each.summary, "rule": each.rule, "hint": each.hint} for each in findings]


def _content(value: Mapping[str, Any]) -> str:
    """Fields by their digests: what one machine hides, another one may not."""
    parts = {
        name: {
            **part,
            "changes": [{**each, "fields": list(map(digest_of, each["fields"]))} for each in part["changes"]],
        }
        for name, part in value["parts"].items()
    }
    return json.dumps([value["root_path"], parts], sort_keys=True)
