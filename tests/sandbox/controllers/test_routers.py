"""What traffic routers find in the API: canary Ingresses, actions of load balancers, routes of a mesh."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.simulation import NAMESPACE, Object, Simulation, canary, service

HEADER = {"name": "head", "match": [{"headerName": "x-team", "headerValue": {"exact": "qa"}}]}
MIRROR = {"name": "mirror", "percentage": 35, "match": [{"method": {"exact": "GET"}, "path": {"prefix": "/"}}]}
MANAGED = {"managedRoutes": [{"name": "mirror"}, {"name": "head"}]}
SERVICES = {"canaryService": "canary", "stableService": "stable"}
STEPS: list[Object] = [
    {"setCanaryScale": {"replicas": 1}},
    {"setHeaderRoute": HEADER},
    {"pause": {}},
    {"setWeight": 20},
    {"setMirrorRoute": MIRROR},
    {"pause": {}},
    {"setMirrorRoute": {"name": "mirror"}},
    {"pause": {}},
]


def ingress(*paths: Object, **spec: Any) -> Object:
    rules = [{"host": "web.local", "http": {"paths": list(paths)}}]
    metadata = {"name": "web"}
    made = {"rules": rules, **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": made}


def path(name: str, port: Object, path: str = "/") -> Object:
    return {"path": path, "pathType": "Prefix", "backend": {"service": {"name": name, "port": port}}}


def started(routing: Object, *objects: Object, steps: list[Object] = STEPS, **strategy: Any) -> Simulation:
    sim = Simulation()
    sim.apply(service("canary"), service("stable"), *objects)
    sim.apply(canary(steps, replicas=5, trafficRouting=routing, **(strategy or SERVICES)))
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    return sim


def updated(sim: Simulation, promotions: int = 0) -> None:
    if sim.status("web")["stableRS"] == sim.status("web")["currentPodHash"]:
        sim.set_image("web", "hello:2")
        sim.run(5)
    for _ in range(promotions):
        sim.promote("web")
        sim.run(5)
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def found(sim: Simulation, kind: str, name: str = "web") -> Object:
    item = sim.store.get(kind, NAMESPACE, name)
    assert item is not None
    return item


# -- NGINX -------------------------------------------------------------------------------------------------------


def test_nginx_copies_the_rules_of_the_stable_service_only() -> None:
    paths = (path("stable", {"number": 80}), path("other", {"number": 80}, "/other"))
    web = ingress(*paths, ingressClassName="stable")
    web["spec"]["rules"].append({"host": "other.local", "http": {"paths": [path("other", {"number": 80})]}})
    sim = started({"nginx": {"stableIngress": "web"}}, web, steps=[{"setWeight": 20}, {"pause": {}}])
    updated(sim)
    copy = found(sim, "Ingress", "web-web-canary")
    assert copy["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"] == "20"
    assert copy["spec"]["ingressClassName"] == "stable", "a name that happens to be the Service's"
    [rule] = copy["spec"]["rules"]
    assert [item["backend"]["service"]["name"] for item in rule["http"]["paths"]] == ["canary", "other"]
    sim.patch("Ingress", "web", {"spec": {"rules": [{**web["spec"]["rules"][0], "host": "new.local"}]}})
    sim.abort("web")
    sim.run(1)
    assert found(sim, "Ingress", "web-web-canary")["spec"]["rules"][0]["host"] == "new.local"


# -- ALB ---------------------------------------------------------------------------------------------------------


def test_alb_header_route_is_a_path_with_action_and_condition() -> None:
    steps = [*STEPS[:4], {"pause": {}}, {"setHeaderRoute": {"name": "head"}}, {"pause": {}}]
    routing = {**MANAGED, "alb": {"ingress": "web", "rootService": "root", "servicePort": 80}}
    sim = started(routing, service("root"), ingress(path("root", {"name": "use-annotation"})), steps=steps)
    updated(sim)
    web = found(sim, "Ingress")
    annotations = web["metadata"]["annotations"]
    prefix = "alb.ingress.kubernetes.io"
    assert json.loads(annotations[f"{prefix}/conditions.head"]) == [
        {"field": "http-header", "httpHeaderConfig": {"httpHeaderName": "x-team", "values": ["qa"]}}
    ]
    [group] = json.loads(annotations[f"{prefix}/actions.head"])["ForwardConfig"]["TargetGroups"]
    assert group == {"ServiceName": "canary", "ServicePort": "80", "Weight": 100}
    services = [item["backend"]["service"]["name"] for item in web["spec"]["rules"][0]["http"]["paths"]]
    assert services == ["head", "root"], "the narrower one first"
    updated(sim, promotions=2)
    web = found(sim, "Ingress")
    assert not [key for key in web["metadata"]["annotations"] if key.endswith(".head")]
    assert [item["backend"]["service"]["name"] for item in web["spec"]["rules"][0]["http"]["paths"]] == ["root"]
    groups = json.loads(web["metadata"]["annotations"][f"{prefix}/actions.root"])["ForwardConfig"]["TargetGroups"]
    assert [(item["ServiceName"], item["Weight"]) for item in groups] == [("canary", 20), ("stable", 80)]


# -- Istio -------------------------------------------------------------------------------------------------------


def mesh(*routes: Object) -> Object:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web"},
        "spec": {"hosts": ["web"], "http": list(routes)},
    }


def http_route(name: str, **subsets: str) -> Object:
    targets: list[Object] = [{"host": "stable"}, {"host": "canary"}]
    if subsets:
        targets = [{"host": "web", "subset": subsets["stable"]}, {"host": "web", "subset": subsets["canary"]}]
    weights = (100, 0)
    route = [{"destination": item, "weight": w} for item, w in zip(targets, weights, strict=True)]
    return {"name": name, "route": route}


def names_and_weights(sim: Simulation) -> list[tuple[str, list[int]]]:
    routes = found(sim, "VirtualService")["spec"]["http"]
    return [(route["name"], [item["weight"] for item in route["route"]]) for route in routes]


def test_istio_routes_headers_and_mirrors_and_takes_them_back() -> None:
    routing = {**MANAGED, "istio": {"virtualService": {"name": "web", "routes": ["primary"]}}}
    sim = started(routing, mesh(http_route("primary"), http_route("others")))
    assert names_and_weights(sim) == [("primary", [100, 0]), ("others", [100, 0])]
    updated(sim)
    assert names_and_weights(sim) == [("head", [100]), ("primary", [100, 0]), ("others", [100, 0])]
    head = found(sim, "VirtualService")["spec"]["http"][0]
    assert head["match"] == [{"headers": {"x-team": {"exact": "qa"}}}]
    assert head["route"][0]["destination"] == {"host": "canary"}
    updated(sim, promotions=1)
    assert names_and_weights(sim) == [
        ("mirror", [80, 20]),
        ("head", [100]),
        ("primary", [80, 20]),
        ("others", [100, 0]),
    ]
    mirror = found(sim, "VirtualService")["spec"]["http"][0]
    assert mirror["match"] == [{"method": {"exact": "GET"}, "uri": {"prefix": "/"}}]
    assert (mirror["mirror"], mirror["mirrorPercentage"]) == ({"host": "canary"}, {"value": 35})
    updated(sim, promotions=1)
    assert [name for name, _ in names_and_weights(sim)] == ["head", "primary", "others"]
    sim.abort("web")
    sim.run(1)
    assert names_and_weights(sim) == [("primary", [100, 0]), ("others", [100, 0])]


def test_istio_subsets_carry_the_hashes() -> None:
    rule = {"name": "web", "canarySubsetName": "new", "stableSubsetName": "old"}
    routing = {**MANAGED, "istio": {"virtualService": {"name": "web"}, "destinationRule": rule}}
    destinations = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "web"},
        "spec": {"host": "web", "subsets": [{"name": name, "labels": {"app": "web"}} for name in ("new", "old")]},
    }
    sim = started(routing, mesh(http_route("primary", stable="old", canary="new")), destinations)
    updated(sim, promotions=1)
    assert dict(names_and_weights(sim))["primary"] == [80, 20]
    head = next(r for r in found(sim, "VirtualService")["spec"]["http"] if r["name"] == "head")
    assert head["route"][0]["destination"] == {"host": "web", "subset": "new"}
    hashes = [s["labels"]["rollouts-pod-template-hash"] for s in found(sim, "DestinationRule")["spec"]["subsets"]]
    one, two = (i["metadata"]["labels"]["rollouts-pod-template-hash"] for i in sim.replica_sets("web"))
    assert hashes == [two, one]
