"""Attempts told to receivers of OTLP and OpenLineage over HTTP; nothing here needs Spark."""

import gzip
import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from framework.core.task_run import (
    AttemptRecord,
    Environment,
    ModelVersion,
    Origin,
    Parameter,
    TableVersion,
    TaskError,
    TaskRun,
)
from framework.core.trace_ids import span_id, trace_id
from framework.runtime import entrypoint, schemas
from framework.runtime.arguments import Arguments
from framework.runtime.log_lines import Event
from framework.runtime.telemetry import telling

SIGNALS = ("logs", "metrics", "traces")
TRACE = trace_id("shop", "local", "7")
REQUESTS = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
GIVEN = Arguments(plan="", task="train", job_run_id="7", task_run_id="70", attempt=2)


@dataclass
class Receiver:
    """Keeps what it is sent. It answers with ``status``, or not at all while ``silent``."""

    address: str = ""
    status: int = 200
    silent: bool = False
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    end: threading.Event = field(default_factory=threading.Event)

    def bodies(self, path: str) -> list[bytes]:
        return [body for where, _, body in self.requests if where == path]

    def otlp(self, path: str) -> list:
        return [REQUESTS[path].FromString(body) for body in self.bodies(path)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if kept.silent:
                kept.end.wait(20)
                return
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            kept.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    kept.end.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def outbox(tmp_path, monkeypatch):
    directory = tmp_path / ".framework" / "runs" / "7"
    directory.mkdir(parents=True)
    monkeypatch.setenv("FRAMEWORK_OUTBOX", str(directory))
    return directory


def test_an_attempt_is_a_span_in_the_trace_of_its_job_run(receiver):
    _told({"otlp": {"endpoint": receiver.address}}, _record())
    [request] = receiver.otlp("/v1/traces")
    [spans] = request.resource_spans
    [span] = spans.scope_spans[0].spans
    assert (span.trace_id.hex(), span.span_id.hex()) == (TRACE, span_id(TRACE, "70", 2))
    assert span.name == "weekly.train"
    assert (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9 == 90
    assert _values(spans.resource) == {
        "service.name": "shop",
        "service.version": "r1",
        "deployment.environment.name": "local",
    }
    attributes = _values(span)
    assert attributes["framework.job_run_id"] == "7"
    assert attributes["framework.commit"] == "abc"
    assert attributes["framework.inputs"] == ["c.raw.sales@3"]
    assert attributes["framework.model"] == "c.models.demand/4"


def test_a_failure_is_an_exception_of_its_span(receiver):
    error = TaskError("DataError", "no rows", traceback="in build")
    _told({"otlp": {"endpoint": receiver.address}}, _record(result="FAILED", error=error))
    span = receiver.otlp("/v1/traces")[0].resource_spans[0].scope_spans[0].spans[0]
    assert (span.status.code, span.status.message) == (2, "no rows")
    assert _values(span.events[0]) == {
        "exception.type": "DataError",
        "exception.message": "no rows",
        "exception.stacktrace": "in build",
    }


def test_metrics_are_those_of_the_task_its_duration_and_its_rows(receiver):
    _told({"otlp": {"endpoint": receiver.address}}, _record(metrics={"wape": 0.5, "undefined": float("nan")}))
    [request] = receiver.otlp("/v1/metrics")
    found = {metric.name: metric for metric in request.resource_metrics[0].scope_metrics[0].metrics}
    duration = found["framework.task.duration"].histogram
    assert (duration.data_points[0].sum, duration.aggregation_temporality) == (90, 1)
    rows = found["framework.task.rows_written"].sum
    assert (rows.data_points[0].as_int, rows.aggregation_temporality) == (12, 1)
    [wape] = found["framework.task.metric"].gauge.data_points
    assert wape.as_double == 0.5
    assert _values(wape)["framework.metric"] == "wape"
    assert not any("run_id" in name for name in _values(wape)), "each run would be a series of its own"


def test_the_log_is_part_of_the_span(receiver):
    events = [Event(1.5, "info", "task.train", "fitting"), Event(2.0, "error", "x", "no", error=TaskError("E", "no"))]
    _told({"otlp": {"endpoint": receiver.address}}, _record(), events)
    [request] = receiver.otlp("/v1/logs")
    first, second = (scope.log_records[0] for scope in request.resource_logs[0].scope_logs)
    assert first.body.string_value == "fitting"
    assert (first.trace_id.hex(), first.span_id.hex()) == (TRACE, span_id(TRACE, "70", 2))
    assert (first.severity_text, first.time_unix_nano) == ("INFO", 1_500_000_000)
    assert _values(second)["exception.type"] == "E"


def test_half_a_character_is_told_as_an_escape(receiver):
    error = TaskError("E", "\udc80")
    _told(
        {"otlp": {"endpoint": receiver.address}}, _record(error=error), [Event(1, "info", "x", "\udc80", error=error)]
    )
    assert receiver.otlp("/v1/logs")[0].resource_logs[0].scope_logs[0].log_records[0].body.string_value == "\\udc80"
    assert receiver.otlp("/v1/traces")


def test_signals_may_go_to_addresses_of_their_own_or_nowhere(receiver):
    _told({"otlp": {"logs_endpoint": f"{receiver.address}/in/logs"}}, _record(), [Event(1, "info", "x", "y")])
    assert [path for path, _, _ in receiver.requests] == ["/in/logs"]


def test_headers_are_sent_with_their_secrets_looked_up(receiver, monkeypatch):
    monkeypatch.setenv("FRAMEWORK_SECRET_OBS_KEY", "s3cret-value")
    headers = {"Authorization": "ApiKey {{secrets/obs/key}}", "x-team": "shop"}
    settings = {"headers": headers}
    sections = {"otlp": {"endpoint": receiver.address}, "openlineage": {"url": receiver.address}}
    _told({name: section | settings for name, section in sections.items()}, _record())
    assert len(receiver.requests) == 4
    assert {sent["authorization"] for _, sent, _ in receiver.requests} == {"ApiKey s3cret-value"}
    assert {sent["x-team"] for _, sent, _ in receiver.requests} == {"shop"}


def test_openlineage_is_told_of_beginning_and_end(receiver):
    digest = schemas.seen([("week", "date"), ("units", "bigint")])
    outputs = (TableVersion("c.features.weekly", 5, 12, digest),)
    settings = {"url": receiver.address, "namespace": "here", "repository": "https://git.example.org/shop"}
    _told({"openlineage": settings}, _record(outputs=outputs, logical_date="2024-01-31"))
    start, complete = map(json.loads, receiver.bodies("/api/v1/lineage"))
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == complete["run"]["runId"]
    assert complete["job"] == {**complete["job"], "namespace": "here", "name": "weekly.train"}
    parent = complete["run"]["facets"]["parent"]
    assert parent["run"]["runId"].replace("-", "") == TRACE
    assert [table["name"] for table in start["inputs"]] == ["c.raw.sales"]
    assert complete["inputs"][0]["facets"]["version"]["datasetVersion"] == "3"
    [output] = complete["outputs"]
    columns = output["facets"]["schema"]["fields"]
    assert [(each["name"], each["type"]) for each in columns] == [("week", "date"), ("units", "bigint")]
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 12
    assert complete["job"]["facets"]["sourceCode"]["sourceCode"] == "shop.training:train"
    assert complete["job"]["facets"]["sourceCodeLocation"]["version"] == "abc"
    assert complete["run"]["facets"]["nominalTime"]["nominalStartTime"] == "2024-01-31T00:00:00Z"
    for event in (start, complete):
        _check_envelope(event)


def test_openlineage_is_told_why_it_failed(receiver):
    error = TaskError("DataError", "no rows", traceback="in build")
    _told({"openlineage": {"url": receiver.address}}, _record(result="FAILED", error=error))
    end = json.loads(receiver.bodies("/api/v1/lineage")[1])
    assert end["eventType"] == "FAIL"
    facet = end["run"]["facets"]["errorMessage"]
    assert (facet["message"], facet["stackTrace"]) == ("no rows", "in build")


@pytest.mark.parametrize("trouble", ["away", "500", "silent"])
def test_what_an_endpoint_does_not_take_is_kept_in_a_file_in_bounded_time(receiver, outbox, caplog, trouble):
    address = "http://127.0.0.1:9" if trouble == "away" else receiver.address
    receiver.status, receiver.silent = 500, trouble == "silent"
    settings = {"otlp": {"endpoint": address}, "openlineage": {"url": address}}
    telemetry_of = _started(settings)
    for _ in range(10_000):
        telemetry_of.hear(Event(1, "info", "x", "a line"))
    began = time.monotonic()
    telemetry_of.ended(_record())
    assert time.monotonic() - began < telling.SECONDS + 1
    assert sorted(file.name for file in outbox.glob("otlp.*")) == [f"otlp.{each}.jsonl" for each in SIGNALS]
    span = json.loads((outbox / "otlp.traces.jsonl").read_text())["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert span["traceId"] == TRACE
    events = [json.loads(line)["eventType"] for line in (outbox / "openlineage.jsonl").read_text().splitlines()]
    assert events == ["START", "COMPLETE"]
    said = _warnings(caplog)
    assert len(said) == 2
    assert "it is in otlp.*.jsonl" in said[0]


def test_an_endpoint_that_comes_back_gets_what_is_told_from_then_on(receiver, outbox, monkeypatch):
    monkeypatch.setattr("framework.runtime.telemetry.courier._INTERVAL", 0.05)
    receiver.status = 500
    told = _started({"otlp": {"endpoint": receiver.address}})
    told.hear(Event(1, "info", "x", "lost"))
    _wait_for((outbox / "otlp.logs.jsonl").exists)
    receiver.status = 200
    told.ended(_record())
    assert len(receiver.otlp("/v1/traces")) == 1
    assert len((outbox / "otlp.logs.jsonl").read_text().splitlines()) == 1


def test_a_log_is_sent_while_the_task_runs(receiver, monkeypatch):
    monkeypatch.setattr("framework.runtime.telemetry.courier._INTERVAL", 0.05)
    told = _started({"otlp": {"endpoint": receiver.address}})
    told.hear(Event(1, "info", "x", "early"))
    _wait_for(lambda: receiver.otlp("/v1/logs"))
    told.ended(_record())


def test_a_flood_of_lines_is_sent_before_long_in_small_requests_and_what_falls_out_is_counted(
    receiver, monkeypatch, caplog
):
    monkeypatch.setattr("framework.runtime.telemetry.courier._INTERVAL", 60)
    monkeypatch.setattr("framework.runtime.telemetry.courier._MOST_LINES", 1000)
    told = _started({"otlp": {"endpoint": receiver.address}, "openlineage": {"url": receiver.address}})
    _wait_for(lambda: receiver.bodies("/api/v1/lineage"))  # nobody is awake any more
    for _ in range(20_000):
        told.hear(Event(1, "info", "x", "a line"))
    _wait_for(lambda: receiver.otlp("/v1/logs"))
    told.ended(_record())
    sizes = [
        sum(len(scope.log_records) for scope in request.resource_logs[0].scope_logs)
        for request in receiver.otlp("/v1/logs")
    ]
    [warning] = _warnings(caplog)
    assert max(sizes) == 500
    assert sum(sizes) + int(re.search(r"all: (\d+) lines of the log", warning)[1]) == 20_000


def test_without_an_outbox_what_does_not_arrive_is_lost_and_that_is_said(monkeypatch, caplog):
    monkeypatch.delenv("FRAMEWORK_OUTBOX")
    _told({"otlp": {"endpoint": "http://127.0.0.1:9"}}, _record())
    assert "it is lost" in caplog.text


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"otlp": {"endpoint": "http://127.0.0.1:9", "headers": {"k": "{{secrets/no/such}}"}}}, "no secret 'such'"),
        ({"openlineage": {"url": "nonsense"}}, "Need valid url"),
        ({"openlineage": {"namespace": "shop"}}, "Need valid url"),
        ({"otlp": "nonsense"}, "not set up"),
    ],
)
def test_settings_that_cannot_work_are_one_warning(settings, reason, caplog):
    _told(settings, _record())
    [warning] = _warnings(caplog)
    assert reason in warning


