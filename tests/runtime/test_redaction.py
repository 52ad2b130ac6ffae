"""Secrets stay out of what a process prints and logs."""

import json

import pytest

from framework.core.task_run import AttemptRecord, TaskError, Verdict
from framework.runtime import redaction
from framework.runtime.redaction import keep_secret, keep_secrets_of, redacted, redacted_record


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch):
    monkeypatch.setattr(redaction, "_secrets", [])


def test_a_secret_also_with_escapes_and_the_longer_one_first():
    keep_secret("hunter")
    keep_secret('hunter2 "\n\u00e9"')

    text = 'hunter2 "\n\u00e9"'
    for written in (text, repr(text), json.dumps(text), json.dumps(text, ensure_ascii=False)):
        assert redacted(f"x {written} y").replace("'", "").replace('"', "") == "x [REDACTED] y"


def test_values_that_are_too_short_to_hide_anything_stay():
    keep_secret("")
    keep_secret("1")

    assert redacted("1 of 10") == "1 of 10"


def test_a_secret_as_a_url_and_a_shown_table_write_it():
    keep_secret("p@ss/word & thirty characters more")

    assert redacted("x=p%40ss%2Fword%20%26%20thirty%20characters%20more") == "x=[REDACTED]"
    assert redacted("|p@ss/word & thirt...|") == "|[REDACTED]|"


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
