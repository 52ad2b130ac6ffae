import datetime as dt
from typing import Any, Optional

from pyspark.sql import DataFrame

Weeks = Optional[str]


def report(as_of: dt.date, weeks: Weeks, share: int, dry_run: str | None, regions: str, count: int) -> Any: ...


def other(context: object) -> tuple[DataFrame, DataFrame]: ...
