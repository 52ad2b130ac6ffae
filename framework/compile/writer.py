"""A Bundle as files: with ordered fields and no time stamps, and never half-written."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import yaml

from framework.compile.bundle import Bundle


def write(bundle: Bundle, directory: Path) -> None:
    """Put the bundle's jobs and plans into ``directory``, which it replaces; a link stays one, its target is replaced.

    Between two renames the directory is not there at all. A process that is killed right then leaves the old files in
    a hidden directory beside it.
    """
    target = Path(os.path.realpath(directory))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as aside:
        new, old = Path(aside, "new"), Path(aside, "old")
        for name, text in files_of(bundle).items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_text(text, encoding="utf-8")
        _exchange(new, target, old)


def files_of(bundle: Bundle) -> dict[str, str]:
    """Every file of the bundle: path below its directory → text."""
    files = {
        f"resources/{key}.job.yml": _yaml({"resources": {"jobs": {key: job.as_dict()}}})
        for key, job in bundle.jobs.items()
    }
    files |= {
        plan.file_name: json.dumps(plan.as_dict(), indent=2, ensure_ascii=False) + "\n"
        for plan in bundle.plans.values()
    }
    return files


def _exchange(new: Path, target: Path, old: Path) -> None:
    if target.is_dir():
        target.replace(old)
    try:
        new.replace(target)
    except BaseException:
        if old.is_dir():
            old.replace(target)
        raise


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)
