"""How wide a text is in a picture, without knowing the reader's fonts."""

from unicodedata import east_asian_width

_LONGEST = 44
"""Characters; the whole text is in the node's tooltip."""
_NARROW, _BROAD = frozenset("iIjlt.,:;'|!()[]{}f "), frozenset("mwMW@%&")


def shortened(text: str) -> str:
    """``text`` with its middle left out when it is long: names differ at their ends."""
    half = (_LONGEST - 1) // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}…{text[-half:]}"


def width_of(text: str, size: float) -> float:
    """Pixels that ``text`` takes in a sans-serif font of ``size`` pixels: rather too many than too few."""
    return size * sum(map(_em, text))


def _em(character: str) -> float:
    if east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.37
    return 0.95 if character in _BROAD else 0.7 if character.isupper() else 0.61
