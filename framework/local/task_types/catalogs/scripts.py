"""A text cut into its statements, and a script (``BEGIN … END``) into those inside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from framework.local.task_types.catalogs.tokens import Token, tokens

_BLOCKS = {"IF", "CASE", "WHILE", "FOR", "REPEAT", "LOOP"}
_NO_SCRIPT = {"TRANSACTION", "WORK", ";"}
_ENDS_HEAD = {("IF", "THEN"), ("ELSEIF", "THEN"), ("CASE", "THEN"), ("WHEN", "THEN"), ("WHILE", "DO"), ("FOR", "DO")}


@dataclass(frozen=True)
class Piece:
    """A statement, or the head of a block inside a script; ``ends`` when the whole statement ends with it."""

    tokens: Sequence[Token]
    ends: bool


def pieces(every: Sequence[Token]) -> Iterator[Piece]:
    """Everything in ``every`` that begins with a word of its own, in order; semicolons are left out."""
    start = depth = parentheses = 0
    for index, token in enumerate(every):
        piece, following = every[start : index + 1], every[index + 1].word if index + 1 < len(every) else ""
        parentheses += (token.word == "(") - (token.word == ")")
        if token.word == ";":
            yield Piece(piece[:-1], depth == 0)
            start, parentheses = index + 1, 0
        elif not parentheses:
            opened = _opens(piece, following, depth)
            depth += opened - (depth > 0 and _closes(piece, following))
            if (opened and token.word in ("BEGIN", "LOOP", "REPEAT")) or _is_head(piece, following, depth):
                yield Piece(piece, False)
                start = index + 1
    yield Piece(every[start:], True)


def statements(sql: str) -> Iterator[tuple[int, str]]:
    """Each statement of ``sql`` and where it starts; a script is one. Raises ValueError when ``sql`` has no tokens."""
    start: int | None = None
    end = 0
    for piece in pieces(tokens(sql)):
        if piece.tokens:
            start = piece.tokens[0].start if start is None else start
            end = piece.tokens[-1].end
        if piece.ends and start is not None:
            yield start, sql[start:end]
            start = None


def _opens(piece: Sequence[Token], following: str, depth: int) -> bool:
    word = piece[-1].word
    if word == "BEGIN":
        return following not in _NO_SCRIPT and (len(piece) == 1 or _has_body(piece))
    return depth > 0 and len(piece) == 1 and word in _BLOCKS


def _has_body(piece: Sequence[Token]) -> bool:
    words = [token.word for token in piece[:5]]
    return (words[0] == "CREATE" and "PROCEDURE" in words) or (words[0] == "DECLARE" and "HANDLER" in words)


def _closes(piece: Sequence[Token], following: str) -> bool:
    return piece[-1].word == "END" and (len(piece) == 1 or (piece[0].word, following) == ("UNTIL", "REPEAT"))


def _is_head(piece: Sequence[Token], following: str, depth: int) -> bool:
    """Whether the next word begins a statement although no semicolon comes before it."""
    if len(piece) == 2 and piece[1].word == ":":
        return following == "BEGIN" or (depth > 0 and following in _BLOCKS)
    return depth > 0 and ((piece[0].word, piece[-1].word) in _ENDS_HEAD or [each.word for each in piece] == ["ELSE"])
