"""What POST, PUT, PATCH and DELETE do: bodies decoded and checked, field managers recorded, the store changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from kubectl_rollouts.sandbox.apistatus import ApiStatus, Cause, bad_request, conflict, invalid, method_not_allowed
from kubectl_rollouts.sandbox.disruption import budget_against
from kubectl_rollouts.sandbox.http import Request
from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object, meta, name_of, namespace_of
from kubectl_rollouts.sandbox.patches import json_patch, merge_patch, strategic_patch
from kubectl_rollouts.sandbox.schemas import type_of
from kubectl_rollouts.sandbox.selectors import selector_text
from kubectl_rollouts.sandbox.store import Store
from kubectl_rollouts.sandbox.validation import check

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

Written = tuple[int, Object, list[str]]
"""Status code, the object as stored, warnings."""


class Writer:
    """The writing half of the API. All methods raise ApiStatus."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def create(self, kind: Kind, namespace: str, request: Request) -> Written:
        """POST to a collection."""
        obj = _decoded(kind, request)
        given = meta(obj).get("namespace")
        if kind.namespaced and given not in (None, "", namespace):
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if meta(obj).get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        obj, warnings = check(kind, obj, _mode(request))
        obj = {**obj, "metadata": {**meta(obj), **({"namespace": namespace} if kind.namespaced else {})}}
        obj = self._record(kind, None, obj, request, "")
        return 201, self._store.create(obj, _dry_run(request.query)), warnings

    def update(self, kind: Kind, namespace: str, name: str, subresource: str, request: Request) -> Written:
        """PUT of an object or its status."""
        obj = _decoded(kind, request)
        _same_name(obj, name, namespace)
        obj, warnings = check(kind, obj, _mode(request))

        def edit(old: Object) -> Object:
            # Of an object that is not there a version is not asked for: that it is not there is said first.
            if kind.custom and not meta(obj).get("resourceVersion"):
                message = "Invalid value: 0x0: must be specified for an update"
                raise invalid(kind, name, [Cause("FieldValueInvalid", message, "metadata.resourceVersion")])
            return self._record(kind, old, _placed(obj, old), request, subresource)

        dry = _dry_run(request.query)
        return 200, self._store.change(kind.kind, namespace, name, edit, subresource, dry_run=dry), warnings

    def patch(self, kind: Kind, namespace: str, name: str, subresource: str, request: Request) -> Written:
        """PATCH in any of its four forms."""
        form = request.headers.get("content-type", "").partition(";")[0].strip()
        if form == APPLY_PATCH:
            return self._apply(kind, namespace, name, subresource, request)
        if form not in (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH) or (form == STRATEGIC_PATCH and kind.custom):
            known = [JSON_PATCH, MERGE_PATCH, *([] if kind.custom else [STRATEGIC_PATCH]), APPLY_PATCH]
            message = (
                f"the body of the request was in an unknown format - accepted media types include: {', '.join(known)}"
            )
            raise ApiStatus(415, "UnsupportedMediaType", message)
        body = _decode(request.body)
        if form == MERGE_PATCH and not isinstance(body, dict):
            raise bad_request("error decoding patch: json: cannot unmarshal into an object")
        warnings: list[str] = []

        def edit(old: Object) -> Object:
            patched: Any
            if form == JSON_PATCH:
                patched = json_patch(old, body)
            elif form == MERGE_PATCH:
                patched = merge_patch(old, body)
            else:
                patched = strategic_patch(old, body, type_of(kind))
            if patched is old:
                unchanged: Object = patched
                return unchanged
            if not isinstance(patched, dict) or not isinstance(patched.get("metadata"), dict):
                raise bad_request("the patch leaves no object")
            _same_name(patched, name, namespace)
            _same_kind(kind, patched)
            checked, found = check(kind, patched, _mode(request))
            warnings.extend(found)
            return self._record(kind, old, _placed(checked, old), request, subresource)

        dry = _dry_run(request.query)
        return 200, self._store.change(kind.kind, namespace, name, edit, subresource, dry_run=dry), warnings

    def _apply(self, kind: Kind, namespace: str, name: str, subresource: str, request: Request) -> Written:
        from kubectl_rollouts.sandbox.apply import applied

        manager = request.query.get("fieldManager", "")
        if not manager:
            raise bad_request(
                "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply patch"
            )
        given = _decode_yaml(request.body)
        if not isinstance(given, dict):
            raise bad_request("the body of an apply must be an object")
        for key in ("apiVersion", "kind"):
            if not given.get(key):
                raise bad_request(f"the body of an apply must have its {key}")
        _same_kind(kind, given)
        if meta(given).get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        _same_name(given, name, namespace)
        given = {**given, "metadata": {**meta(given), "name": name}}
        given, warnings = _checked_part(kind, given, _mode(request))
        force = request.query.get("force", "").lower() == "true"
        dry = _dry_run(request.query)

        def edit(old: Object) -> Object:
            merged = applied(kind, old, given, manager, force, subresource, self._now())
            found, _ = check(kind, merged, "Ignore")
            return found

        with self._store.lock:
            if self._store.get(kind.kind, namespace, name) is not None:
                return 200, self._store.change(kind.kind, namespace, name, edit, subresource, dry_run=dry), warnings
            if meta(given).get("resourceVersion") or meta(given).get("uid"):
                raise conflict(kind, name, "the object is gone")
            made = applied(kind, None, given, manager, force, subresource, self._now())
            made, _ = check(kind, made, "Ignore")
            if kind.namespaced:
                made = {**made, "metadata": {**made["metadata"], "namespace": namespace}}
            return 201, self._store.create(made, dry), warnings

    def _record(self, kind: Kind, old: Object | None, new: Object, request: Request, subresource: str) -> Object:
        from kubectl_rollouts.sandbox.apply import recorded

        agent = request.headers.get("user-agent", "").partition("/")[0]
        manager = request.query.get("fieldManager") or agent or "unknown"
        return recorded(kind, old, new, manager[:128], subresource, self._now())

    def delete(self, kind: Kind, namespace: str, name: str, request: Request) -> tuple[Object, bool]:
        """DELETE of one object: its last state, and whether it is gone."""
        options = _delete_options(request)
        wanted = options.get("preconditions") or {}
        return self._store.delete(
            kind.kind,
            namespace,
            name,
            options.get("gracePeriodSeconds"),
            options["propagationPolicy"],
            wanted.get("uid") or "",
            wanted.get("resourceVersion") or "",
            bool(options.get("dryRun")),
        )

    def delete_collection(
        self, kind: Kind, namespace: str | None, wanted: Callable[[Object], bool], request: Request
    ) -> Object:
        """DELETE of a collection: all objects that match."""
        deleted = []
        for obj in self._store.list(kind.kind, namespace):
            if wanted(obj):
                try:
                    deleted.append(self.delete(kind, namespace_of(obj), name_of(obj), request)[0])
                except ApiStatus as error:
                    if error.code != 404:
                        raise
        metadata = {"resourceVersion": str(self._store.version)}
        return {"kind": kind.list_kind, "apiVersion": kind.api_version, "metadata": metadata, "items": deleted}

    def scale(self, kind: Kind, namespace: str, name: str, request: Request) -> Object:
        """GET, PUT or PATCH of `/scale`."""
        if request.method == "GET":
            found = self._store.get(kind.kind, namespace, name)
            assert found is not None
            return scale_of(kind, found)
        if request.method not in ("PUT", "PATCH"):
            raise method_not_allowed()
        body = _decode(request.body)
        form = request.headers.get("content-type", "").partition(";")[0].strip()

        def edit(old: Object) -> Object:
            before = scale_of(kind, old)
            if request.method == "PUT":
                wanted: Any = body
            else:
                wanted = json_patch(before, body) if form == JSON_PATCH else merge_patch(before, body)
            if not isinstance(wanted, dict):
                raise bad_request("the object provided is unrecognized")
            replicas = (wanted.get("spec") or {}).get("replicas") or 0
            if not isinstance(replicas, int) or replicas < 0:
                cause = Cause(
                    "FieldValueInvalid",
                    f"Invalid value: {replicas}: must be greater than or equal to 0",
                    "spec.replicas",
                )
                raise invalid(kind, name, [cause])
            new = {**old, "spec": {**(old.get("spec") or {}), "replicas": replicas}}
            version = meta(wanted).get("resourceVersion")
            if version:
                new["metadata"] = {**new["metadata"], "resourceVersion": version}
            return self._record(kind, old, new, request, "")

        return scale_of(kind, self._store.change(kind.kind, namespace, name, edit, dry_run=_dry_run(request.query)))

    def evict(self, namespace: str, name: str, request: Request) -> Object:
        """POST to `/eviction` of a pod: deletes it, unless a disruption budget forbids that (429)."""
        pod = self._store.get("Pod", namespace, name)
        assert pod is not None
        budget = budget_against(pod, self._store)
        if budget is not None:
            raise ApiStatus(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                {"causes": [{"reason": "DisruptionBudget", "message": f"The budget {name_of(budget)} forbids it"}]},
            )
        options: Object = {}
        if request.body.startswith(b"{"):  # kubectl drain sends protobuf, without options that matter here
            options = _decode(request.body).get("deleteOptions") or {}
        self._store.delete("Pod", namespace, name, options.get("gracePeriodSeconds"))
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def scale_of(kind: Kind, obj: Object) -> Object:
    """The Scale of an object (spec/controller.md §0: a Rollout's status replicas are its HPAReplicas)."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if kind.kind == "Rollout":
        replicas, selector = status.get("HPAReplicas") or 0, status.get("selector") or ""
    else:
        replicas, selector = status.get("replicas") or 0, selector_text(spec.get("selector"))
    metadata = {
        key: obj["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    }
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": spec["replicas"]} if spec.get("replicas") else {},
        "status": {"replicas": replicas, **({"selector": selector} if selector else {})},
    }


def _placed(obj: Object, old: Object) -> Object:
    """The object with the name and namespace of the stored one."""
    before = old["metadata"]
    place = {key: before[key] for key in ("name", "namespace") if key in before}
    return {**obj, "metadata": {**meta(obj), **place}}


def _mode(request: Request) -> str:
    mode = request.query.get("fieldValidation") or "Warn"
    if mode not in ("Ignore", "Warn", "Strict"):
        message = f'fieldValidation: Unsupported value: "{mode}": supported values: "Ignore", "Warn", "Strict"'
        raise ApiStatus(422, "Invalid", message)
    return mode


def _dry_run(query: dict[str, str]) -> bool:
    value = query.get("dryRun", "")
    if value not in ("", "All"):
        raise ApiStatus(422, "Invalid", f'dryRun: Unsupported value: "{value}": supported values: "All"')
    return value == "All"


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise bad_request(f"error decoding the body: {error}") from None


def _decode_yaml(body: bytes) -> Any:
    """A body that is JSON or YAML; YAML is read only where it must be."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        from kubectl_rollouts.sandbox.loading import load_documents

        documents = load_documents(body)
        return documents[0] if len(documents) == 1 else None


