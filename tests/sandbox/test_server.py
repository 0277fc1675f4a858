"""The API over HTTP: verbs, errors, lists in pages, watches, forms of answers, and who is not answered."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from kubectl_rollouts.sandbox.cluster import Sandbox
from tests.sandbox.conftest import ROLLOUTS, Http, config_map, rollout

MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def deployment(image: str = "web:1", **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    whole = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": whole}


@contextlib.contextmanager
def watching(sandbox: Sandbox, path: str, **headers: str) -> Iterator[HTTPResponse]:
    connection = HTTPConnection("127.0.0.1", sandbox.server.port, timeout=10)
    connection.request("GET", path, headers=headers)
    yield connection.getresponse()
    connection.close()


def event(stream: HTTPResponse) -> tuple[str, Any]:
    found = json.loads(stream.readline())
    return found["type"], found["object"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "127.0.0.1.2", ""])
def test_other_hosts_are_refused(http: Http, host: str) -> None:
    assert http("GET", "/api", Host=host).code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "127.0.0.1:80", "[::1]:80", "127.9.9.9", "LOCALHOST."])
def test_loopback_hosts_are_answered(http: Http, host: str) -> None:
    assert http("GET", "/api", Host=host).code == 200


def test_pages_of_other_hosts_are_refused(http: Http) -> None:
    assert http("POST", MAPS, config_map("a"), Origin="https://evil.example").code == 403
    assert http("GET", MAPS, Origin="null").code == 403
    assert http("GET", MAPS, Origin=f"http://localhost:{http.port}").code == 200


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    assert sandbox.server._listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "text", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n", b"GET / HTTP/1.1\r\n" * 3]
)
def test_what_is_no_http_is_refused(sandbox: Sandbox, text: bytes) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.server.port), timeout=5) as connection:
        connection.sendall(text + b"\r\n")
        assert connection.recv(65_536).startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))


def test_requests_may_come_in_chunks_and_pipelines(sandbox: Sandbox) -> None:
    body = json.dumps(config_map("chunked")).encode()
    head = f"POST {MAPS} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:20], body[20:])) + b"0\r\n\r\n"
    second = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.server.port), timeout=5) as connection:
        connection.sendall(head + pieces + second)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 201")
    assert answer.endswith(b"ok")


def test_a_life_of_an_object(http: Http) -> None:
    made = http("POST", ROLLOUTS, rollout())
    assert made.code == 201
    path = f"{ROLLOUTS}/web"
    assert http("POST", ROLLOUTS, rollout()).json["reason"] == "AlreadyExists"
    assert http.patch(path, {"spec": {"replicas": 1}}).json["metadata"]["generation"] == 2
    assert http.patch(path, [{"op": "test", "path": "/spec/replicas", "value": 9}], "json-patch+json").code == 422
    assert http.patch(path, {}, "strategic-merge-patch+json").code == 415
    assert (
        http("PUT", path, made.json).json["message"].startswith("Operation cannot be fulfilled on rollouts.argoproj.io")
    )
    without = {**rollout(), "metadata": {"name": "web"}}
    assert "must be specified for an update" in http("PUT", path, without).json["message"]
    deleted = http("DELETE", path)
    assert (deleted.code, deleted.json["status"], deleted.json["details"]["kind"]) == (200, "Success", "rollouts")
    missing = http("GET", path)
    assert missing.code == 404
    assert missing.json["details"] == {"name": "web", "group": "argoproj.io", "kind": "rollouts"}


def test_status_is_kept_apart(http: Http) -> None:
    http("POST", DEPLOYMENTS, {**deployment(replicas=0), "status": {"replicas": 7}})
    path = f"{DEPLOYMENTS}/web"
    assert http("GET", path).json.get("status", {}).get("replicas") is None
    ignored = http.patch(path, {"status": {"collisionCount": 4}, "metadata": {"labels": {"l": "x"}}}).json
    assert "collisionCount" not in ignored.get("status", {})
    patched = http.patch(f"{path}/status", {"status": {"collisionCount": 5}, "spec": {"replicas": 9}}).json
    assert (patched["status"]["collisionCount"], patched["spec"]["replicas"]) == (5, 0)
    assert http("GET", f"{path}/status").json["kind"] == "Deployment"
    runs = "/apis/argoproj.io/v1alpha1/namespaces/default/analysisruns"
    run = {"kind": "AnalysisRun", "metadata": {"name": "a"}, "spec": {"metrics": []}}
    assert http("POST", runs, run).code == 201
    assert http.patch(f"{runs}/a/status", {"status": {"phase": "Failed"}}).code == 404


def test_scale(http: Http) -> None:
    http("POST", ROLLOUTS, rollout(replicas=0, paused=True))
    scale = http("GET", f"{ROLLOUTS}/web/scale").json
    assert (scale["kind"], scale["apiVersion"], scale["spec"]) == ("Scale", "autoscaling/v1", {})
    assert http("PUT", f"{ROLLOUTS}/web/scale", {**scale, "spec": {"replicas": 3}}).code in (200, 409)
    assert http.patch(f"{ROLLOUTS}/web/scale", {"spec": {"replicas": 2}}).json["spec"] == {"replicas": 2}
    assert http("GET", f"{ROLLOUTS}/web").json["spec"]["replicas"] == 2
    assert http.patch(f"{ROLLOUTS}/web/scale", {"spec": {"replicas": -1}}).code == 422


def test_lists_come_in_pages_that_do_not_move(http: Http) -> None:
    for number in range(7):
        http("POST", MAPS, config_map(f"m{number}"))
    first = http("GET", f"{MAPS}?limit=3").json
    assert first["metadata"]["remainingItemCount"] == 4
    http("DELETE", f"{MAPS}/m5")
    http("POST", MAPS, config_map("m55"))
    names, token = [item["metadata"]["name"] for item in first["items"]], first["metadata"]["continue"]
    while token:
        page = http("GET", f"{MAPS}?limit=3&continue={token}").json
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue")
    assert names == [f"m{number}" for number in range(7)]
    assert http("GET", f"{MAPS}?continue=nonsense").code == 400
    unknown = "eyJ2IjoieCIsInBhZ2UiOjk5OTk5fQ=="
    assert http("GET", f"{MAPS}?limit=1&continue={unknown}").code == 410


def test_selectors_choose(http: Http) -> None:
    for name, labels in {"a": {"t": "x"}, "b": {"t": "y"}, "c": {}}.items():
        http("POST", MAPS, {**config_map(name), "metadata": {"name": name, "labels": labels}})

    def names(query: str) -> list[str]:
        return [item["metadata"]["name"] for item in http("GET", f"{MAPS}?{query}").json["items"]]

    assert names("labelSelector=t%3Dx") == ["a"]
    assert names("labelSelector=t+in+(x,y)") == ["a", "b"]
    assert names("labelSelector=t+notin+(x)") == ["b", "c"]
    assert names("labelSelector=!t") == ["c"]
    assert names("labelSelector=t,t!%3Dx") == ["b"]
    assert names("fieldSelector=metadata.name%3Db") == ["b"]
    assert names("fieldSelector=metadata.name!%3Db,metadata.namespace%3Ddefault") == ["a", "c"]
    assert http("GET", f"{MAPS}?fieldSelector=data.x%3D1").code == 400
    assert http("GET", f"{MAPS}?labelSelector=t+in+x").code == 400


def test_a_watch_tells_what_a_selector_sees(sandbox: Sandbox, http: Http) -> None:
    version = http("GET", MAPS).json["metadata"]["resourceVersion"]
    query = f"watch=true&resourceVersion={version}&labelSelector=on%3Dyes&allowWatchBookmarks=true&timeoutSeconds=2"
    with watching(sandbox, f"{MAPS}?{query}") as stream:
        http("POST", MAPS, config_map("a"))
        http.patch(f"{MAPS}/a", {"metadata": {"labels": {"on": "yes"}}})
        http.patch(f"{MAPS}/a", {"data": {"x": "1"}})
        http.patch(f"{MAPS}/a", {"metadata": {"labels": {"on": "no"}}})
        http("DELETE", f"{MAPS}/a")
        assert [event(stream)[0] for _ in range(3)] == ["ADDED", "MODIFIED", "DELETED"]
        kind, bookmark = event(stream)
        assert (kind, bookmark["kind"]) == ("BOOKMARK", "ConfigMap")
        assert int(bookmark["metadata"]["resourceVersion"]) > int(version)
        assert stream.readline() == b"", "the watch ends when its time is over"


def test_a_watch_without_a_version_begins_with_what_is_there(sandbox: Sandbox, http: Http) -> None:
    http("POST", MAPS, config_map("a"))
    with watching(sandbox, f"{MAPS}?watch=true&fieldSelector=metadata.name%3Da") as stream:
        assert event(stream)[0] == "ADDED"
    initial = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    with watching(sandbox, f"{MAPS}?{initial}") as stream:
        seen = []
        while (found := event(stream))[0] == "ADDED":
            seen.append(found[1]["metadata"]["name"])
        assert "a" in seen
        assert found[1]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_from_a_forgotten_version_is_gone(http: Http, sandbox: Sandbox) -> None:
    history = sandbox.store._histories["ConfigMap"]
    history._floor = sandbox.store.version
    answer = http("GET", f"{MAPS}?watch=true&resourceVersion=1")
    assert (answer.code, answer.json["reason"]) == (410, "Expired")


def test_watches_end_when_the_server_stops(sandbox: Sandbox) -> None:
    with watching(sandbox, f"{MAPS}?watch=true&resourceVersion=0") as stream:
        begin = time.monotonic()
        sandbox.stop()
        while stream.readline():
            pass
        assert time.monotonic() - begin < 8


def test_tables(http: Http) -> None:
    http("POST", ROLLOUTS, rollout(replicas=0, paused=True))
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    table = http("GET", ROLLOUTS, Accept=accept).json
    assert [c["name"] for c in table["columnDefinitions"]] == [
        "Name",
        "Desired",
        "Current",
        "Up-to-date",
        "Available",
        "Age",
    ]
    [row] = table["rows"]
    assert row["cells"][:2] == ["web", 0]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    whole = http("GET", f"{ROLLOUTS}/web?includeObject=Object", Accept=accept).json["rows"][0]["object"]
    assert whole["kind"] == "Rollout"


def test_only_metadata_for_those_who_ask_for_it(http: Http) -> None:
    http("POST", MAPS, config_map("a", x="y"))
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    answer = http("GET", MAPS, Accept=accept).json
    assert answer["kind"] == "PartialObjectMetadataList"
    assert all(item.keys() == {"kind", "apiVersion", "metadata"} for item in answer["items"])


def test_long_answers_are_compressed_for_those_who_accept_it(http: Http) -> None:
    http("POST", MAPS, config_map("big", text="x" * 200_000))
    packed = http("GET", f"{MAPS}/big", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == http("GET", f"{MAPS}/big").json


def test_unknown_fields_are_pruned_warned_of_or_refused(http: Http) -> None:
    odd = rollout(speling=1)
    answer = http("POST", f"{ROLLOUTS}?dryRun=All", odd)
    assert answer.headers["warning"] == '299 - "unknown field \\"spec.speling\\""'
    assert "speling" not in answer.json["spec"]
    assert "warning" not in http("POST", f"{ROLLOUTS}?dryRun=All&fieldValidation=Ignore", odd).headers
    strict = http("POST", f"{ROLLOUTS}?fieldValidation=Strict", odd)
    assert strict.code == 400
    assert strict.json["message"].endswith('strict decoding error: unknown field "spec.speling"')
    assert http("GET", f"{ROLLOUTS}/web").code == 404
    assert http("POST", f"{ROLLOUTS}?fieldValidation=Loud", odd).code == 422


def test_schemas_default_and_refuse(http: Http) -> None:
    made = http("POST", f"{ROLLOUTS}?dryRun=All", rollout()).json
    assert made["spec"]["template"]["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert "restartPolicy" not in made["spec"]["template"]["spec"], "custom resources get no other defaults"
    wrong = http("POST", ROLLOUTS, rollout(replicas="two"))
    assert wrong.code == 422
    assert wrong.json["details"]["causes"][0]["field"] == "spec.replicas"
    message = 'Invalid value: "string": spec.replicas in body must be of type integer: "string"'
    assert message in wrong.json["message"]
    missing = http("POST", ROLLOUTS, rollout(strategy={"blueGreen": {}})).json["message"]
    assert "spec.strategy.blueGreen.activeService: Required value" in missing
    undecodable = http("POST", DEPLOYMENTS, deployment(replicas="two"))
    assert undecodable.code == 400
    assert "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas" in undecodable.json["message"]


def test_built_in_kinds_get_their_defaults(http: Http) -> None:
    spec = http("POST", f"{DEPLOYMENTS}?dryRun=All", deployment()).json["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert spec["template"]["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert spec["template"]["spec"]["restartPolicy"] == "Always"


def test_rules_of_admission(http: Http) -> None:
    http("POST", ROLLOUTS, rollout(replicas=0))
    changed = http.patch(f"{ROLLOUTS}/web", {"spec": {"selector": {"matchLabels": {"app": "other"}}}})
    assert changed.json["message"].endswith(".spec.selector is immutable")
    assert "a lowercase RFC 1123 subdomain" in http("POST", MAPS, config_map("Not_Good")).json["message"]
    unmatched = deployment()
    unmatched["spec"]["selector"] = {"matchLabels": {"c": "d"}}
    assert "`selector` does not match template `labels`" in http("POST", DEPLOYMENTS, unmatched).json["message"]
    nameless = {**config_map("x"), "metadata": {}}
    assert "name or generateName is required" in http("POST", MAPS, nameless).json["message"]
    elsewhere = http("POST", "/api/v1/namespaces/nowhere/configmaps", {**config_map("x"), "metadata": {"name": "x"}})
    assert elsewhere.json["message"] == 'namespaces "nowhere" not found'


def test_a_replaced_service_keeps_its_address_and_node_port(http: Http) -> None:
    path = "/api/v1/namespaces/default/services"
    spec = {"selector": {"a": "b"}, "type": "NodePort", "ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    made = http("POST", path, service).json["spec"]
    again = http("PUT", f"{path}/web", {**service, "spec": {**spec, "selector": {"a": "c"}}}).json["spec"]
    assert again == {**made, "selector": {"a": "c"}}
    moved = http("PUT", f"{path}/web", {**service, "spec": {**spec, "clusterIP": "10.96.255.255"}})
    assert (moved.code, "field is immutable" in moved.json["message"]) == (422, True)


def test_server_side_apply_knows_who_owns_what(http: Http) -> None:
    path = f"{DEPLOYMENTS}/web"

    def apply(manager: str, obj: Any, more: str = "") -> Any:
        return http.patch(f"{path}?fieldManager={manager}{more}", obj, "apply-patch+yaml")

    assert apply("one", deployment()).code == 201
    assert apply("one", deployment()).code == 200
    clash = apply("two", deployment("web:2"))
    assert clash.code == 409
    assert clash.json["message"] == (
        'Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="web"].image'
    )
    assert apply("two", deployment("web:2"), "&force=true").code == 200
    managers = {entry["manager"] for entry in http("GET", path).json["metadata"]["managedFields"]}
    assert {"one", "two"} <= managers
    labelled = {**deployment("web:2"), "metadata": {"name": "web", "labels": {"l": "1"}}}
    assert apply("two", labelled).json["metadata"]["labels"] == {"l": "1"}
    assert "labels" not in apply("two", deployment("web:2")).json["metadata"], "what is applied no more goes"
    http("PATCH", f"{path}?fieldManager=hand", {"spec": {"replicas": 5}}, Content_Type="application/merge-patch+json")
    assert 'conflict with "hand" using apps/v1: .spec.replicas' in apply("two", deployment("web:2")).json["message"]


def test_deleting_collections(http: Http) -> None:
    for name, label in (("a", "x"), ("b", "y")):
        http("POST", MAPS, {**config_map(name), "metadata": {"name": name, "labels": {"t": label}}})
    assert http("DELETE", f"{MAPS}?labelSelector=t%3Dx").code == 200
    assert http("GET", f"{MAPS}/a").code == 404
    assert http("GET", f"{MAPS}/b").code == 200


def test_paths_and_verbs_that_are_not_there(http: Http) -> None:
    for path in ("/apis/nothing.io/v1/things", "/api/v2", "/apis/apps/v1/namespaces/default/rollouts", "/x"):
        answer = http("GET", path)
        assert (answer.code, answer.json["reason"]) == (404, "NotFound")
    assert http("PUT", MAPS, {}).code == 405
    assert http("POST", "/api/v1/configmaps", config_map("a")).code == 405
    assert http("POST", MAPS, b"{broken").code == 400
    assert http("POST", MAPS, {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "x"}}).code == 400


def test_discovery_says_what_is_served(http: Http) -> None:
    groups = {group["name"] for group in http("GET", "/apis").json["groups"]}
    for group in groups:
        version = http("GET", f"/apis/{group}").json["preferredVersion"]["groupVersion"]
        assert http("GET", f"/apis/{version}").json["resources"]
    found = http("GET", "/apis/argoproj.io/v1alpha1").json["resources"]
    assert {r["name"] for r in found} >= {"rollouts", "rollouts/status", "rollouts/scale", "analysisruns"}
    assert "analysisruns/status" not in {r["name"] for r in found}
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    aggregated = http("GET", "/apis", Accept=accept).json
    assert {item["metadata"]["name"] for item in aggregated["items"]} == groups


def test_openapi_covers_every_reference(http: Http) -> None:
    index = http("GET", "/openapi/v3").json["paths"]
    for entry in index.values():
        document = http("GET", entry["serverRelativeURL"]).json
        known = document["components"]["schemas"]
        for reference in references(document):
            assert reference.removeprefix("#/components/schemas/") in known
    oldest = http("GET", "/openapi/v2", Accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
    assert oldest.headers["content-type"] == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    assert http("GET", "/openapi/v2", Accept="text/html").code == 406
    whole = http("GET", "/openapi/v2").json
    assert {reference.removeprefix("#/definitions/") for reference in references(whole)} <= whole["definitions"].keys()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


@pytest.mark.parametrize("depth", [300, 900, 10_000])
@pytest.mark.parametrize("form", ["json", "merge-patch+json", "apply-patch+yaml"])
def test_an_object_without_bottom_is_a_bad_request(http: Http, depth: int, form: str) -> None:
    body = b'{"metadata":{"name":"a"},"data":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
    assert http("POST", "/api/v1/namespaces/default/configmaps", config_map("a")).code in (201, 409)
    method, path = ("PUT" if form == "json" else "PATCH"), "/api/v1/namespaces/default/configmaps/a?fieldManager=me"
    answer = http(method, path, body, Content_Type=f"application/{form}")
    assert answer.code in (400, 422), answer.body
    assert answer.json["kind"] == "Status"


@pytest.mark.parametrize("body", [b'{"a\x94": 1}', b'{"metadata": {"name": "\xff"}}', b"\xff\xfe{}"])
def test_a_body_that_is_no_text_is_a_bad_request(http: Http, body: bytes) -> None:
    answer = http("POST", "/api/v1/namespaces/default/pods", body)
    assert (answer.code, answer.json["reason"]) == (400, "BadRequest")


def test_an_apply_says_what_it_is_of(http: Http) -> None:
    path = "/api/v1/namespaces/default/configmaps/new?fieldManager=me"
    answer = http.patch(path, {"metadata": {"name": "new"}, "data": {"a": "b"}}, "apply-patch+yaml")
    assert answer.code == 400
    assert http.patch(path, config_map("new"), "apply-patch+yaml").code == 201


def test_what_is_not_there_is_said_before_a_version_is_asked_for(http: Http) -> None:
    assert http("PUT", f"{ROLLOUTS}/web", rollout()).code == 404


def test_nobody_owns_a_status_that_a_write_of_the_main_resource_drops(http: Http) -> None:
    http("POST", f"{ROLLOUTS}?fieldManager=me", {**rollout(), "status": {"replicas": 7}})
    after = http.patch(f"{ROLLOUTS}/web?fieldManager=me", {"status": {"replicas": 3}}).json
    mine = [entry for entry in after["metadata"]["managedFields"] if entry["manager"] == "me"]
    assert [list(entry["fieldsV1"]) for entry in mine] == [["f:spec"]]
