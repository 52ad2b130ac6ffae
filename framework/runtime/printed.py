"""What Python prints: line by line, without secrets, to where it went before and to the log."""

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from framework.runtime.redaction import longest_secret, redacted

_LONGEST = 1 << 16
"""Characters of a line that are kept back while its end has not come; a bar of progress ends its lines with \\r."""


class PrintedLines:
    """Stands in for ``stream``. ``tell`` gets whole lines, with their ends; all that is not writing is the other's."""

    def __init__(self, stream: TextIO, tell: Callable[[str], None]) -> None:
        self._stream = stream
        self._tell = tell
        self._parts: list[str] = []
        self._length = 0
        # A signal's handler, or an object that is being collected, may print in the middle of a write.
        self._lock = threading.RLock()
        self.buffer = _Bytes(self)

    def write(self, text: str) -> int:
        """Tell the lines that ``text`` completes. A secret that is written in pieces is one again in its line."""
        with self._lock:
            if end := max(text.rfind("\n"), text.rfind("\r")) + 1:
                whole = "".join((*self._parts, text[:end]))
                self._keep(text[end:])
                self._tell(whole)
            else:
                self._parts.append(text)
                self._length += len(text)
                if self._length > _LONGEST:
                    self._tell_the_most()
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Each as by ``write``."""
        for line in lines:
            self.write(line)

    def finish(self) -> None:
        """Tell what has no end yet."""
        with self._lock:
            if rest := "".join(self._parts):
                self._keep("")
                self._tell(rest)

    def _tell_the_most(self) -> None:
        """But for the end of a line that is too long: what comes next may go on with a secret that began there."""
        whole = redacted("".join(self._parts))
        end = max(0, len(whole) - longest_secret())
        self._keep(whole[end:])
        self._tell(whole[:end])

    def _keep(self, rest: str) -> None:
        self._parts[:] = [rest] if rest else []
        self._length = len(rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Bytes(io.RawIOBase):
    """The ``buffer`` of such a stream."""

    def __init__(self, lines: PrintedLines) -> None:
        super().__init__()
        self._lines = lines

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        text = bytes(data).decode("utf-8", "backslashreplace")
        self._lines.write(text)
        return len(data)
