"""Service selectors: which version a Service leads to (controller.md §4.4)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.names import HASH, MANAGED_BY
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.numbers import traffic_routing_of
from kubectl_rollouts.sandbox.controllers.rollout.sizes import available, hash_of, spec_replicas
from kubectl_rollouts.sandbox.objects import Object, annotations_of


def switch(release: Release, name: str | None, value: str) -> None:
    """Let a Service select the pods of one hash."""
    service = release.service(name)
    if service is None or name is None or not value:
        return
    before = release.service_hash(name)
    body: Object = {}
    if before != value:
        body["spec"] = {"selector": {HASH: value}}
        service["spec"]["selector"] = {**(service["spec"].get("selector") or {}), HASH: value}
    if MANAGED_BY not in annotations_of(service):
        body["metadata"] = {"annotations": {MANAGED_BY: release.name}}
    if not body:
        return
    release.patch("Service", name, body)
    if before != value:
        text = f"Switched selector for service '{name}' from '{before}' to '{value}'"
        release.say("SwitchService", text)


def lead_to(release: Release, name: str | None, target: Object | None, *, when_available: bool = True) -> None:
    """Point a Service at a ReplicaSet once that has pods: all of them when the Service is only now taken over."""
    service = release.service(name)
    if service is None or target is None or release.service_hash(name) == hash_of(target):
        return
    there, wanted = available(target), spec_replicas(target)
    if when_available:
        adopting = MANAGED_BY not in annotations_of(service)
        if there < 1 or (adopting and (wanted < 1 or there < wanted)):
            return
    switch(release, name, hash_of(target))


def reconcile_canary_services(release: Release) -> None:
    """Step C5: stable and canary Service, or the two that swap these roles (ping-pong)."""
    canary = release.canary or {}
    stable_name, canary_name = role_services(release)
    lead_to(release, stable_name, release.stable_rs)
    if release.aborted:
        if traffic_routing_of(release.rollout) is None:
            lead_to(release, canary_name, release.stable_rs)
        return  # with traffic routing the router's step decides (§4.3, row 3)
    if back_to_stable_hash(release) or (canary.get("pingPong") and release.promoted):
        return
    lead_to(release, canary_name, release.new_rs)


def role_services(release: Release) -> tuple[str | None, str | None]:
    """The names of the Services that are stable and canary now."""
    canary = release.canary or {}
    ping_pong = canary.get("pingPong")
    if not ping_pong:
        return canary.get("stableService"), canary.get("canaryService")
    ping, pong = ping_pong.get("pingService"), ping_pong.get("pongService")
    stable_is_ping = (release.status.get("canary") or {}).get("stablePingPong") == "ping"
    return (ping, pong) if stable_is_ping else (pong, ping)


def back_to_stable_hash(release: Release) -> str:
    """With dynamicStableScale and an update taken back: the hash that still has canary traffic, else "".

    Row 1 of controller.md §4.3.
    """
    if not (release.canary or {}).get("dynamicStableScale") or release.new_rs is None or not release.promoted:
        return ""
    weights = (release.status.get("canary") or {}).get("weights") or {}
    recorded = str((weights.get("canary") or {}).get("podTemplateHash") or "")
    if not recorded or recorded == hash_of(release.stable_rs):
        return ""
    return recorded if available(release.stable_rs) < release.replicas else ""


def released(service: Object) -> Object:
    """The merge patch after which a Service belongs to no rollout and selects by its own labels."""
    body: Object = {"metadata": {"annotations": {MANAGED_BY: None}}}
    if HASH in ((service.get("spec") or {}).get("selector") or {}):
        body["spec"] = {"selector": {HASH: None}}
    return body
