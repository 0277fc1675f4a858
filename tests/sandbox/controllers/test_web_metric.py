"""The `web` provider against a real server on a loopback address (spec/controller.md §9.6)."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kubectl_rollouts.rollout.jsonpath import JSONPathError, strict_values
from kubectl_rollouts.sandbox.controllers.analysis.web_request import is_loopback
from tests.sandbox.controllers.test_analysis_run import Lab, Object


class Answers(BaseHTTPRequestHandler):
    """Answers by path; keeps what it was asked."""

    asked: list[tuple[str, str, dict[str, str], bytes]]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        self.server.asked.append((self.command, self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        code, headers, text = 200, {}, "{}"
        if self.path.startswith("/json"):
            text = json.dumps({"data": {"ok": True, "rate": 0.99}, "list": [{"n": 1}, {"n": 2}]})
        elif self.path == "/text":
            text = "fine"
        elif self.path == "/slow":
            time.sleep(1.5)
        elif self.path == "/away":
            code, headers = 302, {"Location": "http://example.com/"}
        elif self.path == "/moved":
            code, headers = 302, {"Location": "/text"}
        elif self.path == "/broken":
            code = 500
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        with contextlib.suppress(OSError):  # the slow answer's reader has gone
            self.wfile.write(text.encode())

    def log_message(self, *arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.daemon_threads = True
    made.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def measured(url: str, condition: str = "", script: dict[str, str] | None = None, **web: Any) -> Object:
    """The first measurement of a web metric: real answers, a clock that waits for them."""
    fields = {"successCondition": condition} if condition else {}
    lab = Lab({"name": "m", "provider": {"web": {"url": url, **web}}, **fields}, script=script)
    for _ in range(1000):
        lab.sim.run(0.06)
        if lab.status.get("metricResults"):
            measurement: Object = lab.result()["measurements"][0]
            return measurement
        time.sleep(0.01)
    raise AssertionError("no answer")


def base(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_the_json_path_picks_the_result(server: ThreadingHTTPServer) -> None:
    found = measured(f"{base(server)}/json?a=b", "result == true", jsonPath="{$.data.ok}")
    assert (found["phase"], found["value"]) == ("Successful", "true")
    assert server.asked[0][1] == "/json?a=b"  # type: ignore[attr-defined]


def test_the_whole_body_is_the_default(server: ThreadingHTTPServer) -> None:
    found = measured(f"{base(server)}/json", "result.data.rate > 0.995")
    assert found["phase"] == "Failed"
    assert found["value"] == '{"data":{"ok":true,"rate":0.99},"list":[{"n":1},{"n":2}]}'


def test_text_that_is_no_json_is_the_result(server: ThreadingHTTPServer) -> None:
    found = measured(f"{base(server)}/moved", "result == 'fine'")
    assert (found["phase"], found["value"]) == ("Successful", "fine")


def test_a_post_carries_headers_and_a_body(server: ThreadingHTTPServer) -> None:
    headers = [{"key": "X-Token", "value": "t"}]
    measured(f"{base(server)}/json", method="POST", headers=headers, jsonBody={"b": 1, "a": [True]})
    command, _, sent, body = server.asked[0]  # type: ignore[attr-defined]
    assert (command, sent["X-Token"], sent["Content-Type"]) == ("POST", "t", "application/json")
    assert body == b'{"a":[true],"b":1}'


@pytest.mark.parametrize(
    ("path", "web", "message"),
    [
        ("/broken", {}, "received non 2xx response code: 500"),
        ("/json", {"jsonPath": "{$.nope}"}, "Could not find JSONPath in body: nope is not found"),
        ("/json", {"body": "x"}, "Body can only be used with POST or PUT WebMetric Method types"),
    ],
)
def test_errors(server: ThreadingHTTPServer, path: str, web: Object, message: str) -> None:
    found = measured(f"{base(server)}{path}", **web)
    assert (found["phase"], found["message"]) == ("Error", message)


def test_a_slow_server_runs_into_the_timeout(server: ThreadingHTTPServer) -> None:
    found = measured(f"{base(server)}/slow", timeoutSeconds=1)
    assert found["message"] == (
        f'Get "{base(server)}/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    )


def test_nobody_listening_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = measured(f"http://127.0.0.1:{port}/")
    assert found["message"] == f'Get "http://127.0.0.1:{port}/": dial tcp 127.0.0.1:{port}: connect: connection refused'


@pytest.mark.parametrize("url", ["http://example.com/", "http://10.0.0.1/", "http://prometheus.monitoring:9090/"])
def test_other_hosts_are_refused(url: str) -> None:
    assert "the sandbox calls loopback addresses only" in measured(url)["message"]


def test_a_redirect_to_another_host_is_refused(server: ThreadingHTTPServer) -> None:
    assert 'Get "http://example.com/": the sandbox calls' in measured(f"{base(server)}/away")["message"]


def test_other_hosts_may_be_scripted() -> None:
    found = measured("http://prometheus.monitoring/", "result > 3", script={"m": "5"})
    assert (found["phase"], found["value"]) == ("Successful", "5")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1/", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:80/", True),
        ("http://localhost.example.com/", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://user@10.0.0.1/", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_what_counts_as_this_machine(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


DOCUMENT = {"items": [{"name": "a", "n": 1.0}, {"name": "b", "n": 2.0}], "a-b": {"c.d": 3}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("{$}", [DOCUMENT]),
        ("{.items[0].name}", ["a"]),
        ("{$.items[*].name}", ["a", "b"]),
        ("{.items[-1].n}", [2.0]),
        ("{.items[0:1].name}", ["a"]),
        ("{..name}", ["a", "b"]),
        ("{.items[?(@.n>1.0)].name}", ["b"]),
        ("{.items[?(@.name=='a')].n}", [1.0]),
        ("{['a-b']['c\\.d']}", [3]),
        ("$.a", ["$.a"]),
        ("{.a-b.c\\.d}", [3]),
    ],
)
def test_json_paths(path: str, expected: list[Any]) -> None:
    assert strict_values(path, DOCUMENT) == expected


@pytest.mark.parametrize(
    "path", ["{.items[?(@.n>1)].name}", "{.items[9]}", "{.items[x]}", "{.items[", "{.nope}", "{.items[0][0]}"]
)
def test_json_paths_that_lead_nowhere(path: str) -> None:
    with pytest.raises(JSONPathError):
        strict_values(path, DOCUMENT)