@pytest.mark.parametrize(
    ("section", "module"),
    [
        ("otlp", "opentelemetry.exporter.otlp.proto.http.trace_exporter"),
        ("openlineage", "openlineage.client.transport.http"),
    ],
)
def test_a_package_that_is_missing_is_one_warning(section, module, caplog, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    address = "http://127.0.0.1:9"
    _told({section: {"endpoint": address} if section == "otlp" else {"url": address}}, _record())
    [warning] = _warnings(caplog)
    assert "to the project's dependencies" in warning


def test_a_package_that_is_too_old_is_one_warning(caplog, monkeypatch):
    monkeypatch.delattr("opentelemetry.sdk._logs.export.InMemoryLogRecordExporter")
    _told({"otlp": {"endpoint": "http://127.0.0.1:9"}}, _record(), [Event(1, "info", "x", "y")])
    [warning] = _warnings(caplog)
    assert "add opentelemetry-exporter-otlp-proto-http>=1.39 to the project's dependencies" in warning


def test_a_task_of_a_job_tells_its_prints_its_log_and_its_end_without_secrets(receiver, tmp_path, outbox, monkeypatch):
    (tmp_path / "telling.py").write_text(
        "def run(password, context):\n"
        "    print('printed', password)\n"
        "    context.logger.info('logged')\n"
        "    raise ValueError(f'wrong {password}')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    record = _attempt(tmp_path, {"otlp": {"endpoint": receiver.address}, "openlineage": {"url": receiver.address}})
    assert record.result == "FAILED"
    lines = [
        line.body.string_value
        for request in receiver.otlp("/v1/logs")
        for scope in request.resource_logs[0].scope_logs
        for line in scope.log_records
    ]
    assert "printed [REDACTED]" in lines
    assert "logged" in lines
    assert receiver.otlp("/v1/traces")
    assert len(receiver.bodies("/api/v1/lineage")) == 2
    assert not any(b"h1dden-value" in body for _, _, body in receiver.requests)
    assert not list(outbox.glob("*lineage*"))


def test_a_task_keeps_its_result_when_nobody_listens(tmp_path, outbox, monkeypatch):
    (tmp_path / "unheard.py").write_text("def run():\n    print('done')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = {"otlp": {"endpoint": "http://127.0.0.1:9"}}
    began = time.monotonic()
    assert _attempt(tmp_path, settings, "unheard:run", {}).result == "SUCCESS"
    assert time.monotonic() - began < telling.SECONDS + 2
    lines = [json.loads(line) for line in (outbox / "log.jsonl").read_text().splitlines()]
    said = [line["log.logger"] for line in lines if line["log.level"] != "info"]
    assert said == ["framework.telemetry"], "the packages' own complaints are not the task's"


def test_the_files_are_json_of_otlp(outbox):
    _told({"otlp": {"endpoint": "http://127.0.0.1:9"}}, _record(), [Event(1, "info", "x", "y")])
    for signal in SIGNALS:
        [line] = (outbox / f"otlp.{signal}.jsonl").read_text().splitlines()
        Parse(line, REQUESTS[f"/v1/{signal}"]())


def test_without_settings_nothing_is_started():
    threads = threading.active_count()
    assert _started({}) is telling.OFF
    assert threading.active_count() == threads


def _attempt(directory, settings, entrypoint_of_task="telling:run", params=None) -> AttemptRecord:
    options = {"entrypoint": entrypoint_of_task}
    params = {"password": Parameter.of("none")} if params is None else params
    task = replace(_task(settings), kind="python", options=options, params=params)
    plan = {"schema": 1, "tasks": {"train": json.loads(json.dumps(task.as_dict()))}}
    file = directory / "plans" / "weekly.json"
    file.parent.mkdir()
    file.write_text(json.dumps(plan))
    own = {"plan": file, "task": "train", "job_run_id": "7", "task_run_id": "70"}
    given = [f"--framework.{name}={value}" for name, value in own.items()]
    return entrypoint.attempt([*given, *(["--password=h1dden-value"] if params else [])])


def _warnings(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "framework.telemetry"]


def _told(settings, record, events=()) -> None:
    told = _started(settings)
    for event in events:
        told.hear(event)
    told.ended(record)


def _started(settings) -> telling.Telemetry:
    return telling.started(_task(settings), GIVEN, "2024-01-31T10:00:00.000Z", lambda _: None)


def _task(settings) -> TaskRun:
    options = {"entrypoint": "shop.training:train", "reads": {"sales": "c.raw.sales"}, "writes": "c.features.weekly"}
    return TaskRun(
        project="shop",
        pipeline="weekly",
        target="local",
        task_key="train",
        kind="train",
        options=options,
        telemetry=settings,
    )


def _record(**changes) -> AttemptRecord:
    record = AttemptRecord(
        job_run_id="7",
        task_run_id="70",
        attempt=2,
        project="shop",
        pipeline="weekly",
        target="local",
        task_key="train",
        kind="train",
        result="SUCCESS",
        started_at="2024-01-31T10:00:00.000Z",
        ended_at="2024-01-31T10:01:30.000Z",
        inputs=(TableVersion("c.raw.sales", 3),),
        outputs=(TableVersion("c.features.weekly", 5, 12),),
        model=ModelVersion("c.models.demand", "4", "f00"),
        origin=Origin(release="r1", commit="abc"),
        environment=Environment(spark="4.2.0"),
    )
    return replace(record, **changes)


def _values(holder) -> dict:
    """The attributes of something in OTLP."""
    return {each.key: _value(each.value) for each in holder.attributes}


def _value(value):
    kind = value.WhichOneof("value")
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def _check_envelope(event) -> None:
    """What OpenLineage requires of every event and facet."""
    assert {"eventTime", "producer", "schemaURL", "run", "job"} <= set(event)
    tables = [*event["inputs"], *event["outputs"]]
    for holder in (event["run"], event["job"], *tables):
        for facet in holder["facets"].values():
            assert facet["_producer"] == event["producer"]
            assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")


def _wait_for(condition) -> None:
    until = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
