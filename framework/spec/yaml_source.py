"""Reads a YAML file safely and remembers where everything stands."""

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.core.diagnostics import Diagnostic, Diagnostics, Location
from framework.core.errors import InvalidProject
from framework.spec.node_path import NodePath
from framework.spec.yaml_nodes import Node, build

MAX_BYTES = 1_000_000

_FOREIGN_MARKS = {b"\xff\xfe": "UTF-16 or UTF-32", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32"}
# Besides control characters: line breaks that editors do not count, and marks that turn the direction of text,
# which make a line read as something else than it is.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


@dataclass(frozen=True)
class Document:
    """A YAML file as plain values. ``file`` is its name as the user sees it, relative to the root.

    ``original`` is the file before its variables were filled in, where it has some.
    """

    file: str
    root: Node = field(repr=False)
    original: "Document | None" = field(default=None, repr=False)

    @property
    def value(self) -> Any:
        """Dicts, lists and scalars; None for a file that says nothing. Aliases share their value: don't change it."""
        return self.root.value

    def location(self, path: NodePath) -> Location:
        """The place of the value at ``path``, or of its nearest ancestor that exists."""
        node, _ = self._nearest(path)
        return Location(self.file, node.line, node.column)

    def key_location(self, path: NodePath) -> Location:
        """The place of the key that ``path`` ends with; of the value where it is a list's."""
        parent, depth = self._nearest(path[:-1])
        if path and depth == len(path) - 1 and (place := parent.keys.get(path[-1])):
            return Location(self.file, *place)
        return self.location(path)

    def depth(self, path: NodePath) -> int:
        """How many steps of ``path`` exist here."""
        return self._nearest(path)[1]

    def at(self, path: NodePath) -> Any:
        """The value at ``path``. Raises KeyError when nothing is there."""
        node, depth = self._nearest(path)
        if depth < len(path):
            raise KeyError(path)
        return node.value

    def written(self, path: NodePath) -> str | None:
        """The characters of the number or word at ``path`` as they stand in the file; None for anything else."""
        node, depth = self._nearest(path)
        return node.text if depth == len(path) else None

    def _nearest(self, path: NodePath) -> tuple[Node, int]:
        node = self.root
        for depth, step in enumerate(path):
            if step not in node.children:
                return node, depth
            node = node.children[step]
        return node, len(path)


def parse(path: Path, shown_as: str, *, merge_keys: bool = False) -> Document:
    """The one document in the file at ``path``. Raises InvalidProject with every finding in it.

    ``merge_keys`` keeps ``<<`` as a key instead of refusing it: other people's files have it.
    """
    root, findings = build(_text(path, shown_as), shown_as, merge_keys)
    if findings:
        raise InvalidProject(Diagnostics.of(findings))
    return Document(shown_as, root)


def _text(path: Path, file: str) -> str:
    data = _bytes(path, file).removeprefix(b"\xef\xbb\xbf")
    for mark, encoding in _FOREIGN_MARKS.items():
        if data.startswith(mark):
            raise _invalid(f"the file is encoded in {encoding}, not in UTF-8", Location(file), "Save it as UTF-8.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(file, data[: error.start].decode("utf-8"))
        summary = f"byte 0x{data[error.start]:02x} in line {place.line} is not UTF-8"
        raise _invalid(summary, place, "Save the file as UTF-8.") from None
    if match := _FORBIDDEN.search(text):
        summary = f"control character U+{ord(match[0]):04X}"
        raise _invalid(summary, _place(file, text[: match.start()]), "Remove it; no file needs one.")
    return text


def _bytes(path: Path, file: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _invalid("not a regular file", Location(file))
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _invalid(f"the file cannot be read: {reason}", Location(file)) from None
    if len(data) > MAX_BYTES:
        raise _invalid(f"the file is larger than {MAX_BYTES:,} bytes", Location(file), "Split it into several files.")
    return data


def _place(file: str, before: str) -> Location:
    """The place after the text ``before``."""
    breaks = before.count("\n") + before.count("\r") - before.count("\r\n")
    return Location(file, breaks + 1, len(before) - max(before.rfind("\n"), before.rfind("\r")))


def _invalid(summary: str, location: Location, hint: str = "") -> InvalidProject:
    return InvalidProject(Diagnostics((Diagnostic(summary, location, hint=hint),)))
