"""The text of a statement with local names: nothing else in it changes, not a blank, not a comment."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framework.local.task_types.catalogs import names
from framework.local.task_types.catalogs.names import Parts, Unmappable
from framework.local.task_types.catalogs.places import Place, places
from framework.local.task_types.catalogs.refusals import is_not_done, refuse, unmappable
from framework.local.task_types.catalogs.tokens import Token, tokens

_NOTHING_TO_MAP = re.compile(r"\s*(?:SELECT|WITH|VALUES)\b(?!.*\bIDENTIFIER\b)[^.]*", re.IGNORECASE | re.DOTALL)
_NOT_DONE = "SELECT 'not done locally' AS status WHERE false"


@dataclass(frozen=True)
class Mapped:
    """A statement for the local Spark.

    ``creates`` is the local schema that must exist before it, ``catalog`` the current catalog after it. ``not_done``
    when it is about rights, tags or volumes: ``text`` does nothing then.
    """

    text: str
    catalog: str
    creates: Parts = ()
    not_done: bool = False


def mapped(sql: str, catalog: str, values: Mapping[str, Any] | None = None) -> Mapped:
    """``sql`` as it is run while ``catalog`` is current; ``values`` are those of its ``:markers``.

    Raises FrameworkError for what has no local counterpart. Text that has no tokens is Spark's to refuse.
    """
    if _NOTHING_TO_MAP.fullmatch(sql):
        return Mapped(sql, catalog)
    try:
        every = tokens(sql)
    except ValueError:
        return Mapped(sql, catalog)
    if is_not_done(every):
        return Mapped(_NOT_DONE, catalog, not_done=True)
    try:
        refuse(every)
        return _rewritten(sql, every, catalog, values or {})
    except Unmappable as error:
        raise unmappable(str(error), sql) from None


def _rewritten(sql: str, every: Sequence[Token], catalog: str, values: Mapping[str, Any]) -> Mapped:
    if every and [token.word for token in every[:2]] in (["USE", "CATALOG"], ["SET", "CATALOG"]):
        return _use_catalog(every, values)
    edits: list[tuple[int, int, str]] = []
    creates: Parts = ()
    for piece in _pieces(every):
        found = [_Name.at(place, piece, catalog, values) for place in places(piece)]
        edits += [name.edit(piece) for name in found if name.changes]
        edits += _qualified_columns(found, piece)
        creates = creates or _creates(found, piece)
        if piece and piece[0].word == "USE" and found and len(found[0].parts) == 2:
            catalog = found[0].parts[0]
    return Mapped(_edited(sql, edits), catalog, creates)


@dataclass(frozen=True)
class _Name:
    """A name of the statement, as it is written or evaluated, and its local form."""

    place: Place
    parts: Parts
    local: Parts

    @classmethod
    def at(cls, place: Place, piece: Sequence[Token], catalog: str, values: Mapping[str, Any]) -> "_Name":
        parts = _evaluated(place, piece, values) if place.identifier else place.chain.parts
        try:
            return cls(place, parts, _local(place.role, parts, catalog))
        except Unmappable as error:
            raise Unmappable(f"the name {names.join(parts)} {error}") from None

    @property
    def changes(self) -> bool:
        return self.place.identifier or self.local != self.parts

    def edit(self, piece: Sequence[Token]) -> tuple[int, int, str]:
        return piece[self.place.chain.first].start, piece[self.place.chain.last].end, names.join(self.local)


def _local(role: str, parts: Parts, catalog: str) -> Parts:
    if role == "table":
        return names.table(parts, catalog)
    if role == "schema":
        return names.schema(parts, catalog)
    if role == "column" and len(parts) > 1:
        return (*names.table(parts[:-1], catalog), parts[-1])
    if role == "function" and len(parts) == 3 and parts[0].lower() not in (names.LOCAL, "system"):
        raise Unmappable("is that of a function in another catalog")
    return parts


def _qualified_columns(found: Sequence[_Name], piece: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """Columns that name their table in full, ``catalog.schema.table.column``, or without its catalog."""
    renamed = {_folded(n.parts): n.local for n in found if n.place.role == "table" and n.changes and len(n.parts) > 1}
    by_end = {table[-2:]: local for table, local in renamed.items()}
    for chain in (name.place.chain for name in found if name.place.role == "other"):
        parts = _folded(chain.parts)
        starred = [token.word for token in piece[chain.last + 1 : chain.last + 3]] == [".", "*"]
        for length, tables in ((3, renamed), (2, by_end)):
            local = tables.get(parts[:length])
            if local and len(parts) + starred > length:
                last = piece[chain.first + 2 * (length - 1)]
                yield piece[chain.first].start, last.end, names.join(local[3 - length :])
                break


def _creates(found: Sequence[_Name], piece: Sequence[Token]) -> Parts:
    """The schema of another catalog that the statement makes something in, or makes current."""
    head = [token.word for token in piece[:6]]
    first = next((n for n in found if n.place.role in ("table", "schema")), None)
    if first is None or first.local == first.parts:
        return ()
    if head[0] == "USE":
        return first.local
    makes = head[0] == "CREATE" and first.place.role == "table" and not {"TEMP", "TEMPORARY"} & set(head)
    return first.local[:2] if makes else ()


def _evaluated(place: Place, piece: Sequence[Token], values: Mapping[str, Any]) -> Parts:
    """What ``IDENTIFIER(:a || '.b')`` comes to: strings and markers, put together."""
    inside = piece[place.chain.first + 2 : place.chain.last]
    text = ""
    for before, token in zip((None, *inside), inside, strict=False):
        if token.kind == "STRING":
            text += token.value
        elif before and before.word == ":" and token.value in values:
            text += str(values[token.value])
        elif token.word not in (":", "||"):
            raise Unmappable(f"IDENTIFIER(…) is made of more than strings and known parameters ('{token.value}')")
    if not (parts := names.split(text)):
        raise Unmappable(f"IDENTIFIER(…) comes to '{text}', which is no name")
    return parts


def _use_catalog(every: Sequence[Token], values: Mapping[str, Any]) -> Mapped:
    place = next(places(every), None)
    if place is None or len(parts := _Name.at(place, every, names.LOCAL, values).parts) != 1:
        raise Unmappable("it names no catalog")
    schema = names.default_schema(parts[0])
    return Mapped(f"USE {names.join(schema)}", parts[0], schema)


def _pieces(every: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """One statement, or those of a script."""
    start = 0
    for index, token in enumerate(every):
        if token.word == ";":
            yield every[start:index]
            start = index + 1
    yield every[start:]


def _edited(sql: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, end, text in sorted(edits, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql


def _folded(parts: Parts) -> Parts:
    return tuple(part.lower() for part in parts)
