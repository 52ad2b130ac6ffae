"""Which run of a CI system this is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

_RUNS = (("GITHUB_RUN_ID", "github"), ("CI_JOB_ID", "gitlab"), ("BUILD_BUILDID", "azure"), ("BUILD_TAG", "jenkins"))
_ATTEMPTS = ("GITHUB_RUN_ATTEMPT", "SYSTEM_JOBATTEMPT")


@dataclass(frozen=True)
class CiRun:
    """``name`` is ``github/8123``, or nothing outside of CI; ``attempt`` counts from 1."""

    name: str = ""
    attempt: int = 0

    def __str__(self) -> str:
        return f"{self.name} attempt {self.attempt}" if self.attempt > 1 else self.name


def ci_run(environment: Mapping[str, str] = os.environ) -> CiRun:
    """The run that this process belongs to."""
    for variable, system in _RUNS:
        if number := environment.get(variable, ""):
            attempt = next((environment[name] for name in _ATTEMPTS if environment.get(name, "").isdigit()), "1")
            return CiRun(f"{system}/{number}", int(attempt))
    return CiRun()


def in_ci(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a run of a CI system, known by name or not."""
    return bool(ci_run(environment).name) or environment.get("CI", "").lower() in ("true", "1")