def _decoded(kind: Kind, request: Request) -> Object:
    """The object in the body of a POST or PUT."""
    from kubectl_rollouts.sandbox.protobuf import decode as decode_protobuf
    from kubectl_rollouts.sandbox.protobuf import is_protobuf

    form = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if form in ("application/yaml", "application/x-yaml"):
        obj = _decode_yaml(request.body)
    elif is_protobuf(form) and not kind.custom:
        obj = decode_protobuf(request.body, type_of(kind))
    elif is_protobuf(form):
        known = "application/json, application/yaml"
        message = f"the body of the request was in an unknown format - accepted media types include: {known}"
        raise ApiStatus(415, "UnsupportedMediaType", message)
    else:
        obj = _decode(request.body)
    if not isinstance(obj, dict):
        raise bad_request("the object provided is unrecognized")
    _same_kind(kind, obj)
    if not isinstance(obj.get("metadata") or {}, dict):
        raise bad_request("the metadata of the object is no map")
    return {"apiVersion": kind.api_version, "kind": kind.kind, **{k: v for k, v in obj.items() if v is not None}}


def _same_kind(kind: Kind, obj: Object) -> None:
    given = (obj.get("apiVersion") or kind.api_version, obj.get("kind") or kind.kind)
    if given[1] != kind.kind or given[0] != kind.api_version:
        raise bad_request(
            f"the API version in the data ({given[0]}) or the kind ({given[1]}) does not match the expected "
            f"{kind.api_version}, Kind={kind.kind}"
        )


