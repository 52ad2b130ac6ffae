"""Operations in a table's history: those that bring rows, and those that leave them as they are."""

UNKNOWN = "unknown"
"""Stands for an operation that the history does not tell."""
_WHOLE = ("CREATE TABLE AS SELECT", "CREATE OR REPLACE TABLE", "REPLACE TABLE")
"""How operations begin that bring all rows of a table."""
_DATA = (
    *("WRITE", "STREAMING UPDATE", "COPY INTO", "MERGE", "UPDATE", "DELETE", "TRUNCATE"),
    *("CLONE", "CONVERT", "RESTORE", "DLT REFRESH", "Manual Update", UNKNOWN),
)


def is_whole(operation: str) -> bool:
    """Whether all rows of the table came with it."""
    return operation.startswith(_WHOLE)


def is_data(operation: str) -> bool:
    """Whether it may bring rows, or take some away. All others compact, clean up, or are about the table itself."""
    return operation in _DATA or is_whole(operation)
