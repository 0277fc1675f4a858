"""A server that answers from prepared bytes, so that the client is measured and not the server.

Every answer is made once (the warm-up asks for it) and kept as the bytes of a whole response. It speaks
HTTP/1.1 with keep-alive, pages with `limit` and `continue`, knows label and name selectors, compresses as a real
API server does (bodies above 128 kB, level 1), can be slow (`--latency`) and can speak TLS. Runs as a process of
its own:

    python -m benchmarks.server CLUSTER [--tls] [--latency SECONDS] [--churn PER_SECOND] [--marks SECONDS]

It prints its port, and on each line that it reads from stdin the requests and bytes served since the last one, and
what its watches were sent (see `churn.py`).
"""

from __future__ import annotations

import argparse
import gzip
import json
import socket
import ssl
import sys
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.churn import Churn
from benchmarks.clusters import CLUSTERS

DATA = Path(__file__).parent / "data"
GROUPS = {"Rollout": "apis/argoproj.io/v1alpha1", "ReplicaSet": "apis/apps/v1", "Pod": "api/v1"}
PLURALS = {"rollouts": "Rollout", "replicasets": "ReplicaSet", "pods": "Pod"}
API_VERSIONS = {"Rollout": "argoproj.io/v1alpha1", "ReplicaSet": "apps/v1", "Pod": "v1"}


def _matches(labels: dict[str, str], selector: str) -> bool:
    """Equality and `in (…)` requirements, comma-joined."""
    rest = selector
    while rest:
        if " in (" in rest and ("=" not in rest.split(" in (")[0]):
            key, _, tail = rest.partition(" in (")
            values, _, rest = tail.partition(")")
            if labels.get(key) not in values.split(","):
                return False
        else:
            term, _, tail = rest.partition(",")
            key, _, value = term.partition("=")
            rest = tail
            if labels.get(key) != value.lstrip("="):
                return False
        rest = rest.lstrip(",")
    return True


class Answers:
    """The responses by request line, made on first use."""

    def __init__(self, objects: list[dict[str, Any]]) -> None:
        self.by_kind: dict[str, list[tuple[str, dict[str, str], bytes]]] = {kind: [] for kind in GROUPS}
        for item in objects:
            encoded = json.dumps({k: v for k, v in item.items() if k not in ("kind", "apiVersion")}).encode()
            self.by_kind[item["kind"]].append((item["metadata"]["name"], item["metadata"].get("labels", {}), encoded))
        self.objects = {(item["kind"], item["metadata"]["name"]): item for item in objects}
        self.cache: dict[tuple[str, str, bool], bytes] = {}
        self.lock = threading.Lock()
        self.requests = 0
        self.sent = 0

    def answer(self, method: str, target: str, zipped: bool) -> bytes:
        """The bytes of the whole response."""
        key = (method, target, zipped)
        with self.lock:
            self.requests += 1
            if key not in self.cache:
                status, body = self._make(method, target)
                self.cache[key] = _response(status, body, zipped)
            data = self.cache[key]
            self.sent += len(data)
        return data

    def _make(self, method: str, target: str) -> tuple[int, bytes]:
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.strip("/").split("/")
        plural = next((part for part in parts if part in PLURALS), "")
        kind = PLURALS.get(plural, "")
        if not kind:
            return 200, b'{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1000"},"items":[]}'
        name = parts[parts.index(plural) + 1] if parts.index(plural) + 1 < len(parts) else ""
        if name:
            found = self.objects.get((kind, name))
            if found is None:
                return 404, b'{"kind":"Status","code":404,"reason":"NotFound","message":"not found"}'
            return 200, json.dumps(found).encode()
        return 200, self._list(kind, query)

    def _list(self, kind: str, query: dict[str, str]) -> bytes:
        items = self.by_kind[kind]
        if selector := query.get("labelSelector"):
            items = [item for item in items if _matches(item[1], selector)]
        if (field := query.get("fieldSelector", "")).startswith("metadata.name="):
            items = [item for item in items if item[0] == field.removeprefix("metadata.name=")]
        start, limit = int(query.get("continue", "0")), int(query.get("limit", "0"))
        meta: dict[str, Any] = {"resourceVersion": "1000"}
        if limit and start + limit < len(items):
            meta |= {"continue": str(start + limit), "remainingItemCount": len(items) - start - limit}
        page = items[start : start + limit] if limit else items[start:]
        head = json.dumps({"kind": f"{kind}List", "apiVersion": API_VERSIONS[kind], "metadata": meta})
        return head[:-1].encode() + b',"items":[' + b",".join(item[2] for item in page) + b"]}\n"


def _response(status: int, body: bytes, zipped: bool) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
    if zipped and len(body) > 128 * 1024:
        body = gzip.compress(body, 1)
        head += "Content-Encoding: gzip\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Site(NamedTuple):
    """What the connections of one server share."""

    answers: Answers
    churn: Churn
    latency: float
    context: ssl.SSLContext | None


def _serve(connection: socket.socket, site: Site) -> None:
    try:
        if site.context:
            connection = site.context.wrap_socket(connection, server_side=True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                chunk = connection.recv(65536)
                if not chunk:
                    return
                data += chunk
            head, _, data = data.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
            length = int(headers.get("content-length", "0"))
            while len(data) < length:
                data += connection.recv(65536)
            data = data[length:]
            method, target, _ = lines[0].split(" ", 2)
            if site.latency:
                time.sleep(site.latency)
            if "watch=true" in target:
                site.churn.stream(connection, target)
                return
            zipped = "gzip" in headers.get("accept-encoding", "")
            connection.sendall(site.answers.answer(method, target, zipped))
    except OSError:
        return
    finally:
        connection.close()


def _accept(listener: socket.socket, site: Site) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, site), daemon=True).start()


def main() -> None:
    """Serve until stdin closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cluster", choices=sorted(CLUSTERS))
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--churn", type=float, default=0.0, help="events of other rollouts a second")
    parser.add_argument("--marks", type=float, default=0.0, help="seconds between events of the rollout `web`")
    args = parser.parse_args()
    context = None
    if args.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(DATA / "localhost.crt", DATA / "localhost.key")
    objects = CLUSTERS[args.cluster]()
    site = Site(Answers(objects), Churn(objects, args.churn, args.marks), args.latency, context)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=_accept, args=(listener, site), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    for _ in sys.stdin:
        answers = site.answers
        with answers.lock:
            counted = {"requests": answers.requests, "bytes": answers.sent, **site.churn.report()}
            answers.requests = answers.sent = 0
        print(json.dumps(counted), flush=True)


if __name__ == "__main__":
    main()
