"""Credentials do not belong into a repository: whoever can read it has them, also after they are taken out again."""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from pathlib import Path

from framework.check import credentials
from framework.check.credentials import Credential
from framework.check.notebook_cells import jupyter_cells, python_of
from framework.check.source_files import MAX_BYTES, MAX_FINDINGS, Stamp, Unreadable, parsed, read, stamp
from framework.check.thin_files import LARGEST_NOTEBOOK
from framework.core.credentials import may_name_one
from framework.core.diagnostics import Diagnostic, Location
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.files import is_inside, shown

_SUFFIXES = (".py", ".ipynb", ".sql", ".yml", ".yaml")
_FOREIGN = {"node_modules", "site-packages", "venv", "build", "dist"}
_HINT = (
    "Revoke it, for it stays in the history. Keep the new one in a secret scope: dbutils.secrets.get, "
    "or {{secrets/scope/key}}."
)


def hard_coded_credentials(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """Tokens, keys and passwords in the files of a project, and in conf/."""
    if not pipelines:
        return
    root, project = pipelines[0].root, pipelines[0].source_directory.parent
    for file in chain(_files(root / "conf"), _files(project)):
        if file.is_symlink() and not is_inside(file, root):
            continue
        source = stamp(file, LARGEST_NOTEBOOK if file.suffix == ".ipynb" else MAX_BYTES)
        for found in () if isinstance(source, Unreadable) else _found(source, _is_test(file, project)):
            summary = f"{found.what} is written in this file"
            yield Diagnostic(summary, Location(shown(file, root), found.line, found.column), hint=_HINT)


def _files(directory: Path) -> Iterator[Path]:
    for folder, below, files in os.walk(directory):
        below[:] = sorted(name for name in below if not name.startswith((".", "__")) and name not in _FOREIGN)
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(_SUFFIXES))


def _is_test(file: Path, project: Path) -> bool:
    return file.is_relative_to(project / "tests")


@cache
def _found(source: Stamp, is_test: bool) -> tuple[Credential, ...]:
    """Tests make up passwords, so there only what has a credential's shape is one. Each place is named once."""
    content = read(source)
    if isinstance(content, Unreadable) or b"\0" in content:
        return ()
    text = content.decode("utf-8", "replace")
    found = list(islice(credentials.by_shape(text), MAX_FINDINGS))
    if not is_test and may_name_one(text):
        lines = {each.line for each in found}
        others = (each for each in _by_name(source, text) if each.line not in lines)
        found += islice(others, MAX_FINDINGS)
    return tuple(found)


def _by_name(source: Stamp, text: str) -> Iterable[Credential]:
    suffix = Path(source[0]).suffix
    if suffix == ".sql":
        return credentials.in_sql(text)
    if suffix == ".ipynb":
        return _in_cells(text)
    if suffix == ".py":
        module = parsed(source)
        return () if isinstance(module, Unreadable) else credentials.in_python(module)
    return credentials.in_yaml(text)


def _in_cells(text: str) -> Iterator[Credential]:
    try:
        cells = jupyter_cells(text)
    except ValueError:
        return
    for cell in cells:
        module = python_of(cell.text)
        for each in () if isinstance(module, Unreadable) else credentials.in_python(module):
            yield Credential(each.what, *cell.place(each.line, each.column))
