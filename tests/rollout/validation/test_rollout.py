"""Rules of a Rollout by itself (spec/lint.md §4): each case breaks one rule of a good Rollout."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.rollout.validation.rollout import validate_rollout

GOOD: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "hello:1"}]},
        },
        "strategy": {"canary": {}},
    },
}
ROUTES = {"istio": {"virtualService": {"name": "v"}}, "managedRoutes": [{"name": "r"}]}
SERVICES = {"canaryService": "c", "stableService": "s"}
ONE_KIND = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause"


def rollout(**spec: Any) -> dict[str, Any]:
    made = copy.deepcopy(GOOD)
    made["spec"].update(spec)
    return made


def canary(**strategy: Any) -> dict[str, Any]:
    return rollout(strategy={"canary": strategy})


def steps(*given: Any, **strategy: Any) -> dict[str, Any]:
    return canary(steps=list(given), **strategy)


def errors(obj: dict[str, Any], **options: Any) -> list[str]:
    return [str(error) for error in validate_rollout(obj, **options)]


def test_a_good_rollout_has_no_errors() -> None:
    assert errors(GOOD) == []


SPEC_CASES = [
    (rollout(replicas=-1), "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
    (
        rollout(selector={}),
        "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
    ),
    (
        rollout(progressDeadlineSeconds=5, minReadySeconds=5),
        "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
    ),
    (
        rollout(minReadySeconds=600),
        "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
    ),
    (
        rollout(strategy={"canary": {}, "blueGreen": {}}),
        'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true": Multiple Strategies can not be listed',
    ),
    (
        rollout(strategy={"blueGreen": {"activeService": "a", "previewService": "a"}}),
        'spec.strategy.activeService: Invalid value: "a": This rollout uses the same service for the active and '
        "preview services, but two different services are required.",
    ),
    (
        rollout(strategy={"blueGreen": {"activeService": "a", "scaleDownDelayRevisionLimit": 11}}),
        "spec.strategy.scaleDownDelayRevisionLimit: Invalid value: 11: This rollout's revision history limit can not "
        "be smaller than the rollout's scale down limit",
    ),
    (
        rollout(workloadRef={"kind": "Deployment"}),
        "spec.template: Internal error: template must be empty for workload reference rollout",
    ),
    (
        canary(maxSurge="0%", maxUnavailable=0),
        'spec.strategy.maxSurge: Invalid value: "0%": MaxSurge and MaxUnavailable both can not be zero',
    ),
    (
        canary(canaryService="a", stableService="a"),
        'spec.strategy.stableService: Invalid value: "a": This rollout uses the same service for the stable and canary '
        "services, but two different services are required.",
    ),
    (
        canary(trafficRouting={"nginx": {}}, stableService="s"),
        'spec.strategy.canaryService: Invalid value: "": Canary service and Stable service must to be set to use '
        "Traffic Routing",
    ),
    (
        canary(scaleDownDelaySeconds=3),
        "spec.strategy.scaleDownDelaySeconds: Invalid value: 3: Canary scaleDownDelaySeconds can only be used with "
        "traffic routing",
    ),
    (
        canary(dynamicStableScale=True, scaleDownDelaySeconds=3, trafficRouting={"plugins": {"p": {}}}),
        "spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale cannot be used with "
        "scaleDownDelaySeconds",
    ),
    (
        canary(trafficRouting={"istio": {"destinationRule": {}}, "maxTrafficWeight": 1000}),
        "spec.strategy.trafficRouting.maxTrafficWeight: Invalid value: 1000: Canary maxTrafficWeight in traffic "
        "routing only supported in Nginx and Plugins",
    ),
    (
        canary(antiAffinity={}),
        'spec.strategy.antiAffinity: Invalid value: "antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: '
        'false antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: false": AntiAffinity must have exactly one '
        "strategy listed",
    ),
    (
        canary(antiAffinity={"preferredDuringSchedulingIgnoredDuringExecution": {"weight": 0}}),
        "spec.strategy.antiAffinity.weight: Invalid value: 0: AntiAffinity weight must be between 1-100",
    ),
]

STEP_CASES = [
    (
        steps({"setWeight": 101}),
        "spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100",
    ),
    (
        steps({"setWeight": 5}, {"pause": {"duration": "1d"}}),
        "spec.strategy.steps[1].pause.duration: Invalid value: -1: Duration needs to be greater than 0",
    ),
    (
        steps({"setWeight": 5, "pause": {}}),
        'spec.strategy.steps[0]: Invalid value: "step.Experiment: false step.Pause: true step.SetWeight: true '
        f'step.Analysis: false": {ONE_KIND}',
    ),
    (
        steps({"setCanaryScale": {"replicas": 1}}),
        "spec.strategy.trafficRouting: Required value: SetCanaryScale requires TrafficRouting to be set",
    ),
    (
        steps({"setHeaderRoute": {"name": "r", "match": [{"headerName": "a<b"}]}}),
        'spec.strategy.steps[0].setHeaderRoute: Invalid value: {"name":"r","match":[{"headerName":"a\\u003cb",'
        '"headerValue":null}]}: SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix',
    ),
    (
        steps({"setHeaderRoute": {"name": "x"}}, trafficRouting=ROUTES, **SERVICES),
        'spec.strategy.steps[0].setHeaderRoute: Invalid value: "x": Steps define a route that does not exist in '
        "spec.strategy.canary.trafficRouting.managedRoutes",
    ),
    (
        steps(
            {"setHeaderRoute": {"name": "r", "match": [{"headerValue": {"exact": "a", "prefix": "b"}}]}},
            trafficRouting=ROUTES,
            **SERVICES,
        ),
        'spec.strategy.steps[0].setHeaderRoute.match[0]: Invalid value: {"exact":"a","prefix":"b"}: StringMatch match '
        "value must have exactly one of the following: exact, regex, prefix",
    ),
    (
        steps({"setMirrorRoute": {"name": "r", "percentage": 5}}),
        'spec.strategy.steps[0].setMirrorRoute: Invalid value: {"name":"r","percentage":5}: SetMirrorRoute requires '
        "TrafficRouting, supports Istio and Plugins",
    ),
    (
        steps({"experiment": {"templates": [{"weight": 5}]}}),
        "spec.strategy.steps[0].experiment.templates[0].weight: Invalid value: 5: Experiment template weight cannot be "
        "set unless TrafficRouting is enabled",
    ),
    (
        steps({"analysis": {"args": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "metadata.x"}}}]}}),
        'spec.strategy.steps[0].analyses: Invalid value: [{"name":"a","valueFrom":{"fieldRef":{"fieldPath":'
        '"metadata.x"}}}]: Analyses arguments must refer to valid object metadata supported by downwardAPI',
    ),
]


@pytest.mark.parametrize(("obj", "expected"), SPEC_CASES + STEP_CASES)
def test_one_broken_rule_is_one_error(obj: dict[str, Any], expected: str) -> None:
    assert errors(obj) == [expected]


def test_a_step_without_a_kind_prints_all_as_absent() -> None:
    (error,) = errors(steps({}))
    assert error.startswith('spec.strategy.steps[0]: Invalid value: "step.Experiment: true step.Pause: true')
    assert error.endswith(f'step.Plugin: true": {ONE_KIND}')


def test_an_empty_rollout_shows_what_is_missing_in_order() -> None:
    assert errors({"metadata": {}}) == [
        "spec.selector: Required value: Rollout has missing field '.spec.selector'",
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
        "spec.template.spec.containers: Required value",
        "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or "
        ".spec.strategy.blueGreen'",
    ]


def test_a_bad_selector_hides_the_pod_template() -> None:
    obj = rollout(selector={"matchExpressions": [{"key": "app", "operator": "In"}]}, template={})
    assert errors(obj) == [
        "spec.selector.matchExpressions[0].values: Required value: "
        "must be specified when `operator` is 'In' or 'NotIn'",
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"In"}]}: invalid label selector',
    ]


def test_a_mirror_route_tells_a_bad_method_twice() -> None:
    match = {"method": {}, "path": {"exact": "/"}}
    found = errors(steps({"setMirrorRoute": {"name": "r", "match": [match]}}, trafficRouting=ROUTES, **SERVICES))
    assert len(found) == 2
    assert found[0] == found[1]


def test_ping_pong_without_its_services() -> None:
    found = errors(canary(pingPong={}, trafficRouting={"alb": {}}))
    assert [line.partition(":")[0] for line in found] == [
        "spec.strategy.pingPong.pingService",
        "spec.strategy.pingPong.pongService",
        "spec.strategy.pingPong.pingService",
        "spec.strategy.trafficRouting.alb.rootService",
    ]


def test_a_referenced_workload_is_checked_once_it_is_resolved() -> None:
    obj = rollout(workloadRef={"kind": "Deployment", "name": "d"})
    obj["spec"]["template"]["spec"]["containers"][0]["image"] = ""
    assert errors(obj, resolved=True) == ["spec.template.spec.containers[0].image: Required value"]
    del obj["spec"]["template"], obj["spec"]["selector"]
    assert errors(obj) == []


@pytest.mark.parametrize("duration", [None, 0, 10, "10", "10s", "1h30m", "500ms", "-0.5s"])
def test_durations_that_pass(duration: Any) -> None:
    assert errors(steps({"pause": {"duration": duration} if duration is not None else {}})) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_nothing_in_a_rollout_makes_validation_crash(data: st.DataObject) -> None:
    """Values of any type anywhere: whoever stored them, the answer is a list of errors."""
    obj = copy.deepcopy(rollout(strategy={"canary": {"steps": [{"setWeight": 1}, {"pause": {}}]}}))
    node: Any = obj["spec"]
    for _ in range(data.draw(st.integers(0, 6))):
        keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()) or not isinstance(node[key], dict | list):
            node[key] = data.draw(json_values)
            break
        node = node[key]
    assert all(": " in line for line in errors(obj))
