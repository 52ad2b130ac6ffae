"""Why nothing was found: names that no run has, and those that there are."""

from framework.spec.suggestions import did_you_mean, listed
from framework.trace.ops import Ops
from framework.trace.search import NO_RECORDS, Wanted

_LOOKED_AT = 10_000
"""Records, the newest."""
_WORDS = {"task_key": "task", "parameters": "parameter", "metrics": "metric"}
"""For columns that are called otherwise on the command line."""


def unfound(ops: Ops, wanted: Wanted) -> list[str]:
    """A line for each name in ``wanted`` that none of the newest records has; nothing when each of them is there."""
    names = {"project": [wanted.project], "pipeline": [wanted.pipeline], "task_key": [wanted.task]}
    names |= {"parameters": [*wanted.params], "metrics": [each.name for each in wanted.metrics]}
    asked = [(column, name) for column, each in names.items() for name in each if name]
    rows = ops.select(wanted.table, (), columns=[column for column, _ in asked] or ["project"], limit=_LOOKED_AT)
    if not rows:
        return [f"There are no records: {NO_RECORDS}"]
    lines = []
    for column, name in asked:
        in_maps = column in ("parameters", "metrics")
        there = sorted({each for row in rows for each in ((row[column] or ()) if in_maps else (row[column] or "",))})
        if name not in there:
            has = f"None of the latest {len(rows):,} records has the {_WORDS.get(column, column)} '{name}'"
            lines.append(f"{has}{did_you_mean(name, there)}. There are: {listed(there) or 'none'}.")
    return lines
