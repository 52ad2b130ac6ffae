"""A source on disk, before Spark sees it: a file, or a directory of files that are one table."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from framework.core.errors import DataError
from framework.core.source_formats import READERS


def format_of(path: Path) -> str:
    """Spark's format for ``path``. Raises DataError when the suffix is not known."""
    if found := READERS.get(path.suffix.lower()):
        return found
    raise DataError(f"{path} has a format that is not known", f"A local run reads {', '.join(READERS)}.")


def digest(path: Path) -> str | None:
    """The sha256 of a file's content, or of a directory's names and contents; None when there is nothing at ``path``.

    Raises DataError when it is empty, cannot be read, or is something that Spark would read in part only.
    """
    try:
        files = data_files(path)
        if not path.is_dir():
            return _sha256(path)
        whole = hashlib.sha256()
        for file in files:
            # Names are data too: a partition's column and value stand in its directory's name alone.
            whole.update(os.fsencode(file.relative_to(path)) + f"\0{_sha256(file)}\n".encode())
        return whole.hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}", "Check the path and its permissions.") from None


def data_files(path: Path) -> list[Path]:
    """The files that Spark reads for ``path``, sorted. Raises OSError, and DataError as ``digest`` does."""
    path.stat()
    files = sorted(_walk(path)) if path.is_dir() else [path]
    for file in files:
        if not file.is_file():
            raise DataError(f"{file} is not a file", "A source is a file, or a directory of files.")
        if any("=" not in folder for folder in file.relative_to(path).parts[:-1]):
            hint = "Put the files directly there, or into directories named column=value."
            raise DataError(f"Spark would pass over {file}, which lies in a directory of its own", hint)
    if not any(file.stat().st_size for file in files):
        raise DataError(f"{path} is empty", "Put a file with data there.")
    return files


@contextmanager
def plain_path(path: Path) -> Iterator[str]:
    """Another path to ``path``, for as long as the block runs, in which Spark finds nothing to interpret.

    In a name it would take ``[1]`` for a pattern, a comma for a list, a colon for a scheme, and ``_`` for hidden.
    """
    with tempfile.TemporaryDirectory(prefix="framework-source-") as folder:
        link = Path(folder) / f"source{path.suffix.lower()}"
        link.symlink_to(path)
        yield str(link)


def _walk(directory: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(directory, onerror=_raise, followlinks=True):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        yield from (Path(folder) / name for name in files if not _is_hidden(name))


def _raise(error: OSError) -> None:
    raise error


def _is_hidden(name: str) -> bool:
    """Whether Spark passes over ``name`` inside a directory: markers such as ``_SUCCESS``, checksums, drafts."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
