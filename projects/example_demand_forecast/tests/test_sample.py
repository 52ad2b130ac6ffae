import pandas as pd

from example_demand_forecast.sample import online_retail


def test_the_sample_has_the_real_columns_and_span() -> None:
    sales = online_retail()
    assert {name: str(kind) for name, kind in sales.dtypes.items()} == {
        "InvoiceNo": "object",
        "StockCode": "object",
        "Description": "object",
        "Quantity": "int32",
        "InvoiceDate": "datetime64[us]",
        "UnitPrice": "float64",
        "CustomerID": "Int32",
        "Country": "object",
    }
    assert (str(sales["InvoiceDate"].min().date()), str(sales["InvoiceDate"].max().date())) == (
        "2010-12-01",
        "2011-12-09",
    )
    assert 50_000 < len(sales) < 70_000


def test_the_sample_is_the_same_each_time() -> None:
    pd.testing.assert_frame_equal(online_retail(), online_retail())


def test_the_sample_has_what_the_real_data_must_be_cleaned_of() -> None:
    sales = online_retail()
    assert sales["InvoiceNo"].str.startswith("C").any()
    assert sales["CustomerID"].isna().any()
    assert (sales["UnitPrice"] == 0).any()
    assert (sales["Country"] != "United Kingdom").any()
    assert not sales["StockCode"].str.fullmatch(r"\d{5}[A-Z]*").all()
    assert not (sales["InvoiceDate"].dt.dayofweek == 5).any()
