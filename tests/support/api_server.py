"""A small API server for tests: real HTTP on loopback, real watches, every request logged, faults on demand.

It answers get, list (paged, label and name selectors), watch (history, bookmarks, 410) and patch for the kinds a
release is made of, as a real API server does. `rule()` makes it misbehave; `cut_watches()` ends watches.
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
import socket
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Object = dict[str, Any]

KINDS = {
    "Rollout": ("argoproj.io/v1alpha1", "rollouts"),
    "Experiment": ("argoproj.io/v1alpha1", "experiments"),
    "AnalysisRun": ("argoproj.io/v1alpha1", "analysisruns"),
    "ReplicaSet": ("apps/v1", "replicasets"),
    "Deployment": ("apps/v1", "deployments"),
    "Pod": ("v1", "pods"),
}
PLURALS = {plural: kind for kind, (_, plural) in KINDS.items()}


class Request(NamedTuple):
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]

    @property
    def plural(self) -> str:
        """The kind asked for."""
        parts = self.path.split("/")
        return next((part for part in reversed(parts) if part in PLURALS), "")

    @property
    def watch(self) -> bool:
        """Whether it is a watch."""
        return self.query.get("watch") in ("true", "1")


@dataclass
class Rule:
    """What to do to the first `times` requests whose `METHOD PATH?QUERY` the pattern finds."""

    pattern: str
    times: int = 1_000_000
    status: int = 0
    message: str = "injected fault"
    reason: str = ""
    raw: bytes | None = None  # the whole body, with the status, as text/plain unless the headers say another type
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    drop: bool = False  # reset the connection
    silent: bool = False  # never answer
    half: bool = False  # promise the answer, send half of it
    stall: bool = False  # the same, and keep the connection open
    lines: list[bytes] | None = None  # of a watch: send these, then end it


def matches(labels: dict[str, str], selector: str) -> bool:
    """Equality, `in`, `notin`, existence; comma-joined."""
    for term in re.findall(r"(?:[^,(]|\([^)]*\))+", selector):
        if found := re.match(r"^(\S+) (in|notin) \(([^)]*)\)$", term):
            inside = labels.get(found[1]) in found[3].split(",")
            if inside != (found[2] == "in"):
                return False
        elif "=" in term:
            key, _, value = term.partition("=")
            if labels.get(key) != value.lstrip("="):
                return False
        elif term.startswith("!"):
            if term[1:] in labels:
                return False
        elif term not in labels:
            return False
    return True


class ApiServer:
    """`with ApiServer(objects) as server:`; `server.url` is its address."""

    def __init__(self, objects: list[Object] | None = None, *, bookmarks: float = 0) -> None:
        self.lock = threading.Condition()
        self.version = 1000
        self.floor = 0  # watches from an older version get 410
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.history: list[tuple[int, str, str, Object | None, Object]] = []
        self.log: list[Request] = []
        self.rules: list[Rule] = []
        self.bookmarks = bookmarks
        self.cut = 0  # number of cuts so far
        self.cut_how = "close"
        self.poll = 0.1  # seconds between looks at the clock while a watch has nothing to say
        self.closing = False
        self.watching = 0
        self.busy = 0  # requests under way, watches left out
        self.most_busy = 0
        for obj in objects or []:
            self.put(obj, event=False)
        handler = type("Handler", (_Handler,), {"owner": self})
        self.http = _Http(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def __enter__(self) -> ApiServer:
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop serving; running watches end."""
        with self.lock:
            if self.closing:
                return
            self.closing = True
            self.lock.notify_all()
        self.http.shutdown()
        self.http.close_all()
        self.http.server_close()
        self.thread.join(5)

    def kubeconfig(self, namespace: str = "default") -> str:
        """The text of a kubeconfig for this server."""
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "test",
                "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", "namespace": namespace}}],
                "clusters": [{"name": "c", "cluster": {"server": self.url}}],
                "users": [{"name": "u", "user": {}}],
            }
        )

    def rule(self, pattern: str, **what: Any) -> Rule:
        """Misbehave from now on."""
        made = Rule(pattern, **what)
        with self.lock:
            self.rules.append(made)
        return made

    # --- objects ---------------------------------------------------------------------------------------------------

    def put(self, obj: Object, *, event: bool = True) -> Object:
        """Create or replace an object."""
        obj = copy.deepcopy(obj)
        with self.lock:
            self.version += 1
            meta = obj.setdefault("metadata", {})
            meta.setdefault("namespace", "default")
            meta.setdefault("uid", f"uid-{obj['kind']}-{meta['name']}")
            meta["resourceVersion"] = str(self.version)
            key = (obj["kind"], meta["namespace"], meta["name"])
            old = self.objects.get(key)
            self.objects[key] = obj
            if event:
                self._publish("MODIFIED" if old else "ADDED", old, obj)
        return obj

    def patch(self, kind: str, name: str, change: Object, namespace: str = "default") -> Object:
        """Merge `change` into an object."""
        with self.lock:
            return self.put(merged(self.objects[(kind, namespace, name)], change))

    def delete(self, kind: str, name: str, namespace: str = "default") -> None:
        """Delete an object."""
        with self.lock:
            old = self.objects.pop((kind, namespace, name))
            self.version += 1
            gone = copy.deepcopy(old)
            gone["metadata"]["resourceVersion"] = str(self.version)
            self._publish("DELETED", old, gone)

    def _publish(self, event: str, old: Object | None, obj: Object) -> None:
        self.history.append((self.version, event, obj["kind"], old, obj))
        self.lock.notify_all()

    def cut_watches(self, how: str = "close") -> None:
        """End running watches: "close" (cleanly), "reset", "midline", "freeze" (half-open: nothing is ever sent
        again), "410" (an ERROR event), "500" (an ERROR event of another kind).
        """
        with self.lock:
            self.cut += 1
            self.cut_how = how
            self.lock.notify_all()

    def compact(self) -> None:
        """Forget the history: watches from an older version get 410."""
        with self.lock:
            self.version += 1
            self.floor = self.version
            self.history.clear()

    def wait_watching(self, number: int, seconds: float = 10) -> bool:
        """Wait until so many watches run."""
        with self.lock:
            return self.lock.wait_for(lambda: self.watching >= number, seconds)

    def requests(self, plural: str = "", *, watch: bool | None = None) -> list[Request]:
        """The requests so far, of a kind or all, watches or not."""
        with self.lock:
            return [
                request for request in self.log if plural in ("", request.plural) and watch in (None, request.watch)
            ]


