"""Endpoints and EndpointSlices: the addresses of the pods that a Service selects, in the old form and the new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from kubectl_rollouts.sandbox.controllers.pods import is_ready
from kubectl_rollouts.sandbox.objects import (
    Object,
    deleting,
    labels_of,
    name_of,
    namespace_of,
    owner_reference,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Change, Clock, Create, Delete, Key, Outcome, Patch, World
from kubectl_rollouts.sandbox.writes import SUFFIX_LETTERS


class EndpointsController:
    """Keeps one Endpoints object and one EndpointSlice for every Service with a selector."""

    kind = "Endpoints"

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The Service itself, or those that select the pod."""
        if kind == "Service":
            return ((namespace_of(obj), name_of(obj)),)
        if kind != "Pod" or "podIP" not in (obj.get("status") or {}):
            return ()
        own = labels_of(obj).items()
        services = world.list("Service", namespace_of(obj))
        return [(namespace_of(s), name_of(s)) for s in services if _selector(s) and _selector(s).items() <= own]

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """The addresses as they should be; nothing is written when they are."""
        service, known = world.get("Service", namespace, name), world.get("Endpoints", namespace, name)
        if service is None or deleting(service):
            return Outcome([Delete("Endpoints", namespace, name)] if known is not None else [])
        if not _selector(service):
            return Outcome()
        subsets = _subsets(service, world)
        return Outcome([*_endpoints(service, known, subsets), *_slice(service, subsets, world)])


def _endpoints(service: Object, known: Object | None, subsets: list[Object]) -> list[Change]:
    namespace, name = namespace_of(service), name_of(service)
    if known is None:
        metadata: Object = {"name": name, "namespace": namespace}
        if labels_of(service):
            metadata["labels"] = dict(labels_of(service))
        made = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}
        return [Create({**made, "subsets": subsets} if subsets else made)]
    if (known.get("subsets") or []) == subsets:
        return []
    return [Patch("Endpoints", namespace, name, {"subsets": subsets or None})]


def _slice(service: Object, subsets: list[Object], world: World) -> list[Change]:
    """The one EndpointSlice of a Service, which `kubectl describe` reads; it goes with its Service."""
    ports = [_port(port) for port in (service.get("spec") or {}).get("ports") or ()]
    body: Object = {
        "addressType": "IPv4",
        "endpoints": [_endpoint(address, key == "addresses") for part in subsets for key, address in _addresses(part)],
        "ports": [{"name": "", **port} for port in ports],
    }
    known = next(iter(world.owned("EndpointSlice", uid_of(service))), None)
    if known is not None:
        changed = {key: value for key, value in body.items() if known.get(key) != value}
        return [Patch("EndpointSlice", namespace_of(known), name_of(known), changed)] if changed else []
    digest = hashlib.blake2b(uid_of(service).encode(), digest_size=5).digest()
    metadata: Object = {
        "name": f"{name_of(service)}-{''.join(SUFFIX_LETTERS[byte % len(SUFFIX_LETTERS)] for byte in digest)}",
        "generateName": f"{name_of(service)}-",
        "namespace": namespace_of(service),
        "labels": {
            **labels_of(service),
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            "kubernetes.io/service-name": name_of(service),
        },
        "ownerReferences": [owner_reference(service)],
    }
    return [Create({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, **body})]


def _addresses(subset: Object) -> Iterable[tuple[str, Object]]:
    for key in ("addresses", "notReadyAddresses"):
        for address in subset.get(key) or ():
            yield key, address


def _endpoint(address: Object, ready: bool) -> Object:
    made: Object = {
        "addresses": [address["ip"]],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "targetRef": address["targetRef"],
    }
    if "nodeName" in address:
        made["nodeName"] = address["nodeName"]
    return made


def _selector(service: Object) -> dict[str, str]:
    selector: dict[str, str] = (service.get("spec") or {}).get("selector") or {}
    return selector


def _subsets(service: Object, world: World) -> list[Object]:
    wanted = _selector(service).items()
    ready: list[Object] = []
    waiting: list[Object] = []
    for pod in world.list("Pod", namespace_of(service)):
        address = (pod.get("status") or {}).get("podIP")
        if address and not deleting(pod) and wanted <= labels_of(pod).items():
            target = {"kind": "Pod", "namespace": namespace_of(pod), "name": name_of(pod), "uid": uid_of(pod)}
            node = (pod.get("spec") or {}).get("nodeName")
            entry: Object = {"ip": address, "targetRef": target, **({"nodeName": node} if node else {})}
            (ready if is_ready(pod) else waiting).append(entry)
    if not ready and not waiting:
        return []
    subset: Object = {}
    for key, addresses in (("addresses", ready), ("notReadyAddresses", waiting)):
        if addresses:
            subset[key] = sorted(addresses, key=lambda item: str(item["ip"]))
    ports = [_port(port) for port in (service.get("spec") or {}).get("ports") or ()]
    if ports:
        subset["ports"] = ports
    return [subset]


def _port(port: dict[str, Any]) -> Object:
    target = port.get("targetPort")
    made: Object = {"port": target if isinstance(target, int) else port.get("port")}
    if port.get("name"):
        made["name"] = port["name"]
    return {**made, "protocol": port.get("protocol") or "TCP"}
