"""Secrets stay out of what a process prints and logs."""

import json
import logging

import pytest

from framework.runtime import redaction, run_records, structured_logs
from framework.runtime.redaction import keep_secret, redacted


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch):
    monkeypatch.setattr(redaction, "_secrets", set())


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


def test_what_is_printed_and_logged(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(run_records.OUTBOX, str(tmp_path))
    with structured_logs.captured("framework", {}), redaction.installed():
        token = keep_secret("hunter2")
        print("token", token, [token])
        try:
            raise ValueError(token)
        except ValueError:
            logging.getLogger("project").exception("with %s", token)
    print("hunter2 again")

    printed = capsys.readouterr()
    assert printed.out == "token [REDACTED] ['[REDACTED]']\nhunter2 again\n"
    log = (tmp_path / "log.jsonl").read_text()
    assert "hunter2" not in printed.err + log
    assert json.loads(log)["error"]["message"] == "[REDACTED]"
