"""Damage in CSV files that Spark would load without a word, found before it reads them, with file and line."""

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from framework.core.errors import DataError

_COMPRESSED = {".gz", ".bz2", ".zst", ".lz4", ".snappy", ".deflate"}
_QUOTES = "Values are separated by commas; inside quotation marks, a quotation mark is written twice."


def refuse_damage(files: Sequence[Path], shown_as: str) -> None:
    """Raise DataError at the first row that does not fit the header, open quote, unclear header or byte not in UTF-8.

    ``files`` are the parts of one table, so their headers must be alike. What is compressed is left to Spark.
    """
    csv.field_size_limit(sys.maxsize)
    first: list[str] | None = None
    for file in files:
        if file.suffix.lower() in _COMPRESSED:
            continue
        name = shown_as if len(files) == 1 else f"{shown_as}: {file.name}"
        header = _check(file, name)
        if header != (first := first or header):
            raise DataError(f"{name} has another header than {files[0].name}", "The files of a source are one table.")


def _check(file: Path, name: str) -> list[str]:
    """The header, once all rows were found to fit it."""
    header: list[str] = []
    for line, row in _rows(file, name):
        if not header:
            header = row
            _refuse_header(header, f"{name}:{line}")
        elif len(row) != len(header):
            raise DataError(f"{name}:{line}: {len(row)} values for {len(header)} columns", _QUOTES)
    return header


def _rows(file: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line on which it begins."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader, line = csv.reader(text, strict=True), 1
        try:
            for row in reader:
                if row:
                    yield line, row
                line = reader.line_num + 1
        except UnicodeDecodeError as error:
            byte = f"0x{error.object[error.start]:02x}"
            raise DataError(f"{name} is not UTF-8: it has a byte {byte}", "Save it as UTF-8.") from None
        except csv.Error as error:
            reason = "a quotation mark is not closed" if "end of data" in str(error) else str(error)
            raise DataError(f"{name}:{line}: {reason}", _QUOTES) from None


def _refuse_header(header: Sequence[str], place: str) -> None:
    if "" in header:
        hint = "Name every column. Did the writer add an index? Leave it out."
        raise DataError(f"{place}: column {header.index('') + 1} has no name", hint)
    lower = [column.lower() for column in header]
    if repeated := [column for column in header if lower.count(column.lower()) > 1]:
        hint = "Rename one of them; upper and lower case are the same to Spark."
        raise DataError(f"{place}: the header repeats {', '.join(map(repr, repeated))}", hint)
