"""Secrets that a task was given are in nothing that a run leaves, nor in what it shows."""

import json
from pathlib import Path

SCOPE, VARIABLE = "s3cr3t-of-a-scope-and-long", "s3cr3t-of-a-variable"
PARAMETER, PASSWORD = "s3cr3t-of-a-parameter", "s3cr3tPw"
SPILLS = """
def unlucky(frames):
    for frame in frames:
        raise ValueError(f"no place for {frame.a[0]}")


def daily_units(sales: DataFrame, context, api_token: str) -> DataFrame:
    import logging
    import os
    import sys
    import warnings

    secret, login = context.secret("shop", "db"), os.environ["SHOP_LOGIN"]
    print(secret, os.environ["SHOP_API_KEY"], api_token, file=sys.stderr)
    shown = context.spark.createDataFrame([(secret, api_token)], "a string, b string")
    shown.show()
    try:
        shown.mapInPandas(unlucky, "a string").write.saveAsTable("unlucky")
    except Exception as error:
        logging.getLogger("shop").exception("a worker")
    print(f"https://user:{login}@example.com/?key={secret}")
    logging.getLogger("shop").warning("%s", {"api_token": api_token, "password": login})
    warnings.warn(f"no {secret}")
    key = os.environ["SHOP_API_KEY"]
    raise ValueError(f"cannot connect with {secret}, {api_token}, {key} to mysql://u:{login}@h")
"""


def spilling(shop) -> dict[str, str]:
    code = (shop.root / shop.code).read_text()
    old = code[code.index("def daily_units") : code.index("def train")]
    shop.edit(shop.code, (old, f"{SPILLS}\n\n"))
    shop.edit(
        shop.pipeline,
        ("  slope: 2\n", '  slope: 2\n  api_token: ""\n'),
        ("    primary_keys:", '    params: {api_token: "{{job.parameters.api_token}}"}\n    primary_keys:'),
    )
    (shop.root / ".framework" / "secrets.json").write_text(json.dumps({"shop": {"db": SCOPE}}))
    return {"SHOP_API_KEY": VARIABLE, "SHOP_LOGIN": PASSWORD}


def test_a_planted_secret_is_found_nowhere(shop):
    environment = spilling(shop)
    given = ("--only", "features", "--params", f"api_token={PARAMETER}")
    runs = [
        shop.framework("run", "shop", *given, "-o", "json", **environment),
        shop.framework("run", "shop", *given, "--log-format", "json", **environment),
        shop.framework("runs", "last", "-o", "json"),
        shop.framework("logs", "last", "features", "-o", "json"),
        shop.framework("logs", "last", "features"),
    ]

    assert [done.code for done in runs] == [1, 1, 0, 0, 0], [done.stderr for done in runs]
    shown = "".join(done.stdout + done.stderr for done in runs)
    assert "cannot connect with [REDACTED]" in shown and "no place for [REDACTED]" in shown
    texts = {"shown": shown} | {str(file): text_of(file) for file in left_by(shop.root) if file.is_file()}
    found = [
        f"{name}: {secret}"
        for name, text in texts.items()
        for secret in (SCOPE, SCOPE[:16], VARIABLE, PARAMETER, PASSWORD)
        if secret in text
    ]
    assert found == []


def left_by(root: Path) -> list[Path]:
    """All that the runs left but the code they ran, where this one is written, and the store that resumes them."""
    state = root / ".framework"
    files = [file for folder in ("runs", "mlflow", "warehouse") for file in (state / folder).rglob("*")]
    files += (state / "engine").glob("*.log")
    return [file for file in files if file.suffix not in (".py", ".zip", ".pyc")]


def text_of(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")
