"""Where in a statement the names of tables and schemas stand.

Found by the words before them, not by parsing: syntax that only Databricks has, or that is newer than any parser,
then needs no place of its own here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from framework.local.task_types.catalogs.tokens import Chain, Token, chain_at

Role = Literal["table", "schema", "column", "function", "path", "current", "catalog", "other"]
Form = Literal["name", "text", "identifier"]
_Wanted = Literal["", "table", "relation", "schema", "catalog", "column"]

_BEFORE_TABLE = {"INTO", "OVERWRITE", "TABLE", "VIEW", "UPDATE", "CLONE", "REFERENCES"}
_HEADS_OF_TABLE = {"OPTIMIZE", "VACUUM", "RESTORE", "REFRESH", "DESCRIBE", "DESC", "REORG"}
_HEADS_OF_SCHEMA = {"CREATE", "DROP", "ALTER", "DESCRIBE", "DESC", "USE", "COMMENT"}
_SCHEMA = {"SCHEMA", "DATABASE", "NAMESPACE"}
_LISTINGS = {("SHOW", what) for what in ("TABLES", "VIEWS", "FUNCTIONS", "USER", "TABLE")} | {("ANALYZE", "TABLES")}
_ABOUT_TABLE = {("SHOW", "PARTITIONS"), ("SHOW", "TBLPROPERTIES")}
_SET_CATALOG = {("USE", "CATALOG"), ("SET", "CATALOG")}
_IN_BETWEEN = {"IF", "NOT", "EXISTS", "EXTENDED", "FORMATTED", "DETAIL", "HISTORY", "OUTER", "STREAM", "ONLY", "FOR"}
_END_OF_FROM = {"WHERE", "GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "HAVING", "QUALIFY", "LIMIT", "WINDOW"}
_END_OF_FROM |= {"UNION", "EXCEPT", "INTERSECT", "MINUS", "SELECT", "SET", "VALUES", "WHEN"}
_BEFORE_PATH = {"LOCATION", "DIRECTORY", "INPATH"}
_CURRENT = {"CURRENT_CATALOG", "CURRENT_SCHEMA", "CURRENT_DATABASE"}


@dataclass(frozen=True)
class Place:
    """A name in a statement and what it names.

    Its form is ``text`` when it stands in quotes, ``identifier`` when it is ``IDENTIFIER(…)``, whose parts come later.
    """

    chain: Chain
    role: Role
    form: Form = "name"


def places(statement: Sequence[Token]) -> Iterator[Place]:
    """Every name of a table or schema, and every other name of two parts or more, in the order of the text."""
    return _Scan(statement).places()


@dataclass
class _Level:
    """What is known inside one pair of parentheses."""

    query: bool
    in_from: bool = False
    options: bool = False


@dataclass
class _Scan:
    tokens: Sequence[Token]
    index: int = 0
    wanted: _Wanted = ""
    levels: list[_Level] = field(default_factory=lambda: [_Level(query=True)])

    def places(self) -> Iterator[Place]:
        if self._word(0) in _HEADS_OF_TABLE:
            self.wanted, self.index = "table", 1
        elif (self._word(0), self._word(1)) in _ABOUT_TABLE:
            self.wanted, self.index = "table", 2
        elif (self._word(0), self._word(1)) in _SET_CATALOG:
            self.wanted, self.index = "catalog", 2
        elif self._word(0) == "USE":
            self.wanted, self.index = "schema", 1
        while self.index < len(self.tokens):
            if place := self._step():
                yield place

    def _step(self) -> Place | None:
        word = self._word(self.index)
        if wanted := self._asked_by(word):
            self.wanted = wanted
        elif word in ("(", ")"):
            self._parenthesis(word)
        elif word == "|>":
            self.wanted, self.levels[-1].in_from = "", False
        elif self.tokens[self.index].is_text:
            return self._text()
        elif self.wanted and word in _IN_BETWEEN and self._word(self.index + 1) != ".":
            pass
        elif chain := chain_at(self.tokens, self.index):
            return self._name(chain)
        else:
            self.wanted = ""
        self.index += 1
        return None

    def _text(self) -> Place | None:
        place, wanted, self.wanted = self.index, self.wanted, ""
        self.index += 1
        before = [token.value.upper() for token in self.tokens[max(place - 2, 0) : place]]
        role: Role | None = None
        if before == ["TABLE_CHANGES", "("]:
            role = "table"
        elif wanted in ("table", "relation") or self._before_path(before):
            role = "path"
        elif wanted in ("schema", "catalog"):
            role = wanted
        return Place(Chain((self.tokens[place].value,), place, place), role, "text") if role else None

    def _before_path(self, before: Sequence[str]) -> bool:
        option = self.levels[-1].options and (before[-1] == "PATH" or before == ["PATH", "="])
        return option or not _BEFORE_PATH.isdisjoint(before[-1:])

    def _name(self, chain: Chain) -> Place | None:
        wanted, self.wanted = self.wanted, ""
        self._note_clause(chain)
        self.index = chain.last + 1
        called = self._word(self.index) == "("
        if called and self.tokens[chain.first].word == "IDENTIFIER" and len(chain.parts) == 1:
            return self._identifier(chain, wanted)
        if called and self.tokens[chain.first].word in _CURRENT and self._word(self.index + 1) == ")":
            return Place(Chain(chain.parts, chain.first, self.index + 1), "current")
        if called and wanted in ("", "relation"):
            return Place(chain, "function") if len(chain.parts) > 1 else None
        if wanted:
            return Place(chain, "table" if wanted == "relation" else wanted)
        return Place(chain, "other") if len(chain.parts) > 1 else None

    def _identifier(self, chain: Chain, wanted: _Wanted) -> Place | None:
        close, depth = self.index, 1
        while depth and close + 1 < len(self.tokens):
            close += 1
            depth += (self._word(close) == "(") - (self._word(close) == ")")
        self.index = close + 1
        role: Role = "table" if wanted == "relation" else wanted or "other"
        return Place(Chain(chain.parts, chain.first, close), role, "identifier") if wanted else None

    def _asked_by(self, word: str) -> _Wanted:
        """What the next name is, when this word says so."""
        before = self._word(self.index - 1)
        if self._word(self.index + 1) == "." or before == ".":
            return ""
        if word in ("IN", "FROM") and (asked := self._listed()):
            return asked
        if word == "FROM":
            return self._from(before)
        if word == "JOIN" or (word == "," and self.levels[-1].in_from) or (word == "USING" and self._merging()):
            return "relation"
        return self._asked_by_command(word, before)

    def _asked_by_command(self, word: str, before: str) -> _Wanted:
        head = self._word(0)
        if word in _BEFORE_TABLE or (before, word) == ("RENAME", "TO") or (head, word) == ("CONVERT", "DELTA"):
            return "table"
        if word in _SCHEMA and head in _HEADS_OF_SCHEMA and self.index <= 4:
            return "schema"
        if (head, word) == ("CREATE", "LIKE") and not self._query_began():
            return "table"
        return "column" if (head, word) == ("COMMENT", "COLUMN") else ""

    def _from(self, before: str) -> _Wanted:
        level = self.levels[-1]
        if before == "DISTINCT" or (before == "(" and self._word(self.index - 2) == "TRIM"):
            return ""
        level.query = level.query or before == "("
        level.in_from = level.query
        return "relation" if level.query else ""

    def _parenthesis(self, word: str) -> None:
        if word == "(":
            self.wanted = "relation" if self.wanted == "table" else self.wanted
            options = self._word(self.index - 1) == "OPTIONS"
            self.levels.append(_Level(query=False, in_from=self.wanted == "relation", options=options))
            return
        self.wanted = ""
        if len(self.levels) > 1:
            self.levels.pop()

    def _note_clause(self, chain: Chain) -> None:
        word = self.tokens[chain.first].word.partition(" ")[0] if len(chain.parts) == 1 else ""
        level = self.levels[-1]
        level.query = level.query or word in ("SELECT", "WITH")
        level.in_from = level.in_from and word not in _END_OF_FROM

    def _listed(self) -> _Wanted:
        """What comes after IN or FROM in SHOW: the schema of what is listed, or the table whose columns are."""
        if self._word(0) == "SHOW" and self._word(1) == "COLUMNS":
            return "table" if self.index == 2 else "schema"
        return "schema" if (self._word(0), self._word(1)) in _LISTINGS else ""

    def _merging(self) -> bool:
        return self._word(0) == "MERGE" and len(self.levels) == 1

    def _query_began(self) -> bool:
        return any(token.word in ("AS", "SELECT") for token in self.tokens[: self.index])

    def _word(self, index: int) -> str:
        return self.tokens[index].word if 0 <= index < len(self.tokens) else ""
