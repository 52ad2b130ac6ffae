"""Operations in a table's history: those that bring rows, and those that leave them as they are."""

UNKNOWN = "unknown"
"""Stands for an operation that the history does not tell."""
_WHOLE = ("CREATE TABLE AS SELECT", "CREATE OR REPLACE TABLE", "REPLACE TABLE")
"""How operations begin that bring all rows of a table."""
_DATA = (
    *("WRITE", "STREAMING UPDATE", "COPY INTO", "MERGE", "UPDATE", "DELETE", "TRUNCATE"),
    *("CLONE", "CONVERT", "RESTORE", "FSCK", "DLT REFRESH", "Manual Update", UNKNOWN),
)
_HOUSEKEEPING = (
    *("SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "ADD CONSTRAINT", "DROP CONSTRAINT", "CLUSTER BY"),
    *("UPGRADE PROTOCOL", "OPTIMIZE", "REORG", "VACUUM START", "VACUUM END", "COMPUTE STATS"),
)


def is_whole(operation: str) -> bool:
    """Whether all rows of the table came with it."""
    return operation.startswith(_WHOLE)


def is_data(operation: str) -> bool:
    """Whether it may bring rows, or take some away. All others compact, clean up, or are about the table itself."""
    return operation in _DATA or is_whole(operation)


def is_housekeeping(operation: str) -> bool:
    """Whether it surely left rows and columns as they were."""
    return operation in _HOUSEKEEPING
