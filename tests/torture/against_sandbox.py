"""Independent eyes: our client, the sandbox's API server and the `kubernetes` package, each against the others."""

from __future__ import annotations

import contextlib
import copy
import json
import random
import socket
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from kubectl_rollouts.cluster.client import JSON_PATCH, MERGE_PATCH, Client
from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
from kubectl_rollouts.cluster.resources import Resource
from kubectl_rollouts.sandbox.cluster import Sandbox
from tests.torture.campaign import Campaign, Case

STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
Object = dict[str, Any]
Outcome = tuple[int, Any]  # the status, and the object (or the reason of the failure)
KEYS = ("a", "b", "c", "d.e")
VALUES = ("", "1", "x" * 200, "ü健\u0001", '{"a": [1]}', "line\nline", "<&>")


def _bare(answer: Any) -> Any:
    """Objects without what one of the clients leaves out of a list or writes in its own way."""
    if isinstance(answer, list):
        return [_bare(obj) for obj in answer]
    if isinstance(answer, dict) and "metadata" in answer:
        answer = copy.deepcopy(answer)
        for key in ("managedFields", "creationTimestamp"):
            answer["metadata"].pop(key, None)
        answer.pop("apiVersion", None)
        answer.pop("kind", None)
    return answer


class Ours:
    """Config maps through our client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def do(self, verb: str, name: str, body: Any, kind: str, selector: str = "") -> Outcome:
        """Carry out one verb."""
        client, where = self.client, (CONFIG_MAPS, "default")
        calls: dict[str, Callable[[], Any]] = {
            "get": lambda: client.get(*where, name),
            "list": lambda: client.list(*where, label_selector=selector).items,
            "create": lambda: client.create(*where, body),
            "replace": lambda: client.replace(*where, name, body),
            "patch": lambda: client.patch(*where, name, body, content_type=kind),
            "delete": lambda: client.delete(*where, name),
        }
        try:
            answer: Any = calls[verb]()
        except ApiError as error:
            return error.code, error.reason
        return 200, answer

    def watch(self, version: str, selector: str) -> list[tuple[str, Object]]:
        """All events since a version."""
        watch = self.client.watch(CONFIG_MAPS, "default", dict, version, label_selector=selector, timeout_seconds=1)
        with watch:
            return [(event.kind, event.object) for event in watch if event.kind != "BOOKMARK"]


class Theirs:
    """Config maps through the official package."""

    def __init__(self, api: Any) -> None:
        import kubernetes

        self.api = api
        self.core = kubernetes.client.CoreV1Api(api)
        self.refused = kubernetes.client.ApiException

    def do(self, verb: str, name: str, body: Any, kind: str, selector: str = "") -> Outcome:
        """Carry out one verb."""
        core, where = self.core, "default"
        calls: dict[str, Callable[[], Any]] = {
            "get": lambda: core.read_namespaced_config_map(name, where),
            "list": lambda: core.list_namespaced_config_map(where, label_selector=selector).items,
            "create": lambda: core.create_namespaced_config_map(where, body),
            "replace": lambda: core.replace_namespaced_config_map(name, where, body),
            "patch": lambda: core.patch_namespaced_config_map(name, where, body, _content_type=kind),
            "delete": lambda: core.delete_namespaced_config_map(name, where),
        }
        try:
            answer = calls[verb]()
        except self.refused as error:
            return int(error.status), json.loads(error.body)["reason"]
        return 200, self.api.sanitize_for_serialization(answer)


def _merged(target: Any, change: Any) -> Any:
    """RFC 7386, written here anew."""
    if not isinstance(change, dict):
        return change
    made = dict(target) if isinstance(target, dict) else {}
    for key, value in change.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = _merged(made.get(key), value)
    return made


class History:
    """One run of random changes by both clients, beside a model of what there must be."""

    def __init__(self, seed: int, ours: Ours, theirs: Theirs) -> None:
        self.chance = random.Random(seed)
        self.ours, self.theirs = ours, theirs
        self.label = f"case{seed}"
        self.names = [f"{self.label}-{letter}" for letter in "abc"]
        self.model: dict[str, Object] = {}  # name -> data

    def run(self) -> None:
        """Fifty changes, then everything is compared."""
        start = self.ours.client.list(CONFIG_MAPS, "default").resource_version
        for _ in range(50):
            self.step()
        self.compare()
        selector = f"case={self.label}"
        events = self.ours.watch(start, selector)
        seen: dict[str, Object] = {}
        versions = [int(obj["metadata"]["resourceVersion"]) for _, obj in events]
        assert versions == sorted(versions), versions
        for kind, obj in events:
            name = obj["metadata"]["name"]
            assert (name in seen) == (kind != "ADDED"), f"{kind} of {name}"
            if kind == "DELETED":
                del seen[name]
            else:
                seen[name] = obj.get("data") or {}
        assert seen == self.model
        for name in list(self.model):
            assert self.theirs.do("delete", name, None, "")[0] == 200

    def step(self) -> None:
        """One change by one of the two, and what must come of it."""
        who = self.chance.choice([self.ours, self.theirs])
        name = self.chance.choice(self.names)
        data = {key: self.chance.choice(VALUES) for key in self.chance.sample(KEYS, self.chance.randrange(4))}
        verb = self.chance.choice(
            ["create", "replace", "stale", "merge", "json", "strategic", "failing", "delete", "get"]
        )
        there = name in self.model
        body: Any = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": {"case": self.label}},
            "data": data,
        }
        expected, after, kind, call = 200, dict(self.model.get(name, {})), "", verb
        if verb == "create":
            expected, after = (409, after) if there else (200, data)
        elif verb in ("replace", "stale"):
            call, expected, after = "replace", 200 if there else 404, data
            if verb == "stale":
                body["metadata"]["resourceVersion"] = "1"
                expected, after = (409, dict(self.model.get(name, {}))) if there else (404, {})
            elif there:
                body["metadata"]["resourceVersion"] = self.ours.do("get", name, None, "")[1]["metadata"][
                    "resourceVersion"
                ]
        elif verb in ("merge", "strategic"):
            change = {key: self.chance.choice([None, *VALUES]) for key in self.chance.sample(KEYS, 2)}
            body, call = {"data": change}, "patch"
            kind = MERGE_PATCH if verb == "merge" else STRATEGIC_MERGE_PATCH
            after = _merged(after, change)
        elif verb in ("json", "failing"):
            call, kind = "patch", JSON_PATCH
            body = [{"op": "add", "path": "/data", "value": data}]
            after = data
            if verb == "failing":
                body.insert(0, {"op": "test", "path": "/metadata/name", "value": "another"})
                expected, after = 422, dict(self.model.get(name, {}))
        if call in ("patch", "delete", "get") and not there:
            expected = 404
        code, answer = who.do(call, name, body if call != "delete" else None, kind)
        told = f"{verb} {name} by {type(who).__name__}: {code} {str(answer)[:300]}, expected {expected}"
        assert code in ((200, 201) if expected == 200 else (expected,)), told
        if expected == 200 and verb == "delete":
            self.model.pop(name)
        elif expected == 200 and verb != "get":
            self.model[name] = after
            assert (answer.get("data") or {}) == after, told
        if self.chance.random() < 0.2:
            self.compare()

    def compare(self) -> None:
        """Both clients see the same, and it is what the model says."""
        for selector in (f"case={self.label}", f"case in ({self.label},x)", f"case=={self.label},!other"):
            ours, theirs = (who.do("list", "", None, "", selector) for who in (self.ours, self.theirs))
            assert _bare(ours[1]) == _bare(theirs[1])
            assert ours[0] == theirs[0] == 200
            assert {obj["metadata"]["name"]: obj.get("data") or {} for obj in ours[1]} == self.model
        for name in self.names:
            ours, theirs = (who.do("get", name, None, "") for who in (self.ours, self.theirs))
            assert (ours[0], _bare(ours[1])) == (theirs[0], _bare(theirs[1]))


@contextlib.contextmanager
def _two_clients() -> Iterator[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package, while it is imported
        import kubernetes

    with Sandbox() as sandbox, Client(ClusterConfig(server=sandbox.url)) as client:
        api = kubernetes.client.ApiClient(kubernetes.client.Configuration(host=sandbox.url))
        ours, theirs = Ours(client), Theirs(api)
        try:
            yield lambda seed: History(seed, ours, theirs).run()
        finally:
            api.rest_client.pool_manager.clear()
            api.close()


# --- A server that is sent anything ---------------------------------------------------------------------------------

_PATHS = (
    "/",
    "/api",
    "/apis",
    "/version",
    "/openapi/v2",
    "/openapi/v3",
    "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces/default/configmaps/a",
    "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts",
    "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/web/status",
    "/apis/argoproj.io/v1alpha1/rollouts",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/nothing/v1/things",
    "/healthz",
)
_QUERIES = (
    "limit=-1",
    "limit=x",
    "continue=%00",
    "continue=bm9uc2Vuc2U=",
    "labelSelector=a in (",
    "labelSelector=%ff",
    "fieldSelector=metadata.name=",
    "fieldSelector=x=y,z!=",
    "resourceVersion=x",
    "resourceVersion=99999999999999999999",
    "resourceVersionMatch=Exact",
    "watch=true&timeoutSeconds=0",
    "watch=true&timeoutSeconds=1&resourceVersion=-1",
    "dryRun=Maybe",
    "fieldManager=" + "x" * 300,
    "&&==",
)
_BODIES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"metadata": 1}',
    b'{"metadata": {"name": "../.."}}',
    b'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": 1}}',
    b'{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}, "spec": []}',
    b"[" * 10_000,
    *(
        b'{"metadata":{"name":"deep"},"data":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
        for depth in (90, 300, 480, 900)
    ),
    *(b'{"spec":{"template":' + b'{"spec":' * depth + b"1" + b"}" * (depth + 2) for depth in (90, 300, 480, 900)),
    *(b'[{"op":"add","path":"/x","value":' + b"[" * depth + b"]" * depth + b"}]" for depth in (90, 300, 480, 900)),
    b'{"a":' * 10_000,
    b"9" * 5_000,
    b"\xff\xfe",
    b'[{"op": "move", "from": "/a", "path": "/a/b"}]',
    b'[{"op": "add", "path": "/metadata/-", "value": 1}]',
    b"k8s\x00" + bytes(range(256)),
    b"a: &a [*a, *a]",
)
_TYPES = (
    "application/json",
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/vnd.kubernetes.protobuf",
    "text/plain",
    "\x80",
    "",
)


@contextlib.contextmanager
def _fuzzed_server() -> Iterator[Case]:
    with Sandbox() as sandbox:
        yield lambda seed: _fuzz(sandbox, random.Random(seed))


def _fuzz(sandbox: Sandbox, chance: random.Random) -> None:
    """Twenty odd requests; each gets an answer that is HTTP and no 500, and the server still serves."""
    for _ in range(20):
        method = chance.choice(["GET", "GET", "POST", "PUT", "PATCH", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"])
        path = chance.choice(_PATHS)
        query = "&".join(chance.sample(_QUERIES, chance.randrange(3)))
        target = f"{path}?{query}".replace(" ", "%20") if query else path
        body = chance.choice(_BODIES)
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{sandbox.server.port}", "Connection: close"]
        lines += [f"Content-Type: {chance.choice(_TYPES)}", f"Content-Length: {len(body)}"]
        data = "\r\n".join((*lines, "", "")).encode("latin-1") + body
        if chance.random() < 0.25:  # the request itself is damaged
            at = chance.randrange(len(data))
            data = data[:at] + bytes([chance.randrange(256)]) * chance.randrange(3) + data[at + 1 :]
        answer = _sent(sandbox.server.port, data)
        told = f"{data[:300]!r}\n-> {answer[:600]!r}"
        if answer:
            assert answer.startswith(b"HTTP/1.1 "), told
            code = int(answer[9:12])
            assert code != 500, told
            head, _, rest = answer.partition(b"\r\n\r\n")
            if code >= 400 and b"application/json" in head and method != "HEAD":
                first, _ = json.JSONDecoder().raw_decode(rest.decode())  # a damaged request may be two
                assert first["kind"] == "Status", told
    assert _sent(
        sandbox.server.port, b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    ).startswith(b"HTTP/1.1 200")


def _sent(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.settimeout(5)
        answer = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while piece := sock.recv(65536):
                answer += piece
        return answer


CAMPAIGNS = [
    Campaign(
        "two clients",
        "fifty random changes by our client and the kubernetes package to the sandbox: both see what a model says",
        _two_clients,
        long=50,
        short=2,
        threads=6,
    ),
    Campaign(
        "fuzzed server",
        "twenty odd or damaged requests a case to the sandbox's server: an answer, never a 500, and it still serves",
        _fuzzed_server,
        long=1000,
        short=10,
    ),
]
