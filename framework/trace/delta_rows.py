"""What delta-rs answers, as plain values."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltalake import QueryBuilder


def fetched(engine: "QueryBuilder", question: str) -> list[dict[str, Any]]:
    """The rows that ``engine`` answers with. Without pyarrow, which would bring numpy and pandas: half a second.

    Raises DeltaError or OSError.
    """
    batches = engine.execute(question)
    try:
        found = batches.read_all()
    except Exception as error:  # nothing narrower comes of a file that is missing or broken
        raise OSError(str(error)) from None
    columns = [found.column(name).to_pylist() for name in found.column_names]
    return [dict(zip(found.column_names, row, strict=True)) for row in zip(*columns, strict=True)]
