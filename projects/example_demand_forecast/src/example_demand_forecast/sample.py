"""Made-up sales in the shape of the real ones, for a first run without the download. Its figures mean nothing."""

import numpy as np
import pandas as pd

_PRODUCTS = 120
_LINES_A_DAY = 1.5
_INVOICES_A_DAY = 60
_DAY_WEIGHTS = np.array([1.0, 1.1, 1.1, 1.2, 0.9, 0.0, 0.6])
"""Monday to Sunday: nothing is sold on Saturdays."""
_OTHER_CODES = ["POST", "DOT", "M", "BANK CHARGES"]
_COUNTRIES = ["United Kingdom", "Germany", "France", "EIRE"]


def online_retail() -> pd.DataFrame:
    """About 60,000 invoice lines from 2010-12-01 to 2011-12-09, the same at each call, with the real data's columns.

    Among them are cancellations, lines without a customer or a price, and codes that are no products.
    """
    rng = np.random.default_rng(352)
    products, lines = _products(rng), _lines(rng)
    invoices = _invoices(rng)
    at = lines["day"] * _INVOICES_A_DAY + rng.integers(0, _INVOICES_A_DAY, len(lines))
    product = products.iloc[lines["product"]].reset_index(drop=True)
    units = rng.geometric(0.35, len(lines)) * product["pack"]
    sales = pd.DataFrame(
        {
            "InvoiceNo": invoices["InvoiceNo"].to_numpy()[at],
            "StockCode": product["StockCode"],
            "Description": product["Description"],
            "Quantity": units.astype("int32"),
            "InvoiceDate": invoices["InvoiceDate"].to_numpy()[at],
            "UnitPrice": product["UnitPrice"],
            "CustomerID": invoices["CustomerID"].array[at],
            "Country": invoices["Country"].to_numpy()[at],
        }
    )
    return _with_oddities(rng, sales).sort_values(["InvoiceDate", "InvoiceNo"], kind="stable", ignore_index=True)


def _days() -> pd.DatetimeIndex:
    days = pd.date_range("2010-12-01", "2011-12-09")
    closed = days.isin(pd.date_range("2010-12-24", "2011-01-03"))
    return days[(days.weekday != 5) & ~closed]


def _products(rng: np.random.Generator) -> pd.DataFrame:
    number = np.arange(_PRODUCTS)
    letter = np.where(number % 10 == 0, "A", "")
    return pd.DataFrame(
        {
            "StockCode": [f"{20000 + 17 * n}{suffix}" for n, suffix in zip(number, letter, strict=True)],
            "Description": [f"SAMPLE GIFT {n}" for n in number],
            "UnitPrice": np.round(rng.lognormal(0.7, 0.6, _PRODUCTS), 2),
            "pack": rng.choice([1, 1, 2, 6, 12], _PRODUCTS),
        }
    )


def _lines(rng: np.random.Generator) -> pd.DataFrame:
    """A row per invoice line: ``day`` and ``product`` by number."""
    days = _days()
    week, weekday = (days - days[0]).days.to_numpy() // 7, days.weekday.to_numpy()
    popularity = rng.lognormal(0, 0.6, _PRODUCTS)
    # Before Christmas everything sells better; week by week each product has its own ups and downs.
    season = 1 + 0.4 * np.exp(-(((week - 48) / 6.0) ** 2))
    swing = rng.lognormal(0, 0.35, (week.max() + 1, _PRODUCTS))
    expected = popularity * swing[week] * (season * _DAY_WEIGHTS[weekday])[:, None]
    count = rng.poisson(expected * _LINES_A_DAY / expected.mean())
    day, product = np.indices(count.shape).reshape(2, -1).repeat(count.ravel(), axis=1)
    return pd.DataFrame({"day": day, "product": product})


def _invoices(rng: np.random.Generator) -> pd.DataFrame:
    days = _days()
    number = np.arange(len(days) * _INVOICES_A_DAY)
    minutes = np.sort(rng.integers(8 * 60, 17 * 60, (len(days), _INVOICES_A_DAY)), axis=1).ravel()
    started = days.to_numpy().repeat(_INVOICES_A_DAY) + minutes * np.timedelta64(1, "m")
    customer = pd.Series(rng.integers(12346, 13346, len(number)), dtype="Int32")
    return pd.DataFrame(
        {
            "InvoiceNo": (536365 + number).astype(str),
            "InvoiceDate": started.astype("datetime64[us]"),
            "CustomerID": customer.mask(rng.random(len(number)) < 0.25),
            "Country": rng.choice(_COUNTRIES, len(number), p=[0.91, 0.03, 0.03, 0.03]),
        }
    )


def _with_oddities(rng: np.random.Generator, sales: pd.DataFrame) -> pd.DataFrame:
    cancelled = sales.sample(frac=0.02, random_state=rng)
    cancelled = cancelled.assign(InvoiceNo="C" + cancelled["InvoiceNo"], Quantity=-cancelled["Quantity"])
    charges = sales.sample(frac=0.005, random_state=rng)
    charges = charges.assign(
        StockCode=rng.choice(_OTHER_CODES, len(charges)), Description="CHARGE", Quantity=np.int32(1), UnitPrice=18.0
    )
    lower_case = rng.random(len(sales)) < 0.01
    free = rng.random(len(sales)) < 0.005
    sales = sales.assign(
        StockCode=sales["StockCode"].mask(lower_case, sales["StockCode"].str.lower()),
        Description=sales["Description"].mask(free),
        UnitPrice=sales["UnitPrice"].mask(free, 0.0),
    )
    return pd.concat([sales, cancelled, charges], ignore_index=True)
