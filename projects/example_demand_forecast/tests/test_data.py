import functools
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from example_demand_forecast.data import CONTENT_HASH, content_hash, main

pytest.importorskip("openpyxl")

SALES = pd.DataFrame(
    {
        "InvoiceNo": ["536365", "C536366", "536367"],
        "StockCode": ["85123A", "22423", "POST"],
        "Description": [" WHITE HOLDER ", None, "NA"],
        "Quantity": pd.Series([6, -2, 1], dtype="int32"),
        "InvoiceDate": pd.to_datetime(["2010-12-01 08:26", "2010-12-01 09:01", "2011-12-09 12:50"]).astype(
            "datetime64[us]"
        ),
        "UnitPrice": [2.55, 0.001, 18.0],
        "CustomerID": pd.Series([17850, None, 12583], dtype="Int32"),
        "Country": ["United Kingdom", "EIRE", "France"],
    }
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A directory whose files are served; its address is in the file ``url``."""
    directory = tmp_path / "site"
    directory.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (directory / "url").write_text(f"http://127.0.0.1:{server.server_port}")
    yield directory
    server.shutdown()
    server.server_close()


def publish(site: Path, sales: pd.DataFrame) -> str:
    # As UCI has it: numbers where a code looks like one.
    loose = sales.assign(
        InvoiceNo=[int(n) if n.isdigit() else n for n in sales["InvoiceNo"]],
        StockCode=[int(n) if n.isdigit() else n for n in sales["StockCode"]],
    )
    loose.to_excel(site / "Online Retail.xlsx", index=False)
    with zipfile.ZipFile(site / "retail.zip", "w") as archive:
        archive.write(site / "Online Retail.xlsx", "Online Retail.xlsx")
    return f"{(site / 'url').read_text()}/retail.zip"


def test_the_rows_arrive_as_they_were(site: Path, tmp_path: Path) -> None:
    output = tmp_path / "data" / "online_retail.parquet"
    assert main([str(output), "--url", publish(site, SALES), "--sha256", content_hash(SALES)]) == 0
    found = pd.read_parquet(output, dtype_backend="numpy_nullable").convert_dtypes()
    pd.testing.assert_frame_equal(found, SALES.convert_dtypes(), check_dtype=False)


def test_other_rows_are_refused_and_the_file_stays_as_it_was(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "data" / "online_retail.parquet"
    output.parent.mkdir()
    output.write_text("before")
    assert main([str(output), "--url", publish(site, SALES.head(2))]) == 1
    assert f"not {CONTENT_HASH}" in capsys.readouterr().err
    assert [file.read_text() for file in output.parent.iterdir()] == ["before"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("missing.zip", "cannot download"),
        ("url", "not a zip file"),
        ("empty.zip", "without an .xlsx"),
        ("other.zip", "as UCI"),
    ],
)
def test_what_is_not_the_published_file_is_named(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, message: str
) -> None:
    zipfile.ZipFile(site / "empty.zip", "w").close()
    pd.DataFrame({"Something": [1]}).to_excel(site / "other.xlsx")
    with zipfile.ZipFile(site / "other.zip", "w") as archive:
        archive.write(site / "other.xlsx", "other.xlsx")
    output = tmp_path / "data" / "online_retail.parquet"
    assert main([str(output), "--url", f"{(site / 'url').read_text()}/{file}"]) == 1
    assert message in capsys.readouterr().err
    assert not output.parent.exists()


def test_without_a_network_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "x.parquet"), "--url", "http://127.0.0.1:1/retail.zip"]) == 1
    assert "--url file://" in capsys.readouterr().err


def test_the_real_data_has_the_published_content() -> None:
    path = Path(__file__).parents[1] / "data" / "online_retail.parquet"
    if not path.exists():
        pytest.skip("the real data is not here: run 'make data'")
    assert content_hash(pd.read_parquet(path)) == CONTENT_HASH
