"""What a task wrote, and how that is compared with what it writes again."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Written:
    """A table that a task wrote at ``version``, and where it writes the rows again.

    ``part`` says which rows it wrote: "all", what it "added" to the version before, or those where a SQL predicate
    holds.
    """

    table: str
    version: int
    scratch: str
    part: str


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How many rows there were ``then`` and are ``now``, and how many of each have no like; columns that differ."""

    then: int
    now: int
    only_then: int = 0
    only_now: int = 0
    columns: tuple[str, ...] = ()


def differing(then: dict[str, str], now: dict[str, str]) -> tuple[str, ...]:
    """The columns that are not as they were, from the types by name."""
    columns = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return tuple(f"{name} was {then.get(name, 'not there')}, is {now.get(name, 'gone')}" for name in columns)


def is_loose(kind: str) -> bool:
    """Whether values of that type cannot be compared, in Spark: maps and variants, which are compared as text."""
    return "map<" in kind or "variant" in kind
