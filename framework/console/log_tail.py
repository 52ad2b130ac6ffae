"""The logs of an attempt: its last line for the live table, and all of it for who asks."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_END = 4096
"""Bytes at a file's end in which its last line is looked for."""
_EVERY = 0.5
"""Seconds between two looks."""
_CHUNK = 1 << 20
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?", re.DOTALL)


def first_line(text: str) -> str:
    """The first line of ``text`` that shows something, without what would move a terminal's cursor."""
    return next(_shown(_ESCAPES.sub("", text).splitlines()), "")


def last_line(text: str) -> str:
    """The last line of ``text`` that shows something, in the same way; of a line of ECS its message."""
    return next(_shown(map(_message, reversed(_ESCAPES.sub("", text).splitlines()))), "")


@dataclass
class LogTail:
    """The newest line of an attempt. ``log`` is its stderr.log; stdout.log lies beside it."""

    log: Path
    _line: str = ""
    _next_look: float = 0.0

    def line(self) -> str:
        """The last line of the file that was written last; the disk is asked twice a second at most."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _EVERY
            ends = [_end(file) for file in (self.log.with_name("stdout.log"), self.log)]
            # A file whose end has no line says nothing, however new it is.
            self._line = max((end for end in ends if end[1]), default=(0, ""))[1]
        return self._line


@dataclass
class LogCopy:
    """Copies logs to ``out`` as they are, byte by byte; ``say`` gets a heading where another file begins."""

    files: tuple[Path, ...]
    out: BinaryIO
    say: Callable[[str], object]
    found: bool = False
    """Whether any of the files was there."""
    _read: dict[Path, int] = field(default_factory=dict)
    _current: Path | None = None

    def new(self) -> None:
        """What has been written since the last call."""
        for file in self.files:
            try:
                with file.open("rb") as source:
                    self.found = True
                    source.seek(self._read.get(file, 0))
                    while chunk := source.read(_CHUNK):
                        self._write(file, chunk)
            except FileNotFoundError:
                continue
        self.out.flush()

    def follow(self, is_under_way: Callable[[], bool]) -> None:
        """All of it, until the attempt is not under way any more."""
        going = True
        while going:
            # Asked before reading: what the attempt wrote at its very end must not be lost.
            going = is_under_way()
            self.new()
            if going:
                time.sleep(_EVERY)

    def _write(self, file: Path, chunk: bytes) -> None:
        if len(self.files) > 1 and file != self._current:
            self.out.flush()
            self.say(f"--- {file.stem}")
            self._current = file
        self.out.write(chunk)
        self._read[file] = self._read.get(file, 0) + len(chunk)


def _shown(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if shown := "".join(char for char in line.replace("\t", " ") if char.isprintable()).strip():
            yield shown


def _message(line: str) -> str:
    if not line.startswith('{"@timestamp"'):
        return line
    try:
        return str(json.loads(line)["message"])
    except (ValueError, KeyError):
        return line


def _end(file: Path) -> tuple[int, str]:
    """When the file was written, in nanoseconds, and its last line; empty when there is none."""
    try:
        with file.open("rb") as source:
            source.seek(max(0, source.seek(0, 2) - _END))
            return file.stat().st_mtime_ns, last_line(source.read(_END).decode(errors="replace"))
    except OSError:
        return 0, ""
