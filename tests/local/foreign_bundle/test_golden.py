"""Whole bundles, with the jobs that they become or exactly what the user reads about their mistakes.

A case is a bundle in a folder. With ``output.txt`` in it the bundle is refused; else each ``jobs.<target>.json`` holds
its jobs as that target. ``FRAMEWORK_UPDATE_GOLDEN=1`` writes the expectations anew.
"""

import json
import os
from pathlib import Path

import pytest

from framework.core.errors import FrameworkError
from framework.local.foreign_bundle.load import load_bundle

GOLDEN = Path(__file__).resolve().parent / "golden"
GOOD = ("default_python", "retail")
REFUSED = sorted(path.name for path in GOLDEN.iterdir() if path.name not in GOOD)


@pytest.fixture(autouse=True)
def ada(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person who calls; no variable comes from outside."""
    monkeypatch.setenv("LOGNAME", "ada")
    for name in os.environ:
        if name.startswith("BUNDLE_VAR_"):
            monkeypatch.delenv(name)


def assert_golden(expected: Path, shown: str) -> None:
    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN") == "1":
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", GOOD)
@pytest.mark.parametrize("target", ["dev", "prod"])
def test_a_bundle_becomes_official_jobs(case: str, target: str) -> None:
    loaded = load_bundle(GOLDEN / case, target, {})

    whole = {
        "name": loaded.bundle.name,
        "target": loaded.bundle.target,
        "root": str(loaded.root),
        "job_ids": loaded.job_ids,
        "artifacts": {name: str(path) for name, path in loaded.artifacts.items()},
        "warnings": [str(warning) for warning in loaded.warnings],
        "jobs": {key: job.as_dict() for key, job in loaded.bundle.jobs.items()},
    }
    text = json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert_golden(GOLDEN / case / f"jobs.{target}.json", text.replace(str(GOLDEN / case), "<root>"))


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_told_with_its_place(case: str) -> None:
    with pytest.raises(FrameworkError) as raised:
        loaded = load_bundle(GOLDEN / case, "staging" if case == "unknown_target" else None, {})
        loaded.warnings_for(next(iter(loaded.job_ids)))

    found = "\n\n".join(str(finding) for finding in raised.value.diagnostics()) + "\n"
    assert_golden(GOLDEN / case / "output.txt", found.replace(str(GOLDEN / case), "<root>"))
