"""The text of a statement with local names: nothing else in it changes, not a blank, not a comment."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from framework.local.task_types.catalogs import names
from framework.local.task_types.catalogs.names import Namespace, Parts, Unmappable
from framework.local.task_types.catalogs.places import Place, places
from framework.local.task_types.catalogs.refusals import is_not_done, refuse, unmappable
from framework.local.task_types.catalogs.scripts import pieces
from framework.local.task_types.catalogs.tokens import Token, quoted, tokens

_NOTHING_TO_MAP = re.compile(
    r"\s*(?:SELECT|WITH|VALUES)\b(?!.*\b(?:IDENTIFIER|CURRENT_\w+)\b)[^.]*", re.IGNORECASE | re.DOTALL
)
_NOT_DONE = "SELECT 'not done locally' AS status WHERE false"

Path = Callable[[str], str]
Edit = tuple[int, int, str]


@dataclass(frozen=True)
class Mapped:
    """A statement for the local Spark.

    ``creates`` are the local schemas that must exist before it, ``namespace`` is the current one after it. ``not_done``
    when it is about rights, tags or volumes: that part of ``text`` does nothing then.
    """

    text: str
    namespace: Namespace
    creates: tuple[Parts, ...] = ()
    not_done: bool = False


def mapped(sql: str, namespace: Namespace, path: Path = str) -> Mapped:
    """``sql`` as it is run while ``namespace`` is current; ``path`` gives the local form of a path.

    Raises FrameworkError for what has no local counterpart. Text that has no tokens is Spark's to refuse.
    """
    if _NOTHING_TO_MAP.fullmatch(sql):
        return Mapped(sql, namespace)
    try:
        every = tokens(sql)
    except ValueError:
        return Mapped(sql, namespace)
    edits: list[Edit] = []
    creates: list[Parts] = []
    not_done = False
    try:
        for piece in (each.tokens for each in pieces(every) if each.tokens):
            refuse(piece)
            if is_not_done(piece):
                edits.append((piece[0].start, piece[-1].end, _NOT_DONE))
                not_done = True
                continue
            found = [_Name.at(place, piece, namespace, path) for place in places(piece)]
            edits += [name.edit(piece) for name in found if name.changes]
            edits += _qualified_columns(found, piece)
            creates += _creates(found, piece)
            namespace = _namespace(found, piece, namespace)
    except Unmappable as error:
        raise unmappable(str(error), sql) from None
    return Mapped(_edited(sql, edits), namespace, tuple(creates), not_done)


@dataclass(frozen=True)
class _Name:
    """A name of the statement, as it is written or evaluated, and its local form."""

    place: Place
    parts: Parts
    local: Parts

    @classmethod
    def at(cls, place: Place, piece: Sequence[Token], namespace: Namespace, path: Path) -> "_Name":
        parts = place.chain.parts
        if place.form == "identifier":
            parts = _evaluated(place, piece)
        elif place.form == "text" and place.role != "path":
            parts = names.split(parts[0]) or parts
        try:
            return cls(place, parts, _local(place.role, parts, namespace, path))
        except Unmappable as error:
            raise Unmappable(f"the name {names.join(parts)} {error}") from None

    @property
    def changes(self) -> bool:
        return self.place.form == "identifier" or self.place.role == "catalog" or self.local != self.parts

    def edit(self, piece: Sequence[Token]) -> Edit:
        first, last, text = piece[self.place.chain.first], piece[self.place.chain.last], names.join(self.local)
        if self.place.role == "catalog":
            first, text = piece[0], f"USE {text}"
        elif self.place.role in ("path", "current"):
            text = quoted(self.local[0])
        elif self.place.form == "text":
            text = quoted(text)
        return first.start, last.end, text


def _local(role: str, parts: Parts, namespace: Namespace, path: Path) -> Parts:
    if role == "path":
        return (path(parts[0]),)
    if role == "table" and names.is_file(parts):
        return (parts[0], path(parts[1]))
    return _RULES[role](parts, namespace) if role in _RULES else parts


def _column(parts: Parts, namespace: Namespace) -> Parts:
    return (*names.table(parts[:-1], namespace.catalog), parts[-1]) if len(parts) > 1 else parts


def _function(parts: Parts, _: Namespace) -> Parts:
    if len(parts) == 3 and parts[0].lower() not in (names.LOCAL, "system"):
        raise Unmappable("is that of a function in another catalog")
    return parts


def _catalog(parts: Parts, _: Namespace) -> Parts:
    if len(parts) != 1:
        raise Unmappable("is that of no catalog")
    return names.schema((parts[0], "default"), parts[0])


def _current(parts: Parts, namespace: Namespace) -> Parts:
    """The value of ``current_catalog()`` and its like; Spark's own is right as long as its names are the code's."""
    if namespace.is_local:
        return parts
    return (namespace.catalog if parts[0].upper() == "CURRENT_CATALOG" else namespace.schema,)


_RULES: Mapping[str, Callable[[Parts, Namespace], Parts]] = {
    "table": lambda parts, namespace: names.table(parts, namespace.catalog),
    "schema": lambda parts, namespace: names.schema(parts, namespace.catalog),
    "catalog": _catalog,
    "column": _column,
    "function": _function,
    "current": _current,
}


def _qualified_columns(found: Sequence[_Name], piece: Sequence[Token]) -> Iterator[Edit]:
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


def _creates(found: Sequence[_Name], piece: Sequence[Token]) -> Iterator[Parts]:
    """The schema of another catalog that the statement makes something in, or makes current."""
    head = [token.word for token in piece[:6]]
    first = next((n for n in found if n.place.role in ("table", "schema", "catalog")), None)
    if first is None or not first.changes or names.is_file(first.parts):
        return
    if first.place.role != "table" and head[0] in ("USE", "SET"):
        yield first.local
    elif head[0] == "CREATE" and first.place.role == "table" and not {"TEMP", "TEMPORARY"} & set(head):
        yield first.local[:2]


def _namespace(found: Sequence[_Name], piece: Sequence[Token], before: Namespace) -> Namespace:
    """The current one after the statement."""
    if [token.word for token in piece[:2]] in (["USE", "CATALOG"], ["SET", "CATALOG"]):
        if not found:
            raise Unmappable("it names no catalog")
        return Namespace(found[0].parts[0])
    if piece[0].word == "USE" and found:
        return Namespace(*found[0].parts) if len(found[0].parts) == 2 else replace(before, schema=found[0].parts[0])
    return before


def _evaluated(place: Place, piece: Sequence[Token]) -> Parts:
    """What ``IDENTIFIER('a' || concat('.', 'b'))`` comes to: strings, put together."""
    text = ""
    for token in piece[place.chain.first + 2 : place.chain.last]:
        if token.is_text or token.kind == "NUMBER":
            text += token.value
        elif token.word not in (":", "||", "CONCAT", "(", ")", ","):
            raise Unmappable(f"IDENTIFIER(…) is made of more than strings and known parameters ('{token.value}')")
    if not (parts := names.split(text)):
        raise Unmappable(f"IDENTIFIER(…) comes to '{text}', which is no name")
    return parts


def _edited(sql: str, edits: Sequence[Edit]) -> str:
    for start, end, text in sorted(edits, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql


def _folded(parts: Parts) -> Parts:
    return tuple(part.lower() for part in parts)
