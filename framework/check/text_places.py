"""Lines and columns of a text, asked for one after the other."""


class TextPlaces:
    """Counts on from the place asked for last: from the beginning each time, a long text would take minutes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._line, self._start = 0, 1, 0

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of the character ``at``."""
        if at < self._at:
            self._at, self._line, self._start = 0, 1, 0
        if count := self._text.count("\n", self._at, at):
            self._line += count
            self._start = self._text.rfind("\n", self._at, at) + 1
        self._at = at
        return self._line, at - self._start + 1
