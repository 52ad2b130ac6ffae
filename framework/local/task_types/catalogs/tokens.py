"""SQL text as tokens that know their place in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

_WORDS_END = frozenset({"STRING", "RAW_STRING", "HEX_STRING", "BIT_STRING", "BYTE_STRING", "NATIONAL_STRING", "NUMBER"})


@dataclass(frozen=True)
class Token:
    """One token: ``word`` is its upper-case text when it is no string, number or quoted name, else empty.

    ``start`` and ``end`` (exclusive) are its place in the text, ``value`` is without quotes.
    """

    kind: str
    value: str
    word: str
    start: int
    end: int

    @property
    def is_text(self) -> bool:
        """Whether it is a string in quotes."""
        return self.kind in ("STRING", "RAW_STRING")


@dataclass(frozen=True)
class Chain:
    """A name of one or more parts with dots in between; ``first`` and ``last`` are indexes of tokens."""

    parts: tuple[str, ...]
    first: int
    last: int


def tokens(sql: str) -> list[Token]:
    """The tokens of ``sql`` without comments. Raises ValueError when a string or comment has no end."""
    from sqlglot.errors import TokenError

    try:
        found = _tokenizer().tokenize(sql)
    except TokenError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return [_token(each) for each in found]


def chain_at(all_tokens: Sequence[Token], index: int) -> Chain | None:
    """The name that begins at ``index``, if one does."""
    if index >= len(all_tokens) or not _can_be_name(all_tokens[index]):
        return None
    parts, last = [all_tokens[index].value], index
    while last + 2 < len(all_tokens) and all_tokens[last + 1].value == "." and _can_be_name(all_tokens[last + 2]):
        last += 2
        parts.append(all_tokens[last].value)
    return Chain(tuple(parts), index, last)


def quoted(text: str) -> str:
    """``text`` as a string of SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _token(token: Any) -> Token:
    kind = token.token_type.name
    word = "" if kind == "IDENTIFIER" or kind in _WORDS_END else token.text.upper()
    return Token(kind, token.text, word, token.start, token.end + 1)


def _can_be_name(token: Token) -> bool:
    return token.kind == "IDENTIFIER" or token.word[:1].isalpha() or token.word[:1] == "_"


@cache
def _tokenizer() -> Any:
    from sqlglot.dialects.databricks import Databricks

    class WholeStatements(Databricks.Tokenizer):
        """Databricks' tokens; what follows a command such as GRANT is tokens too, not one string."""

        COMMANDS: ClassVar[set[Any]] = set()
        RAW_STRINGS: ClassVar[list[Any]] = [*Databricks.Tokenizer.RAW_STRINGS, "$$"]

    return WholeStatements(dialect=Databricks)
