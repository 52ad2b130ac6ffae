"""Other people's text, made fit for a terminal."""


def printable(text: str) -> str:
    """``text`` with every character escaped that a terminal would act on or could not show."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
