"""Files that an attempt leaves for the run: whole and on disk when this returns, or not there at all."""

import os
from pathlib import Path


def keep(path: Path, text: str) -> None:
    """Write ``text`` durably."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