def merged(target: Any, change: Any) -> Any:
    """RFC 7386."""
    if not isinstance(change, dict):
        return copy.deepcopy(change)
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in change.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key), value)
    return out


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *args: Any) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, address: Any) -> None:
        self.open.add(request)
        super().process_request(request, address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def close_all(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, address: Any) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: ApiServer

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = {k: v[-1] for k, v in urllib.parse.parse_qs(url.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        server = self.owner
        request = Request(self.command, url.path, query)
        line = f"{self.command} {urllib.parse.unquote(self.path)}"
        with server.lock:
            server.log.append(request)
            rule = next((rule for rule in server.rules if rule.times > 0 and re.search(rule.pattern, line)), None)
            if rule:
                rule.times -= 1
            server.lock.notify_all()
        counted = 0 if request.watch else 1
        with server.lock:
            server.busy += counted
            server.most_busy = max(server.busy, server.most_busy)
        try:
            if rule is None or not self.misbehave(rule):
                self.serve(request, body, half=bool(rule and (rule.half or rule.stall)))
                if rule and rule.stall:
                    with server.lock:
                        server.lock.wait_for(lambda: server.closing, 60)
        except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            self.close_connection = True
        finally:
            with server.lock:
                server.busy -= counted

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def misbehave(self, rule: Rule) -> bool:
        """Whether the request was dealt with."""
        time.sleep(rule.delay)
        if rule.drop:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.close_connection = True
            self.owner.http.open.discard(self.connection)
            self.connection.close()
            return True
        if rule.silent:
            with self.owner.lock:
                self.owner.lock.wait_for(lambda: self.owner.closing, 60)
            self.close_connection = True
            return True
        if rule.lines is not None:
            self.start_stream()
            for data in rule.lines:
                self.chunk(data)
            self.wfile.write(b"0\r\n\r\n")
            return True
        if rule.raw is not None:
            more = {key: value for key, value in rule.headers.items() if key != "Content-Type"}
            self.respond(rule.status or 200, rule.raw, rule.headers.get("Content-Type", "text/plain"), more)
            return True
        if rule.status:
            self.status(rule.status, rule.reason, rule.message, rule.headers)
            return True
        return False

    def respond(
        self,
        code: int,
        data: bytes,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
        *,
        half: bool = False,
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if half:
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        else:
            self.wfile.write(data)

    def status(self, code: int, reason: str, message: str, headers: dict[str, str] | None = None) -> None:
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
        }
        self.respond(code, json.dumps(body).encode(), headers=headers)

    def serve(self, request: Request, body: bytes, *, half: bool) -> None:
        found = re.fullmatch(
            rf"/(?:api|apis)/(.+?)(?:/namespaces/([^/]+))?/({'|'.join(PLURALS)})(?:/([^/]+))?(?:/status)?",
            request.path,
        )
        if not found or KINDS[PLURALS[found[3]]][0] != found[1]:
            self.respond(404, b"404 page not found\n", "text/plain")
            return
        kind, namespace = PLURALS[found[3]], found[2] or ""
        name = urllib.parse.unquote(found[4] or "")
        server = self.owner
        if request.watch:
            self.stream(kind, namespace, request.query)
            return
        if name:
            with server.lock:
                obj = server.objects.get((kind, namespace, name))
                if obj is not None and request.method == "PATCH":
                    obj = server.patch(kind, name, json.loads(body), namespace)
            group = KINDS[kind][0].partition("/")[0] if "/" in KINDS[kind][0] else ""
            if obj is None:
                self.status(404, "NotFound", f'{found[3]}{"." + group if group else ""} "{name}" not found')
                return
            self.respond(200, json.dumps({"apiVersion": KINDS[kind][0], **obj}).encode(), half=half)
            return
        with server.lock:
            items = [
                {key: value for key, value in obj.items() if key != "kind"}
                for (k, ns, _), obj in sorted(server.objects.items())
                if k == kind and namespace in ("", ns) and self.selected(obj, request.query)
            ]
            meta: Object = {"resourceVersion": str(server.version)}
        limit, offset = int(request.query.get("limit") or 0), int(request.query.get("continue") or 0)
        if limit and len(items) > offset + limit:
            meta["continue"] = str(offset + limit)
        items = items[offset : offset + limit] if limit else items[offset:]
        answer = {"kind": f"{kind}List", "apiVersion": KINDS[kind][0], "metadata": meta, "items": items}
        self.respond(200, json.dumps(answer).encode(), half=half)

    @staticmethod
    def selected(obj: Object | None, query: dict[str, str]) -> bool:
        if obj is None:
            return False
        fields = query.get("fieldSelector", "")
        if fields and obj["metadata"]["name"] != fields.removeprefix("metadata.name="):
            return False
        return matches(obj["metadata"].get("labels") or {}, query.get("labelSelector", ""))

    # --- watches ---------------------------------------------------------------------------------------------------

    def start_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def event(self, kind: str, obj: Object) -> bytes:
        return json.dumps({"type": kind, "object": obj}).encode() + b"\n"

    def error_event(self, code: int, reason: str) -> bytes:
        return self.event(
            "ERROR",
            {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "message": f"injected {reason}",
                "reason": reason,
                "code": code,
            },
        )

    def stream(self, kind: str, namespace: str, query: dict[str, str]) -> None:
        server = self.owner
        since = int(query.get("resourceVersion") or 0)
        with server.lock:  # what happens from here on is seen by this watch, or cuts it
            gone, cut = since < server.floor, server.cut
            server.watching += not gone
            server.lock.notify_all()
        if gone:
            self.start_stream()
            self.chunk(self.error_event(410, "Expired"))
            self.wfile.write(b"0\r\n\r\n")
            return
        try:
            self.start_stream()
            self.follow(kind, namespace, query, since, cut)
        finally:
            with server.lock:
                server.watching -= 1
                server.lock.notify_all()

    def follow(self, kind: str, namespace: str, query: dict[str, str], since: int, cut: int) -> None:
        server = self.owner
        api = KINDS[kind][0]
        deadline = time.monotonic() + float(query.get("timeoutSeconds") or 600)
        marked = time.monotonic()
        while time.monotonic() < deadline and not server.closing:
            with server.lock:
                left = min(server.poll, max(0.01, deadline - time.monotonic()))
                server.lock.wait_for(lambda: self.news(since, cut), left)  # noqa: B023 - called at once
                news = [entry for entry in server.history if entry[0] > since]
                version, how, was_cut = server.version, server.cut_how, server.cut != cut
            if was_cut:
                self.end(how, api, kind)
                return
            for number, event, changed, old, obj in news:
                since = number
                if changed != kind or namespace not in ("", obj["metadata"]["namespace"]):
                    continue
                before, after = self.selected(old, query), event != "DELETED" and self.selected(obj, query)
                if before or after:
                    word = "MODIFIED" if before and after else "ADDED" if after else "DELETED"
                    self.chunk(self.event(word, {"apiVersion": api, **obj}))
            if server.bookmarks and time.monotonic() - marked > server.bookmarks:
                marked = time.monotonic()
                since = max(since, version)
                self.chunk(
                    self.event(
                        "BOOKMARK", {"kind": kind, "apiVersion": api, "metadata": {"resourceVersion": str(since)}}
                    )
                )
        self.wfile.write(b"0\r\n\r\n")

    def news(self, since: int, cut: int) -> bool:
        server = self.owner
        return server.closing or server.cut != cut or bool(server.history and server.history[-1][0] > since)

    def end(self, how: str, api: str, kind: str) -> None:
        server = self.owner
        if how == "close":
            self.wfile.write(b"0\r\n\r\n")
        elif how == "midline":
            self.chunk(b'{"type":"MODIFIED","object":{"metadata":{"na')
            self.close_connection = True
        elif how == "freeze":
            with server.lock:
                server.lock.wait_for(lambda: server.closing, 120)
            self.close_connection = True
        elif how in ("410", "500"):
            self.chunk(self.error_event(int(how), "Expired" if how == "410" else "InternalError"))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.close_connection = True
            server.http.open.discard(self.connection)
            self.connection.close()
