"""``spark_python_task``: a Python file, run as a script."""

import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from framework.core.errors import FrameworkError


def run(file: Path, arguments: Sequence[str], names: Mapping[str, Any]) -> None:
    """Run ``file`` as ``__main__`` in its own directory; ``names`` are there as globals. Raises what it raises."""
    if not file.is_file():
        raise FrameworkError(f"there is no file {file}", "check python_file of the task")
    os.chdir(file.parent)
    sys.path.insert(0, str(file.parent))
    sys.argv = [str(file), *arguments]
    runpy.run_path(str(file), init_globals=dict(names), run_name="__main__")
