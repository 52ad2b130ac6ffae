"""What a task logs, warns of and prints becomes lines of ECS, and lines for a person; neither can be forged."""

import json
import logging
import sys
import time
import warnings
from pathlib import Path

import jsonschema
import pytest

from framework.core.task_run import AttemptRecord, TaskError
from framework.runtime import redaction, run_records, structured_logs
from framework.runtime.log_lines import EcsLines, Event
from framework.runtime.redaction import keep_secret

SCHEMA = json.loads((Path(__file__).parent / "ecs.schema.json").read_text())
LABELS = {
    "job_run_id": "12", "task_run_id": "34", "attempt": "1", "task_key": "train", "pipeline": "demand",
    "project": "shop", "target": "prod", "release": "0f" * 8, "commit": "ab" * 20,
}  # fmt: skip
logger = logging.getLogger("project")


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch):
    monkeypatch.setattr(redaction, "_secrets", [])


@pytest.fixture
def outbox(tmp_path, monkeypatch):
    monkeypatch.setenv(run_records.OUTBOX, str(tmp_path))
    return tmp_path


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.delenv(run_records.OUTBOX, raising=False)


def lines_of(text):
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        jsonschema.validate(line, SCHEMA)
    return lines


def in_file(outbox):
    return lines_of((outbox / "log.jsonl").read_text())


def do_everything():
    more = {"rows": 7, "db.password": "x", "project": "forged", "task.key": "forged", "event": {"password": "y"}}
    logger.info("sold %d", 3, extra=more)
    logger.log(25, "of a level without a name")
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logger.exception("caught")
    warnings.warn("too few rows", UserWarning, stacklevel=1)
    print("printed\ttext", 1)
    print("to stderr", file=sys.stderr)
    structured_logs.failed(TaskError("DataError", "the key repeats", "look at product 7", "  File x, line 1"))
    record = AttemptRecord(
        job_run_id="12", task_run_id="34", attempt=1, project="shop", pipeline="demand", target="prod",
        task_key="train", kind="train", result="FAILED", started_at="2030-01-01T00:00:00.000Z",
        ended_at="2030-01-01T00:00:02.500Z",
    )  # fmt: skip
    structured_logs.ended(record)


def test_every_line_fits_the_schema_of_ecs(outbox, capsys):
    with structured_logs.captured(LABELS):
        do_everything()

    lines = in_file(outbox)
    assert [(line["log.level"], line["log.logger"], line["event.provider"]) for line in lines] == [
        ("info", "project", "logging"), ("level 25", "project", "logging"), ("error", "project", "logging"),
        ("warning", "py.warnings", "warnings"), ("info", "stdout", "print"), ("info", "stderr", "print"),
        ("error", "framework.runtime", "logging"), ("info", "framework.runtime", "logging"),
    ]  # fmt: skip
    for line in lines:
        assert {name: line[f"labels.{name}"] for name in LABELS} == LABELS
        assert [line[f"service.{name}"] for name in ("name", "version", "environment")] == ["shop", "0f" * 8, "prod"]
        assert line["trace.id"] == lines[0]["trace.id"]
    assert (lines[0]["labels.rows"], lines[0]["labels.db_password"]) == ("7", "[REDACTED]")
    assert (outbox / "log.jsonl").read_text().count('"labels.task_key"') == len(lines)
    assert lines[0]["labels.event"] == "{'password': '[REDACTED]'}"
    assert (lines[2]["error.type"], lines[2]["error.message"]) == ("ValueError", "first\\nsecond")
    assert "UserWarning: too few rows" in lines[3]["message"] and lines[4]["message"] == "printed\\ttext 1"
    assert (lines[6]["error.type"], lines[6]["event.reason"]) == ("DataError", "look at product 7")
    assert (lines[7]["event.outcome"], lines[7]["event.duration"]) == ("failure", 2_500_000_000)


def test_what_is_secret_leaves_the_runs_trace_as_it_is():
    event = Event(0.0, "info", "x", "y")
    before = json.loads(EcsLines(LABELS).line(event))
    keep_secret("shop")
    after = json.loads(EcsLines(LABELS).line(event))
    assert (before["service.name"], after["service.name"]) == ("shop", "[REDACTED]")
    assert before["trace.id"] == after["trace.id"]


def test_a_person_reads_lines_and_what_was_printed(outbox, capsys):
    with structured_logs.captured(LABELS):
        do_everything()

    printed = capsys.readouterr()
    assert printed.out == "printed\ttext 1\n"
    assert " INFO    project: sold 3\n" in printed.err
    assert " ERROR   project: caught\n    Traceback (most recent call last):\n" in printed.err
    assert "the key repeats\n      File x, line 1\n    look at product 7\n" in printed.err


@pytest.mark.parametrize("how", ["cluster", "asked for"])
def test_on_a_cluster_or_when_asked_for_both_streams_are_json(how, request, monkeypatch, capsys):
    if how == "cluster":
        request.getfixturevalue("cluster")
    else:
        request.getfixturevalue("outbox")
        monkeypatch.setenv(structured_logs.FORMAT, "json")
    with structured_logs.captured(LABELS):
        do_everything()

    printed = capsys.readouterr()
    assert [line["message"] for line in lines_of(printed.out)] == ["printed\\ttext 1"]
    assert [line["message"] for line in lines_of(printed.err)][-1] == "task 'train' ended: FAILED"


