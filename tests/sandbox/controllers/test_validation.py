"""What the controller finds wrong with a rollout's references, and which rollouts are looked at again (lint.md §8)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.sandbox.controllers.validation import invalid_rollouts, rollout_error
from kubectl_rollouts.sandbox.world import Objects
from tests.sandbox.simulation import Simulation, blue_green, canary, rollout, service

Object = dict[str, Any]
NAMESPACE = "default"


def stored(obj: Object, namespace: str = NAMESPACE) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}


def template(name: str, spec: Object | None = None, kind: str = "AnalysisTemplate") -> Object:
    metric = {"name": "m", "provider": {"prometheus": {}}}
    spec = spec or {"metrics": [metric]}
    return stored({"kind": kind, "metadata": {"name": name}, "spec": spec}, "" if kind.startswith("C") else NAMESPACE)


def ingress(name: str, backend: str) -> Object:
    path = {"backend": {"service": {"name": backend}}}
    return stored({"kind": "Ingress", "metadata": {"name": name}, "spec": {"rules": [{"http": {"paths": [path]}}]}})


def error(obj: Object, *others: Object) -> str | None:
    return rollout_error(
        stored(obj), Objects(stored(other, other["metadata"].get("namespace", NAMESPACE)) for other in others)
    )


def analysed(*references: Object, **fields: Any) -> Object:
    return canary([{"setWeight": 10}, {"analysis": {"templates": list(references), **fields}}])


STEP = "spec.strategy.canary.steps[1].analysis.templates: Invalid value: "
ROUTING = "spec.strategy.canary.trafficRouting"
NGINX = canary(stableService="s", canaryService="c", trafficRouting={"nginx": {"stableIngress": "i"}})
PAIR = (service("s"), service("c"))
ENDLESS = {"metrics": [{"name": "m", "interval": "5s", "provider": {"prometheus": {}}}]}


@pytest.mark.parametrize(
    ("obj", "others", "expected"),
    [
        (canary(), (), None),
        (
            blue_green(),
            (service("preview"),),
            'spec.strategy.blueGreen.activeService: Invalid value: "active": service "active" not found',
        ),
        (
            blue_green(),
            (service("active"),),
            'spec.strategy.blueGreen.previewService: Invalid value: "preview": service "preview" not found',
        ),
        (blue_green(), (service("active"), service("preview")), None),
        (
            canary(stableService="s", canaryService="c"),
            (service("c"),),
            'spec.strategy.canary.stableService: Invalid value: "s": service "s" not found',
        ),
        (
            canary(stableService="s"),
            (service("s", app="other"),),
            'spec.strategy.canary.stableService: Invalid value: "s": Service "s" has unmatch label "app" in rollout',
        ),
        (analysed({"templateName": "t"}), (), f"{STEP}\"t\": AnalysisTemplate 't' not found"),
        (
            analysed({"templateName": "t", "clusterScope": True}),
            (template("t"),),
            f"{STEP}\"t\": ClusterAnalysisTemplate 't' not found",
        ),
        (analysed({"templateName": "t"}), (template("t"),), None),
        (
            analysed({"templateName": "t"}),
            (template("t", {"templates": [{"templateName": "u"}]}),),
            "spec.templates: Invalid value: \"u\": AnalysisTemplate 'u' not found",
        ),
        (
            analysed({"templateName": "t"}, {"templateName": "u"}),
            (template("t"), template("u")),
            f"{STEP}\"templateNames: [t u]\": two metrics have the same name 'm'",
        ),
        (
            analysed({"templateName": "t"}),
            (template("t", ENDLESS),),
            f'{STEP}"t": AnalysisTemplate t has metric m which runs indefinitely. Invalid value for count: <nil>',
        ),
        (
            analysed({"templateName": "t"}),
            (template("t", {"args": [{"name": "x"}], "metrics": []}),),
            f'{STEP}"templateNames: [t]": args.x was not resolved',
        ),
        (
            analysed({"templateName": "t"}, args=[{"name": "x", "value": "1"}]),
            (template("t", {"args": [{"name": "x"}], "metrics": []}),),
            None,
        ),
        (
            analysed({"templateName": "t"}, args=[{"name": "x"}]),
            (template("t", {"args": [{"name": "x"}], "metrics": []}),),
            None,
        ),
        (canary(analysis={"templates": [{"templateName": "t"}]}), (template("t", ENDLESS),), None),
        (NGINX, PAIR, f'{ROUTING}.nginx.stableIngress: Invalid value: "i": ingress.networking.k8s.io "i" not found'),
        (
            NGINX,
            (*PAIR, ingress("i", "x")),
            f'{ROUTING}.nginx.stableIngress: Invalid value: "i": ingress `i` has no rules using service s backend',
        ),
        (NGINX, (*PAIR, ingress("i", "s")), None),
        (
            canary(stableService="s", canaryService="c", trafficRouting={"nginx": {}}),
            PAIR,
            f"{ROUTING}.nginx: Internal error: Either StableIngress or StableIngresses must be configured. "
            "Neither are configured.",
        ),
        (
            canary(stableService="s", canaryService="c", trafficRouting={"istio": {"virtualService": {"name": "v"}}}),
            PAIR,
            f'{ROUTING}.istio.virtualService.name: Invalid value: "v": '
            'virtualservices.networking.istio.io "v" not found',
        ),
        (
            rollout({"canary": {}}, replicas=-1),
            (),
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        ),
    ],
)
def test_the_first_problem_is_told(obj: Object, others: tuple[Object, ...], expected: str | None) -> None:
    assert error(obj, *others) == expected


def test_a_service_of_another_rollout_is_refused() -> None:
    taken = service("s")
    taken["metadata"]["annotations"] = {"argo-rollouts.argoproj.io/managed-by-rollouts": "other"}
    assert error(canary(stableService="s"), taken) == (
        'spec.strategy.canary.stableService: Invalid value: "s": Service "s" is managed by another Rollout'
    )


def test_only_invalid_rollouts_are_looked_at_again() -> None:
    broken = stored({**canary(), "metadata": {"name": "broken"}, "status": {"conditions": [{"type": "InvalidSpec"}]}})
    elsewhere = stored({**broken, "metadata": {"name": "elsewhere"}}, "other")
    world = Objects([broken, elsewhere, stored(canary())])
    assert invalid_rollouts("Service", stored(service("s")), world) == [(NAMESPACE, "broken")]
    cluster = template("t", kind="ClusterAnalysisTemplate")
    assert invalid_rollouts("ClusterAnalysisTemplate", cluster, world) == [
        (NAMESPACE, "broken"),
        ("other", "elsewhere"),
    ]
    assert invalid_rollouts("Pod", stored({"metadata": {"name": "p"}}), world) == []


def test_an_invalid_rollout_heals_as_soon_as_what_it_lacked_is_there() -> None:
    sim = Simulation()
    sim.apply(analysed({"templateName": "t"}))
    sim.run(1)
    assert sim.phase("web") == (
        "Degraded",
        f'InvalidSpec: The Rollout "web" is invalid: {STEP}"t": AnalysisTemplate \'t\' not found',
    )
    sim.apply({"apiVersion": "argoproj.io/v1alpha1", **template("t")})
    sim.run(0.3)
    assert sim.phase("web")[0] == "Progressing"
    assert "InvalidSpec" not in sim.conditions("web")
