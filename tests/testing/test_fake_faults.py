"""Faults on purpose, the request log, and what the server says to what it does not understand."""

import http.client
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from framework.testing.fake_workspace import Fault

ME = "/api/2.0/preview/scim/v2/Me"
MKDIRS = "/api/2.0/workspace/mkdirs"


def request(workspace, method, path, body=None):
    """A request without a library that would try again: status, headers, object."""
    headers = {"Authorization": f"Bearer {workspace.token}"}
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(workspace.url + path, content, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.headers, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


def test_a_status_with_retry_after(fake_workspace):
    fake_workspace.faults.add(Fault(pattern=f"GET {ME}", status=429, retry_after=7))

    status, headers, body = request(fake_workspace, "GET", ME)

    assert (status, headers["Retry-After"], body["error_code"]) == (429, "7", "RESOURCE_EXHAUSTED")
    assert request(fake_workspace, "GET", ME)[0] == 200


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_refusal_before_or_after_the_effect(fake_workspace, when):
    fake_workspace.faults.add(Fault(pattern="POST */mkdirs", status=500, when=when))

    assert request(fake_workspace, "POST", MKDIRS, {"path": "/Shared/a"})[0] == 500

    assert ("/Shared/a" in fake_workspace.state.objects) is (when == "after")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_cut_before_or_after_the_effect(fake_workspace, when):
    fake_workspace.faults.add(Fault(pattern="POST */mkdirs", cut=True, when=when))

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, urllib.error.URLError)):
        request(fake_workspace, "POST", MKDIRS, {"path": "/Shared/a"})

    assert ("/Shared/a" in fake_workspace.state.objects) is (when == "after")
    assert fake_workspace.requests[-1].status == 0


def test_a_slow_answer_holds_up_nobody_else(fake_workspace):
    fake_workspace.faults.add(Fault(pattern="POST */mkdirs", delay=1))
    slow = threading.Thread(target=request, args=(fake_workspace, "POST", MKDIRS, {"path": "/Shared/a"}))
    slow.start()
    begun = time.monotonic()

    request(fake_workspace, "GET", ME)

    assert time.monotonic() - begun < 0.9
    slow.join()


def test_a_fault_by_number_skips_and_repeats(fake_workspace):
    fake_workspace.faults.add(Fault(number=2, status=503), Fault(pattern="POST *", skip=1, times=2, status=409))

    statuses = [request(fake_workspace, "GET", ME)[0] for _ in range(3)]
    statuses += [request(fake_workspace, "POST", MKDIRS, {"path": "/Shared/a"})[0] for _ in range(4)]

    assert statuses == [200, 503, 200, 200, 409, 409, 200]


def test_a_fault_for_ever_until_it_is_cleared(fake_workspace):
    fake_workspace.faults.add(Fault(times=0, status=403))

    assert [request(fake_workspace, "GET", ME)[0] for _ in range(3)] == [403] * 3
    fake_workspace.faults.clear()
    assert request(fake_workspace, "GET", ME)[0] == 200


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_client_dies_exactly_there(fake_workspace, when):
    source = (
        "import sys, urllib.request\n"
        "for name in 'abc':\n"
        '    body = (\'{"path": "/Shared/%s"}\' % name).encode()\n'
        "    headers = {'Authorization': 'Bearer ' + sys.argv[2]}\n"
        "    urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, headers)).read()\n"
    )
    clients = []
    fake_workspace.faults.add(Fault(number=2, kill=lambda: clients[0].pid, when=when))
    arguments = [sys.executable, "-c", source, fake_workspace.url + MKDIRS, fake_workspace.token]
    with subprocess.Popen(arguments) as client:
        clients.append(client)

    assert client.returncode == -9
    made = {path for path in fake_workspace.state.objects if path.startswith("/Shared/")}
    assert made == ({"/Shared/a"} if when == "before" else {"/Shared/a", "/Shared/b"})


def test_a_fault_can_call_back(fake_workspace):
    called = threading.Event()
    fake_workspace.faults.add(Fault(pattern=f"GET {ME}", call=called.set))

    assert request(fake_workspace, "GET", ME)[0] == 200
    assert called.is_set()


def test_the_log_has_no_secrets(fake_workspace):
    request(fake_workspace, "POST", MKDIRS + "?hidden=s3cret", {"path": "/Shared/s3cret"})
    request(fake_workspace, "GET", "/nowhere")

    assert [str(each) for each in fake_workspace.requests] == [
        "1 POST /api/2.0/workspace/mkdirs admin@example.com 200",
        "2 GET /nowhere admin@example.com 404",
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"{", "invalid JSON"), (b"[]", "expected an object"), (b"{}", "Missing required field: path")],
)
def test_a_broken_body_is_400(fake_workspace, body, message):
    headers = {"Authorization": f"Bearer {fake_workspace.token}"}
    asked = urllib.request.Request(fake_workspace.url + MKDIRS, body, headers)

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(asked)

    assert raised.value.code == 400
    assert message in json.loads(raised.value.read())["message"]


def test_what_no_api_has_is_404(fake_workspace):
    status, _, body = request(fake_workspace, "GET", "/api/2.0/serving-endpoints")

    assert (status, body["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_a_body_in_chunks(fake_workspace):
    address = fake_workspace.url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=10)
    headers = {"Authorization": f"Bearer {fake_workspace.token}"}
    path = "/api/2.0/workspace-files/import-file/Shared%2Fa.txt?overwrite=true"

    connection.request("POST", path, iter([b"one ", b"two"]), headers, encode_chunked=True)

    assert connection.getresponse().status == 200
    assert fake_workspace.read("/Shared/a.txt") == b"one two"
    connection.close()


def test_many_at_a_time_make_each_thing_once(fake_workspace):
    def create(name):
        request(fake_workspace, "POST", "/api/2.2/jobs/create", {"name": name})

    threads = [threading.Thread(target=create, args=(f"job {number}",)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(fake_workspace.state.jobs) == 40
    assert sorted(each.number for each in fake_workspace.requests) == list(range(1, 41))