FORGED = "ok\n2030-01-01 00:00:00 INFO    root: forged\r\x1b[2K\u2028{\u202e"


def test_a_message_cannot_pretend_to_be_another_line(outbox, capsys):
    with structured_logs.captured(LABELS):
        logger.info("%s", FORGED)

    assert [line["message"][:4] for line in in_file(outbox)] == ["ok\\n"]
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("project: ok")
    assert second == "    2030-01-01 00:00:00 INFO    root: forged\\r\\x1b[2K\\u2028{\\u202e"


def test_a_print_and_the_name_of_a_logger_cannot_steer_a_terminal(outbox, capsys):
    with structured_logs.captured(LABELS):
        print("a\tb\r100 %\x1b]0;title\x07\x9b2J\u202e \u00e9\u00a0\U0001f468\u200d\U0001f469")
        logging.getLogger("a\x1b[2K\nforged").warning("x")

    told = capsys.readouterr()
    shown = "a\tb\r100 %\\x1b]0;title\\x07\\x9b2J\\u202e \u00e9\u00a0\U0001f468\u200d\U0001f469\n"
    assert told.out == shown
    assert told.err.endswith(" WARNING a\\x1b[2K\\nforged: x\n")


def test_a_secret_is_in_no_line(outbox, capsys, monkeypatch):
    monkeypatch.setenv("SHOP_API_KEY", "from-the-environment")
    with structured_logs.captured(LABELS):
        token = keep_secret("hunter2")
        print("token", token, [token])
        print("hun", end="")
        print("ter2 in two pieces")
        sys.stdout.buffer.write(b"hunter2 as bytes\n")
        print("x" * 65_534, "hunt", sep="", end="")
        print("er2", "x" * 65_533, sep="")
        print("url: https://u:p4ss@host/?token=abc")
        try:
            raise ValueError(token)
        except ValueError:
            logger.exception("with %s", token, extra={"said": token})
        warnings.warn(f"bad {token}", UserWarning, stacklevel=1)
        logging.getLogger("other").warning("%s", {"password": "p4ss", "key": "from-the-environment"})
        print("no end: hunter2", end="")
    print("hunter2 again")

    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == "token [REDACTED] ['[REDACTED]']"
    assert printed.out.endswith("no end: [REDACTED]hunter2 again\n")
    text = printed.err + printed.out.replace("hunter2 again", "") + (outbox / "log.jsonl").read_text()
    assert not any(secret in text for secret in ("hunter2", "p4ss", "=abc", "from-the-environment"))


def test_logging_that_the_code_sets_up_anew_still_ends_in_the_log(outbox, capsys):
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        with structured_logs.captured(LABELS):
            logging.basicConfig(force=True, level=logging.INFO)
            keep_secret("hunter2")
            logger.info("my own hunter2")
    finally:
        root.handlers[:], root.level = handlers, level

    assert [line["message"] for line in in_file(outbox)] == ["INFO:project:my own [REDACTED]"]


def test_a_handler_that_was_there_before_writes_nothing_beside_ours(outbox, capsys):
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        with structured_logs.captured(LABELS):
            keep_secret("hunter2")
            logger.info("once: hunter2")
        assert handler in logging.getLogger().handlers
    finally:
        logging.getLogger().removeHandler(handler)

    assert capsys.readouterr().err.count("once") == 1


def test_who_listens_cannot_fail_a_print(outbox, capsys):
    heard = []
    with structured_logs.captured(LABELS) as log:
        log.listen(lambda event: heard.append(event.message) or 1 / 0)
        print("hello")
        logger.info("there")
    assert heard == ["hello", "there"] and len(in_file(outbox)) == 2


def test_arguments_that_do_not_fit_lose_no_line(outbox, capsys):
    class Broken:
        def __str__(self):
            raise RuntimeError("no text")

    with structured_logs.captured(LABELS) as log:
        log.handle(logging.makeLogRecord({"name": "x", "msg": "%d rows", "args": ("many",)}))
        log.handle(logging.makeLogRecord({"name": "x", "msg": "%s", "args": (Broken(),)}))
        log.handle(logging.makeLogRecord({"name": "x", "msg": "ok", "more": Broken()}))

    first, second, third = in_file(outbox)
    assert first["message"].startswith("'%d rows' with arguments that do not fit: TypeError")
    assert "RuntimeError: no text" in second["message"]
    assert third["labels.more"] == "a Broken that cannot be shown: RuntimeError"


def test_a_bar_of_progress_and_a_line_without_an_end_are_told_in_time(outbox, capsys):
    with structured_logs.captured(LABELS):
        for percent in range(3):
            sys.stderr.write(f"\r{percent} %")
        assert [line["message"] for line in in_file(outbox)] == ["0 %", "1 %"]
        sys.stdout.write("x" * 70_000)
        assert len(in_file(outbox)[-1]["message"]) == 70_000


def test_a_full_disk_fails_no_task(outbox, monkeypatch, capsys):
    monkeypatch.setenv(run_records.OUTBOX, "/dev/null/nowhere")
    with structured_logs.captured(LABELS):
        logger.info("still here")
    assert "still here" in capsys.readouterr().err


def test_time_is_that_of_the_event(outbox, capsys):
    with structured_logs.captured(LABELS):
        logger.info("now")
    (line,) = in_file(outbox)
    assert line["@timestamp"][:16] == time.strftime("%Y-%m-%dT%H:%M", time.gmtime())
