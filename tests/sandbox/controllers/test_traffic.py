"""Canaries with traffic routing: weights, sizes, Services and routers (controller.md §4, §6, §13.4, §15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.simulation import Object, Simulation, canary, service

STEPS: list[Object] = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "10s"}}]
NGINX = {"nginx": {"stableIngress": "web"}}


def ingress(name: str = "web") -> Object:
    backend = {"service": {"name": "stable", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rules = [{"host": "web.local", "http": {"paths": [path]}}]
    metadata = {"name": name}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": {"rules": rules}}


def started(steps: list[Object], replicas: int = 5, routing: Object | None = None, **strategy: Any) -> Simulation:
    sim = Simulation()
    services = {"canaryService": "canary", "stableService": "stable"}
    made = canary(steps, replicas=replicas, trafficRouting=routing or NGINX, **services, **strategy)
    sim.apply(service("canary"), service("stable"), ingress(), made)
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    return sim


def weights(sim: Simulation) -> tuple[int, int]:
    recorded = sim.status("web")["canary"]["weights"]
    return recorded["canary"]["weight"], recorded["stable"]["weight"]


def sizes(sim: Simulation) -> tuple[int, ...]:
    return tuple(sim.sizes("web").values())


def first_hash(sim: Simulation) -> str:
    return str(sim.replica_sets("web")[0]["metadata"]["labels"]["rollouts-pod-template-hash"])


def test_release_with_routing() -> None:
    sim = started(STEPS)
    assert sim.reasons()[-3:] == ["SwitchService", "SwitchService", "TrafficWeightUpdated"]
    assert weights(sim) == (0, 100)
    start = len(sim.events)
    sim.set_image("web", "hello:2")
    sim.run(5)
    one, two = (i["metadata"]["labels"]["rollouts-pod-template-hash"] for i in sim.replica_sets("web"))
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    assert (sizes(sim), weights(sim)) == ((5, 1), (20, 80))
    assert (sim.service_hash("stable"), sim.service_hash("canary")) == (one, two)
    assert sim.counters("web") == [5, 6, 1, 6, 6]
    assert sim.reasons(start=start) == [
        *("RolloutUpdated", "NewReplicaSetCreated", "RolloutNotCompleted", "TrafficWeightUpdated"),
        *("ScalingReplicaSet", "SwitchService", "TrafficWeightUpdated", "RolloutStepCompleted", "RolloutPaused"),
    ]
    assert sim.messages("TrafficWeightUpdated") == [
        "Traffic weight updated to 0",
        "Traffic weight updated ",
        "Traffic weight updated from 0 to 20",
    ]
    sim.promote("web")
    sim.settle()
    assert (sizes(sim), weights(sim)) == ((5, 3), (20, 80)), "pods first, weight when they are there"
    sim.run(5)
    assert weights(sim) == (50, 50)
    sim.run(15)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.counters("web")[1] == 10
    assert weights(sim) == (0, 100)
    assert sim.service_hash("stable") == sim.service_hash("canary") == two
    assert sim.messages("TrafficWeightUpdated")[-2:] == [
        "Traffic weight updated from 50 to 100",
        "Traffic weight updated from 100 to 0",
    ]
    assert sim.conditions("web")["Healthy"] == "False/RolloutHealthy"
    sim.run(30)
    assert sizes(sim) == (0, 5)
    assert sim.conditions("web")["Healthy"] == "True/RolloutHealthy"


def test_abort_takes_the_traffic_at_once_and_the_pods_later() -> None:
    sim = started(STEPS)
    sim.set_image("web", "hello:2")
    sim.run(5)
    sim.promote("web")
    sim.run(5)
    start = len(sim.events)
    sim.abort("web")
    sim.run(3)
    assert sim.phase("web")[0] == "Degraded"
    assert weights(sim) == (0, 100)
    assert sim.service_hash("canary") == first_hash(sim)
    assert sim.reasons(start=start).count("SwitchService") == 1, "no flapping (controller.md §16)"
    assert sizes(sim) == (5, 3)
    sim.run(30)
    assert sizes(sim) == (5, 0)
    sim.retry("web")
    sim.run(5)
    assert (sizes(sim), weights(sim)) == ((5, 1), (20, 80))


def test_abort_without_delay_scales_down_at_once() -> None:
    sim = started(STEPS, abortScaleDownDelaySeconds=0)
    sim.set_image("web", "hello:2")
    sim.run(5)
    sim.abort("web")
    sim.run(3)
    assert sizes(sim) == (5, 0)


def test_back_to_stable_gives_the_canary_a_delay() -> None:
    sim = started(STEPS)
    sim.set_image("web", "hello:2")
    sim.run(5)
    sim.set_image("web", "hello:1")
    sim.run(3)
    assert sim.phase("web") == ("Healthy", "")
    assert (sim.sizes("web"), weights(sim)) == ({"2": 1, "3": 5}, (0, 100))
    sim.run(40)
    assert sim.sizes("web") == {"2": 0, "3": 5}


def test_third_revision_takes_the_second_away_once_no_service_needs_it() -> None:
    sim = started(STEPS)
    for image in ("hello:2", "hello:3"):
        sim.set_image("web", image)
        sim.run(8)
    assert sim.sizes("web") == {"1": 5, "2": 0, "3": 1}
    assert weights(sim) == (20, 80)


def test_full_promotion_never_shows_a_hundred() -> None:
    sim = started(STEPS)
    sim.set_image("web", "hello:2")
    sim.run(5)
    sim.promote("web", full=True)
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.messages("TrafficWeightUpdated")[-1] == "Traffic weight updated from 20 to 0"


def test_dynamic_stable_scale_shrinks_stable_as_the_weight_moves() -> None:
    sim = started([{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}], dynamicStableScale=True)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert (sizes(sim), weights(sim)) == ((4, 1), (20, 80))
    sim.promote("web")
    sim.run(5)
    assert (sizes(sim), weights(sim)) == ((3, 3), (50, 50))
    sim.promote("web")
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert sizes(sim) == (0, 5), "no delay"


def test_dynamic_stable_scale_aborts_step_by_step() -> None:
    sim = started([{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}], dynamicStableScale=True)
    sim.set_image("web", "hello:2")
    sim.run(5)
    sim.promote("web")
    sim.run(5)
    sim.abort("web")
    sim.settle()
    assert weights(sim) == (50, 50), "the stable pods cannot carry more yet"
    sim.run(10)
    assert (sizes(sim), weights(sim)) == ((5, 0), (0, 100))
    assert sim.service_hash("canary") == first_hash(sim)
    moved = [m.rpartition("from ")[2] for m in sim.messages("TrafficWeightUpdated")[-2:]]
    assert moved == ["50 to 20", "20 to 0"]


def test_canary_scale_of_the_reference_test() -> None:
    """N = 4, canary pods at indexes 0, 2, 4, 6, 8 (controller.md §15)."""
    steps: list[Object] = [
        *({"pause": {}}, {"setCanaryScale": {"weight": 25}}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}),
        *({"setCanaryScale": {"replicas": 3}}, {"pause": {}}, {"setCanaryScale": {"matchTrafficWeight": True}}),
        {"pause": {}},
    ]
    sim = started(steps, replicas=4)
    sim.set_image("web", "hello:2")
    seen = []
    for _ in range(5):
        sim.run(8)
        assert sim.phase("web") == ("Paused", "CanaryPauseStep")
        assert sizes(sim)[0] == 4
        seen.append(sizes(sim)[1])
        sim.promote("web")
    assert seen == [0, 1, 1, 3, 2]
    sim.run(40)
    assert sizes(sim) == (0, 4)


def test_least_pods_and_whole_weight() -> None:
    routing = {"nginx": {"stableIngress": "web"}, "maxTrafficWeight": 1000}
    sim = started([{"setWeight": 50}, {"pause": {}}], replicas=5, routing=routing, minPodsPerReplicaSet=2)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert (sizes(sim), weights(sim)) == ((5, 2), (50, 950))


def test_nginx_gets_a_canary_ingress() -> None:
    sim = started(STEPS)
    sim.set_image("web", "hello:2")
    sim.run(5)
    made = sim.store.get("Ingress", "default", "web-web-canary") or {}
    assert made["metadata"]["annotations"] == {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "20",
    }
    assert made["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] == "canary"


def test_alb_gets_an_action() -> None:
    sim = Simulation()
    routing = {"alb": {"ingress": "web", "servicePort": 443}}
    services = {"canaryService": "canary", "stableService": "stable"}
    made = ingress()
    path = made["spec"]["rules"][0]["http"]["paths"][0]
    path["backend"]["service"]["port"] = {"name": "use-annotation"}
    sim.apply(service("canary"), service("stable"), made, canary(STEPS, replicas=5, trafficRouting=routing, **services))
    sim.run(5)
    sim.set_image("web", "hello:2")
    sim.run(5)
    stored = sim.store.get("Ingress", "default", "web") or {}
    action = stored["metadata"]["annotations"]["alb.ingress.kubernetes.io/actions.stable"]
    assert '{"ServiceName":"canary","ServicePort":"443","Weight":20}' in action
    assert '{"ServiceName":"stable","ServicePort":"443","Weight":80}' in action


def route(rules: list[Object]) -> Object:
    metadata = {"name": "web"}
    spec = {"rules": rules}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": spec}


def both() -> Object:
    backends = [{"name": "canary", "port": 80, "weight": 0}, {"name": "stable", "port": 80, "weight": 100}]
    return {"backendRefs": backends, "matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}


def gateway(sim: Simulation) -> Object:
    return sim.store.get("HTTPRoute", "default", "web") or {}


def backend_weights(rule: Object) -> list[int | None]:
    return [backend.get("weight") for backend in rule["backendRefs"]]


def test_gateway_api_route_and_its_label() -> None:
    sim = Simulation()
    plugin = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "default"}}}
    header = {"name": "beta", "match": [{"headerName": "X-Beta", "headerValue": {"prefix": "y"}}]}
    steps: list[Object] = [{"setWeight": 50}, {"setHeaderRoute": header}, {"pause": {}}]
    services = {"canaryService": "canary", "stableService": "stable"}
    routing = {**plugin, "managedRoutes": [{"name": "beta"}]}
    sim.apply(service("canary"), service("stable"), route([both()]))
    sim.apply(canary(steps, replicas=2, trafficRouting=routing, **services))
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.status("web")["canary"]["weights"]["verified"] is True
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    plain, managed = gateway(sim)["spec"]["rules"]
    assert backend_weights(plain) == [50, 50]
    assert managed["name"] == "beta"
    assert [backend["name"] for backend in managed["backendRefs"]] == ["canary"]
    assert managed["matches"][0]["headers"] == [{"type": "RegularExpression", "name": "X-Beta", "value": "y.*"}]
    label = "rollouts.argoproj.io/gatewayapi-canary"
    assert gateway(sim)["metadata"]["labels"] == {label: "in-progress"}
    sim.abort("web")
    sim.run(3)
    assert [backend_weights(rule) for rule in gateway(sim)["spec"]["rules"]] == [[0, 100]]
    assert label not in (gateway(sim)["metadata"].get("labels") or {})


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (None, '"web" not found'),
        ([{"backendRefs": [{"name": "stable", "port": 80}]}], "backendRef was not found in httpRoute"),
    ],
)
def test_gateway_api_problems_are_told(rules: list[Object] | None, text: str) -> None:
    sim = Simulation()
    plugin = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web"}}}
    services = {"canaryService": "canary", "stableService": "stable"}
    sim.apply(service("canary"), service("stable"), *([route(rules)] if rules else []))
    sim.apply(canary(STEPS, replicas=2, trafficRouting=plugin, **services))
    sim.run(5)
    assert any(text in message for message in sim.messages("TrafficRoutingError"))


def test_ping_pong_swaps_the_roles() -> None:
    sim = Simulation()
    ping_pong = {"pingService": "ping", "pongService": "pong"}
    routing = {"plugins": {"some/router": {}}}
    sim.apply(service("ping"), service("pong"), canary(STEPS[:2], trafficRouting=routing, pingPong=ping_pong))
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.status("web")["canary"]["stablePingPong"] == "ping"
    sim.set_image("web", "hello:2")
    sim.run(5)
    one, two = (i["metadata"]["labels"]["rollouts-pod-template-hash"] for i in sim.replica_sets("web"))
    assert (sim.service_hash("ping"), sim.service_hash("pong")) == (one, two)
    sim.promote("web")
    sim.run(5)
    assert sim.status("web")["canary"]["stablePingPong"] == "pong"
    assert sim.status("web")["canary"]["weights"]["stable"]["serviceName"] == "pong"
    assert sim.service_hash("pong") == two
    sim.run(60)
    assert sim.sizes("web") == {"1": 0, "2": 4}


def test_ping_pong_begins_with_the_canary_on_ping() -> None:
    """Without a record of who is stable the stable side is pong (view.md §6.4, lint.md §6)."""
    sim = started(STEPS[:2], routing={"plugins": {"some/router": {}}})
    sim.apply(service("ping"), service("pong"))
    ping_pong = {"pingService": "ping", "pongService": "pong"}
    gone = {"canaryService": None, "stableService": None}
    sim.patch("Rollout", "web", {"spec": {"strategy": {"canary": {**gone, "pingPong": ping_pong}}}})
    sim.set_image("web", "hello:2")
    sim.run(5)
    recorded = sim.status("web")["canary"]["weights"]
    assert (recorded["canary"]["serviceName"], recorded["stable"]["serviceName"]) == ("ping", "pong")
    sim.promote("web")
    sim.run(5)
    assert sim.status("web")["canary"]["stablePingPong"] == "ping"
    assert sim.status("web")["canary"]["weights"]["stable"]["serviceName"] == "ping"


def test_a_service_that_is_no_longer_named_selects_by_its_own_labels_again() -> None:
    sim = started(STEPS[:2], routing={"plugins": {"some/router": {}}})
    sim.apply(service("other"))
    sim.patch("Rollout", "web", {"spec": {"strategy": {"canary": {"canaryService": "other"}}}})
    sim.run(1)
    assert sim.service_hash("other") == sim.service_hash("stable") == first_hash(sim)
    former = sim.store.get("Service", "default", "canary")
    assert former is not None
    assert former["spec"]["selector"] == {"app": "web"}
    assert not (former["metadata"].get("annotations") or {})
    sim.store.delete("Rollout", "default", "web")
    sim.run(1)
    assert sim.service_hash("other") == sim.service_hash("stable") == ""


def test_former_pods_that_go_are_no_missed_deadline() -> None:
    """Nobody judges progress while pods sit in their delay, nor in the moment when they leave (controller.md §2.5)."""
    sim = started(STEPS[:2], scaleDownDelaySeconds=20, spec={"progressDeadlineSeconds": 4})
    sim.set_image("web", "hello:2")
    sim.run(5)
    sim.promote("web")
    sim.run(40)
    assert sizes(sim) == (0, 5)
    assert sim.conditions("web")["Healthy"] == "True/RolloutHealthy"
    assert "Degraded" not in [phase for _, (phase, _, _) in sim.states["web"]]
