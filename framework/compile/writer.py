"""A Bundle as files: written whole or not at all, with ordered fields and no time stamps."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml

from framework.compile.bundle import Bundle


def write(bundle: Bundle, directory: Path) -> None:
    """Put the bundle's jobs and plans into ``directory``, which it replaces."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        for name, text in files_of(bundle).items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).write_text(text, encoding="utf-8")
        if directory.exists():
            shutil.rmtree(directory)
        staging.replace(directory)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


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


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)
