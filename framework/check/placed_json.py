"""JSON read piece by piece: ``json`` does not tell where in a text its values stand, and keeps all of them at once."""

import json
import re
from collections.abc import Iterator
from typing import Any

from framework.check.text_places import TextPlaces

_SPACE = re.compile(r"[ \t\n\r]*")
_HALF = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder()


class PlacedJson:
    """Goes through a text from its beginning. Each method goes on where the one before it ended.

    Raises ``json.JSONDecodeError`` where the text is no JSON, TypeError where it has another shape, RecursionError
    where it is nested too deeply.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._began = 0
        self._places = TextPlaces(text)

    def next_character(self) -> str:
        """The next one that is no space; nothing at the end."""
        self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
        return self._text[self._at : self._at + 1]

    def value(self) -> Any:
        """The next value as a whole."""
        self.next_character()
        self._began = self._at
        value, self._at = _DECODER.raw_decode(self._text, self._at)
        return value

    def text_value(self) -> str:
        """The next value, which has to be a text."""
        value = self.value()
        if not isinstance(value, str):
            raise TypeError
        if _HALF.search(value):
            raise json.JSONDecodeError("Half of a character (a lone surrogate)", self._text, self._began)
        return value

    def place(self) -> tuple[int, int]:
        """Line and column at which the value began that was read last."""
        return self._places.place(self._began)

    def entries(self, opening: str, closing: str) -> Iterator[None]:
        """Stops before each entry of a list or mapping, which has to be read before the next step."""
        if self.next_character() != opening:
            self.value()
            raise TypeError
        self._at += 1
        if self.next_character() == closing:
            self._at += 1
            return
        while True:
            yield
            if self.next_character() != ",":
                break
            self._at += 1
        self._expect(closing)

    def fields(self) -> Iterator[str]:
        """The keys of a mapping; the value of each has to be read before the next step."""
        for _ in self.entries("{", "}"):
            name = self.text_value()
            self._expect(":")
            yield name

    def end(self) -> None:
        """Nothing may come after this."""
        if self.next_character():
            raise json.JSONDecodeError("Extra data", self._text, self._at)

    def _expect(self, character: str) -> None:
        if self.next_character() != character:
            raise json.JSONDecodeError(f"Expecting '{character}'", self._text, self._at)
        self._at += 1