def _same_name(obj: Object, name: str, namespace: str) -> None:
    metadata = meta(obj)
    if (metadata.get("name") or name) != name:
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")
    if namespace and (metadata.get("namespace") or namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


def _checked_part(kind: Kind, given: Object, mode: str) -> tuple[Object, list[str]]:
    """The applied part of an object: unknown fields are complained of, what is missing may be there already."""
    from kubectl_rollouts.sandbox.validation import Walk

    walk = Walk(kind, defaults=False)
    found: Object = walk.value(given, type_of(kind), "", kind.kind)
    if walk.undecodable:
        raise bad_request(f"failed to create typed patch object: {walk.undecodable}")
    if walk.unknown and mode == "Strict":
        raise ApiStatus(
            500,
            "InternalError",
            "failed to create typed patch object "
            f"({namespace_of(given)}/{name_of(given)}; {kind.api_version}, Kind={kind.kind}): "
            + ", ".join(f".{path}: field not declared in schema" for path in walk.unknown),
        )
    wrong = [cause for cause in walk.causes if cause.reason != "FieldValueRequired"]
    if wrong:
        raise invalid(kind, name_of(given), wrong)
    return found, [f'unknown field "{path}"' for path in walk.unknown] if mode == "Warn" else []


def _delete_options(request: Request) -> Object:
    """DeleteOptions from the body or the query."""
    options: Object = _decode(request.body) if request.body else {}
    if not isinstance(options, dict):
        raise bad_request("the DeleteOptions are no object")
    query = request.query
    found = dict(options)
    if "gracePeriodSeconds" in query:
        text = query["gracePeriodSeconds"]
        if not text.isdecimal():
            raise bad_request(f'invalid value for gracePeriodSeconds: "{text}"')
        found["gracePeriodSeconds"] = int(text)
    grace = found.get("gracePeriodSeconds")
    if grace is not None and (not isinstance(grace, int) or grace < 0):
        raise bad_request("gracePeriodSeconds must be a number that is not negative")
    policy = query.get("propagationPolicy") or found.get("propagationPolicy")
    if policy is None:
        orphan = query.get("orphanDependents", str(found.get("orphanDependents", "false"))).lower() == "true"
        policy = "Orphan" if orphan else "Background"
    if policy not in ("Orphan", "Background", "Foreground"):
        raise ApiStatus(422, "Invalid", f'propagationPolicy: Unsupported value: "{policy}"')
    found["propagationPolicy"] = policy
    found["dryRun"] = _dry_run(query) or bool(found.get("dryRun"))
    return found
