"""Discovery: which groups, versions and resources the sandbox serves, in the old form and the aggregated one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from kubectl_rollouts.sandbox.kinds import ALL_VERBS, KINDS, Kind

VERSION = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.4+sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "python",
}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
AGGREGATED_BETA = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"


class Review(NamedTuple):
    """A resource that only answers to POST."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = False


REVIEWS = (
    Review("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview"),
    Review("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    Review("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    Review("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview"),
    Review("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", True),
)


def subresources(kind: Kind) -> list[tuple[str, tuple[str, str, str], tuple[str, ...]]]:
    """The subresources of a kind: name, (group, version, kind) of the answer, verbs."""
    own = (kind.group, kind.version, kind.kind)
    found: list[tuple[str, tuple[str, str, str], tuple[str, ...]]] = []
    if kind.scale:
        group = "autoscaling"
        found.append(("scale", (group, "v1", "Scale"), ("get", "patch", "update")))
    if kind.status:
        found.append(("status", own, ("get", "patch", "update")))
    if kind.kind == "Pod":
        found.append(("eviction", ("policy", "v1", "Eviction"), ("create",)))
        found.append(("log", own, ("get",)))
    if kind.kind == "Namespace":
        found.append(("finalize", own, ("update",)))
    return found


def group_versions() -> list[tuple[str, str]]:
    """All (group, version), the core group first, in the order of the kinds."""
    found = [("", "v1"), *((kind.group, kind.version) for kind in KINDS)]
    found += [(review.group, review.version) for review in REVIEWS]
    return list(dict.fromkeys(found))


def api_versions() -> dict[str, Any]:
    """`/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def _group(name: str, version: str) -> dict[str, Any]:
    entry = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [entry], "preferredVersion": entry}


def api_group(name: str) -> dict[str, Any] | None:
    """`/apis/GROUP`, None when there is no such group."""
    for group, version in group_versions():
        if group and group == name:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, version)}
    return None


def api_groups() -> dict[str, Any]:
    """`/apis`."""
    groups = [_group(group, version) for group, version in group_versions() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_resources(group: str, version: str) -> dict[str, Any] | None:
    """`/api/v1` or `/apis/GROUP/VERSION`, None when it is not served."""
    if (group, version) not in group_versions():
        return None
    resources: list[dict[str, Any]] = []
    for kind in KINDS:
        if (kind.group, kind.version) != (group, version):
            continue
        entry: dict[str, Any] = {
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": list(ALL_VERBS),
        }
        if kind.short:
            entry["shortNames"] = list(kind.short)
        if kind.categories:
            entry["categories"] = list(kind.categories)
        resources.append(entry)
        for name, (other_group, other_version, other_kind), verbs in subresources(kind):
            sub: dict[str, Any] = {"name": f"{kind.plural}/{name}", "singularName": ""}
            if (other_group, other_version) != (group, version):
                sub.update(group=other_group, version=other_version)
            resources.append({**sub, "namespaced": kind.namespaced, "kind": other_kind, "verbs": list(verbs)})
    resources += [
        {
            "name": review.plural,
            "singularName": review.kind.lower(),
            "namespaced": review.namespaced,
            "kind": review.kind,
            "verbs": ["create"],
        }
        for review in _reviews(group, version)
    ]
    name = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources}


def _reviews(group: str, version: str) -> Iterable[Review]:
    return (review for review in REVIEWS if (review.group, review.version) == (group, version))


def aggregated(core: bool, api_version: str) -> dict[str, Any]:
    """The aggregated form of `/api` (core) or `/apis`: all groups with all their resources in one answer."""
    items = []
    for group, version in group_versions():
        if (group == "") != core:
            continue
        resources = [_aggregated(kind) for kind in KINDS if (kind.group, kind.version) == (group, version)]
        for review in _reviews(group, version):
            own = (review.group, review.version, review.kind)
            resources.append(
                {
                    "resource": review.plural,
                    "responseKind": _kind(own),
                    "scope": "Namespaced" if review.namespaced else "Cluster",
                    "singularResource": review.kind.lower(),
                    "verbs": ["create"],
                }
            )
        entry = {"version": version, "resources": resources, "freshness": "Current"}
        items.append({"metadata": {"name": group, "creationTimestamp": None}, "versions": [entry]})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": api_version, "metadata": {}, "items": items}


def _kind(names: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(("group", "version", "kind"), names, strict=True))


def _aggregated(kind: Kind) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": _kind((kind.group, kind.version, kind.kind)),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(ALL_VERBS),
    }
    if kind.short:
        entry["shortNames"] = list(kind.short)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    found = subresources(kind)
    if found:
        entry["subresources"] = [
            {"subresource": name, "responseKind": _kind(names), "verbs": list(verbs)} for name, names, verbs in found
        ]
    return entry
