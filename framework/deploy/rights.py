"""The rights in the Databricks CLI's plan: permissions (a level for each principal) and grants (privileges)."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.spec.node_path import printable
from framework.spec.policy_spec import PRINCIPALS

_LEVELS = (
    "CAN_VIEW",
    "CAN_READ",
    "CAN_USE",
    "CAN_QUERY",
    "CAN_MANAGE_RUN",
    "CAN_RUN",
    "CAN_EDIT",
    "CAN_MANAGE",
    "IS_OWNER",
)
"""From little to much. A level that is none of these is more than any other one."""
_ALL, _NOT_IN_ALL = "ALL_PRIVILEGES", ("MANAGE", "EXTERNAL_USE_SCHEMA", "EXTERNAL_USE_LOCATION")
"""A privilege that holds the others but these (docs.databricks.com, Unity Catalog privileges)."""


def rights_opened(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What somebody may do then and not now, such as ``CAN_MANAGE for data-team``.

    Both are the states of the permissions or grants of a resource; of anything else, nothing is opened.
    """
    had = set(_rights(before))
    most = {who: max(_rank(right) for other, right in had if other == who) for who, _ in had}
    return tuple(
        printable(f"{right} for {who}")
        for who, right in sorted(set(_rights(after)) - had)
        if (right not in _LEVELS or _rank(right) > most.get(who, -1))
        and ((who, _ALL) not in had or right in _NOT_IN_ALL)
    )


def _rights(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Who may do what."""
    entries = state.get("__embed__")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            who = next((entry[name] for name in ("principal", *PRINCIPALS) if entry.get(name)), "")
            privileges = entry.get("privileges")
            for right in privileges if isinstance(privileges, list) else [entry.get("level")]:
                if right:
                    yield str(who), str(right)


def _rank(right: str) -> int:
    return _LEVELS.index(right) if right in _LEVELS else len(_LEVELS)
