"""Fetches the data set "Online Retail" from the UCI Machine Learning Repository and stores it as Parquet.

python -m example_demand_forecast.data data/online_retail.parquet
"""

import argparse
import hashlib
import http.client
import shutil
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

URL = "https://archive.ics.uci.edu/static/public/352/online+retail.zip"
CONTENT_HASH = "27cf7b3cd7e7557c787af1b104b9e813c5dd7fe304d0a21bcbe593c4c41203aa"
"""Of the rows that every published figure of this example was measured on; see ``content_hash``."""

_TEXTS = ["InvoiceNo", "StockCode", "Description", "Country"]
_CHUNK_ROWS = 50_000
_TIMEOUT_SECONDS = 60


class DataUnavailable(Exception):
    """The data could not be had; the message says why and what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. Returns 1, after one message on stderr, when the data could not be had."""
    parser = argparse.ArgumentParser(prog="example_demand_forecast.data", description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="the Parquet file to write")
    parser.add_argument("--url", default=URL, help="another address of the zip (file:// too)")
    parser.add_argument("--sha256", default=CONTENT_HASH, help="the content hash that the rows must have")
    options = parser.parse_args(argv)
    try:
        rows = fetch(options.url, options.output, options.sha256)
    except DataUnavailable as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{options.output}: {rows} rows")
    return 0


def fetch(url: str, output: Path, sha256: str = CONTENT_HASH) -> int:
    """Downloads the zip at ``url``, checks the rows in it and writes them to ``output``; returns their number.

    Raises DataUnavailable when there is no such file, it holds no such table, or its rows are other ones. ``output``
    is then as it was before.
    """
    with tempfile.TemporaryDirectory() as directory:
        archive = Path(directory) / "online_retail.zip"
        _download(url, archive)
        sales = _read(archive, url)
    if (found := content_hash(sales)) != sha256:
        raise DataUnavailable(
            f"{url} holds {len(sales)} rows with content hash {found}, not {sha256}.\n"
            "It was changed since, or is another file. Nothing was written."
        )
    _write(sales, output)
    return len(sales)


def content_hash(sales: pd.DataFrame) -> str:
    r"""sha256 of the rows in their order, whatever format they came in.

    Fields are joined by \x1f, each row ends with \n, in UTF-8. An InvoiceDate is written as %Y-%m-%d %H:%M:%S, a
    UnitPrice as %.3f, a CustomerID as an integer, null as nothing.
    """
    digest = hashlib.sha256()
    for start in range(0, len(sales), _CHUNK_ROWS):
        chunk = sales.iloc[start : start + _CHUNK_ROWS]
        fields = [
            chunk["InvoiceNo"],
            chunk["StockCode"],
            chunk["Description"].fillna(""),
            chunk["Quantity"].astype(str),
            chunk["InvoiceDate"].dt.strftime("%Y-%m-%d %H:%M:%S"),
            chunk["UnitPrice"].map("{:.3f}".format),
            chunk["CustomerID"].astype("Int64").astype("string").fillna(""),
            chunk["Country"],
        ]
        for row in zip(*fields, strict=True):
            digest.update("\x1f".join(row).encode() + b"\n")
    return digest.hexdigest()


def _download(url: str, target: Path) -> None:
    try:
        # The address is the constant above, or one that the user gives on purpose.
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response, target.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(response, file)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise DataUnavailable(
            f"cannot download {url}: {error}.\n"
            "Without a network, fetch the zip elsewhere and give it as --url file:///path/to/online_retail.zip"
        ) from error


def _read(archive: Path, url: str) -> pd.DataFrame:
    try:
        with zipfile.ZipFile(archive) as members:
            name = next((name for name in members.namelist() if name.endswith(".xlsx")), None)
            if name is None:
                raise DataUnavailable(f"{url} is a zip without an .xlsx file in it.")
            with members.open(name) as workbook:
                # Only an empty cell is null: a text such as "NA" stays what it is.
                raw = pd.read_excel(workbook, dtype=dict.fromkeys(_TEXTS, str), keep_default_na=False, na_values=[""])
        return _typed(raw)
    except ImportError as error:
        raise DataUnavailable(f"{error}\nReading the workbook needs openpyxl: pip install openpyxl") from error
    except (zipfile.BadZipFile, EOFError, ValueError, KeyError) as error:
        raise DataUnavailable(f"{url} does not hold the table as UCI publishes it: {error}") from error


def _typed(raw: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "InvoiceNo": raw["InvoiceNo"],
            "StockCode": raw["StockCode"],
            "Description": raw["Description"],
            "Quantity": raw["Quantity"].astype("int32"),
            # Excel stores times as fractions of a day; the true ones are whole minutes.
            "InvoiceDate": pd.to_datetime(raw["InvoiceDate"]).dt.round("min").astype("datetime64[us]"),
            "UnitPrice": raw["UnitPrice"].astype("float64"),
            "CustomerID": raw["CustomerID"].astype("Int32"),
            "Country": raw["Country"],
        }
    )


def _write(sales: pd.DataFrame, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f".{output.name}.partial")
    try:
        sales.to_parquet(partial, index=False, compression="zstd")
        partial.replace(output)
    except OSError as error:
        raise DataUnavailable(f"cannot write {output}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
