"""Secrets stay out of what a process prints and logs."""

import json

import pytest
from pyspark.errors import PythonException

from framework.core.task_run import AttemptRecord, TaskError, Verdict
from framework.runtime import redaction, spark_errors
from framework.runtime.redaction import keep_secret, keep_secrets_of, redacted, redacted_record


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch):
    monkeypatch.setattr(redaction, "_secrets", [])


def test_a_secret_also_with_escapes_and_the_longer_one_first():
    keep_secret("hunter")
    keep_secret('hunter2 "\n\u00e9"')

    text = 'hunter2 "\n\u00e9"'
    for written in (text, repr(text), json.dumps(text), json.dumps(text, ensure_ascii=False), str(text.encode())[1:]):
        assert redacted(f"x {written} y").replace("'", "").replace('"', "") == "x [REDACTED] y"


def test_values_that_are_too_short_to_hide_anything_stay():
    keep_secret("")
    keep_secret("1")

    assert redacted("1 of 10") == "1 of 10"


def test_a_secret_as_a_url_writes_it():
    keep_secret("p@ss/word & thirty characters more")

    assert redacted("x=p%40ss%2Fword%20%26%20thirty%20characters%20more") == "x=[REDACTED]"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("|p@ss/word & thirt...|", "|[REDACTED]...|"),
        ("|https://u:p@ss/wo...|x|", "|https://u:[REDACTED]...|x|"),
        ("|p@ss/w|", "|[REDACTED]|"),
        ("0  url=p@ss/word & thirty char...\n", "0  url=[REDACTED]...\n"),
        ("|one p@ss/word & t...|two p@ss/word & ...|", "|one [REDACTED]...|two [REDACTED]...|"),
        ("|p@ss/word & thirty characters...|", "|[REDACTED]...|"),
        ("p@ss/word is fine...", "p@ss/word is fine..."),
        ("|p@ss/...|", "|p@ss/...|"),
    ],
)
def test_a_secret_that_a_shown_table_cuts(written, shown):
    keep_secret("p@ss/word & thirty characters.more")

    assert redacted(written) == shown


@pytest.mark.parametrize(
    "secret", ["first line 1\nand line 2\n", "  first line 1 \r\n\r\nand line 2", "first line 1\n"]
)
def test_a_secret_of_several_lines_also_line_by_line(secret):
    keep_secret(secret)

    assert "line" not in redacted(secret.strip())
    assert not [told for line in secret.splitlines() if "line" in (told := redacted(f"{line}\n")) or told == line]
    assert spark_errors.summary(ValueError(f"bad {secret}")).startswith("bad [REDACTED]")


def test_what_heads_a_certificate_and_blanks_are_no_secrets():
    keep_secret("-----BEGIN CERTIFICATE-----\nMIIBszCC\n-----END CERTIFICATE-----\n")
    keep_secret("    ")

    assert redacted("-----BEGIN CERTIFICATE-----") == "-----BEGIN CERTIFICATE-----"
    assert redacted("    MIIBszCC") == "    [REDACTED]"


def test_half_a_secret_is_not_left_where_an_error_is_cut():
    keep_secret("hunter2\nhunter3")
    on_worker = PythonException("Traceback (most recent call last):\nValueError: bad hunter2\nhunter3\n")

    assert spark_errors.summary(ValueError("bad hunter2\nhunter3")) == "bad [REDACTED]"
    assert spark_errors.worker_error(on_worker)[1] == "ValueError: bad [REDACTED]"
    assert "hunter" not in spark_errors.summary(ValueError("x" * 490 + "hunter2\nhunter3"))


def test_the_password_in_a_url_that_the_environment_has():
    keep_secrets_of({"DATABASE_URL": "postgres://me:p%40ss7@db/x", "A": "a://b:b@c", "B": "no://[url"})
    assert redacted("p@ss7 at b") == "[REDACTED] at b"


def test_secrets_by_the_names_of_variables_and_parameters():
    keep_secrets_of(
        {
            "DB_PASSWORD": "hunter2",
            "PWD": "/home/a",
            "USE_TOKEN": "true",
            "SSH_SECRET": "/",
            "api_key": "k3y-9",
            "a": "bcde",
        }
    )

    text = "hunter2 /home/a true / k3y-9 b"
    assert redacted(text) == "[REDACTED] /home/a true / [REDACTED] b"


def test_a_record_has_none():
    keep_secret("hunter2")
    record = AttemptRecord(
        job_run_id="1", task_run_id="2", attempt=1, project="p", pipeline="p", target="local", task_key="t", kind="k",
        result="FAILED", started_at="", ended_at="", parameters={"token": "abc", "note": "hunter2"}, notes=("hunter2",),
        verdict=Verdict(False, ("hunter2",)), error=TaskError("E", "hunter2", "hunter2", "password='x1'"),
    )  # fmt: skip

    text = redacted_record(record).to_json()
    assert not any(secret in text for secret in ("hunter2", "abc", "x1"))
    assert redacted_record(record).parameters == {"token": "[REDACTED]", "note": "[REDACTED]"}
