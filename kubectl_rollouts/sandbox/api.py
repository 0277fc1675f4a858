"""The API of the sandbox: which path means what, and which verb does what. Everything that HTTP clients see."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from kubectl_rollouts.sandbox import discovery
from kubectl_rollouts.sandbox.apistatus import ApiStatus, bad_request, method_not_allowed, not_found
from kubectl_rollouts.sandbox.http import Request, Response, json_response
from kubectl_rollouts.sandbox.kinds import BY_PATH, Kind
from kubectl_rollouts.sandbox.listing import Encode, Filter, Pages, encode_plain, is_true, watch
from kubectl_rollouts.sandbox.objects import Object, meta, uid_of
from kubectl_rollouts.sandbox.store import Store
from kubectl_rollouts.sandbox.writing import Writer

_OF_CONTAINERS = ("exec", "attach", "portforward", "proxy", "ephemeralcontainers")
"""Subresources of pods that need a container that runs."""


class Target(NamedTuple):
    """What a path names: a kind, a namespace (None: all of them), an object, a subresource."""

    kind: Kind
    namespace: str | None
    name: str = ""
    subresource: str = ""


class Api:
    """Answers requests from a store. May be called from any thread."""

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._pages = Pages(store)
        self._writer = Writer(store, now)
        self._now = now
        self.control: Callable[[Request], Response] | None = None
        """Answers `/sandbox/…`, where the sandbox has a user."""

    def __call__(self, request: Request) -> Response:
        """The answer to a request; never raises."""
        try:
            return self._answer(request)
        except ApiStatus as error:
            return json_response(error.body(), error.code)
        except RecursionError:  # while decoding, or in what walks through an object afterwards
            status = bad_request("the object provided is nested too deeply")
            return json_response(status.body(), status.code)
        except UnicodeDecodeError as error:
            status = bad_request(f"the object provided is no Unicode text: {error.reason}")
            return json_response(status.body(), status.code)
        except Exception as error:
            status = ApiStatus(500, "InternalError", f"Internal error occurred: {type(error).__name__}: {error}")
            return json_response(status.body(), 500)

    def _answer(self, request: Request) -> Response:
        segments = [unquote(part) for part in request.path.split("/") if part]
        if segments[:1] == ["api"] and len(segments) > 2:
            return self._resource("", segments[1], segments[2:], request)
        if segments[:1] == ["apis"] and len(segments) > 3:
            return self._resource(segments[1], segments[2], segments[3:], request)
        if segments[:1] == ["sandbox"] and self.control is not None:
            return self.control(request)
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        return self._document(segments, request)

    def _document(self, segments: list[str], request: Request) -> Response:
        found: Any = None
        first, rest = segments[:1], segments[1:]
        if first in (["api"], ["apis"]) and not rest:
            for wanted, version in ((discovery.AGGREGATED, "v2"), (discovery.AGGREGATED_BETA, "v2beta1")):
                if request.accepts(wanted):
                    answer = discovery.aggregated(first == ["api"], f"apidiscovery.k8s.io/{version}")
                    return json_response(answer, content_type=wanted, headers=[("Vary", "Accept")])
            found = discovery.api_versions() if first == ["api"] else discovery.api_groups()
        elif first == ["api"]:
            found = discovery.api_resources("", rest[0])
        elif first == ["apis"]:
            found = discovery.api_group(rest[0]) if len(rest) == 1 else discovery.api_resources(rest[0], rest[1])
        elif first == ["version"]:
            found = discovery.VERSION
        elif first and first[0] in ("healthz", "livez", "readyz"):
            return Response(200, b"ok", "text/plain; charset=utf-8")
        elif first == ["openapi"]:
            from kubectl_rollouts.sandbox.openapi import document

            return document(rest, request)
        elif not first:
            found = {"paths": ["/api", "/apis", "/healthz", "/openapi/v2", "/openapi/v3", "/version"]}
        if found is None:
            raise _no_such_path()
        return json_response(found)

    def _resource(self, group: str, version: str, rest: list[str], request: Request) -> Response:
        namespace: str | None = None
        if rest[0] == "namespaces" and len(rest) > 2 and not (group == "" and rest[2] in ("status", "finalize")):
            namespace, rest = rest[1], rest[2:]
        for review in discovery.REVIEWS:
            if (review.group, review.version, review.plural) == (group, version, rest[0]) and len(rest) == 1:
                from kubectl_rollouts.sandbox.reviews import answer_review

                if request.method != "POST":
                    raise method_not_allowed()
                # kubectl asks in protobuf; what it asks for does not matter, as everything is allowed
                coded = request.headers.get("content-type", "").endswith("protobuf")
                return answer_review(review, {} if coded else _json(request))
        kind = BY_PATH.get((group, version, rest[0]))
        if kind is None or len(rest) > 3 or (namespace is not None and not kind.namespaced):
            raise _no_such_path()
        target = Target(kind, namespace, *rest[1:])
        if not kind.namespaced:
            target = target._replace(namespace="")
        if target.subresource:
            return self._subresource(target, request)
        if not target.name:
            return self._collection(target, request)
        if target.namespace is None:
            raise _no_such_path()
        return self._object(target, request)

    # Collections

    def _collection(self, target: Target, request: Request) -> Response:
        if request.method == "POST":
            if target.namespace is None:
                raise method_not_allowed()
            return self._shown(target.kind, *self._writer.create(target.kind, target.namespace, request), request)
        wanted = Filter(target.kind, target.namespace, request.query)
        if request.method == "DELETE":
            return json_response(self._writer.delete_collection(target.kind, target.namespace, wanted, request))
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        if is_true(request.query, "watch"):
            return self._watch(target, wanted, request)
        items, metadata = self._pages.page(target.kind, wanted, request.query)
        as_table = _table_type(request)
        if as_table:
            from kubectl_rollouts.sandbox.tables import table

            include = request.query.get("includeObject", "Metadata")
            answer = table(target.kind, items, metadata, self._now(), include)
            return json_response(answer, content_type=as_table)
        kind = target.kind
        if not kind.custom:  # typed lists do not repeat the kind
            items = [{key: obj[key] for key in obj if key not in ("apiVersion", "kind")} for obj in items]
        answer = {"kind": kind.list_kind, "apiVersion": kind.api_version, "metadata": metadata, "items": items}
        return json_response(_as_partial(answer, request))

    def _watch(self, target: Target, wanted: Filter, request: Request) -> Response:
        encode: Encode = encode_plain
        content_type = _table_type(request)
        if content_type:
            encode = self._table_encoder(target.kind, request.query.get("includeObject", "Metadata"))
        response = watch(self._store, target.kind, wanted, request.query, encode)
        return response._replace(content_type=content_type or "application/json")

    def _table_encoder(self, kind: Kind, include: str) -> Callable[[str, Object], bytes]:
        """Events whose objects are tables of one row; only the first one names the columns."""
        from kubectl_rollouts.sandbox.tables import table

        named = False

        def encode(event: str, obj: Object) -> bytes:
            nonlocal named
            version = {"resourceVersion": meta(obj)["resourceVersion"]}
            answer = table(kind, [] if event == "BOOKMARK" else [obj], version, self._now(), include)
            if named:
                answer["columnDefinitions"] = None
            named = True
            return msgspec.json.encode({"type": event, "object": answer}) + b"\n"

        return encode

    # Objects

    def _object(self, target: Target, request: Request) -> Response:
        kind, namespace, name = target.kind, target.namespace or "", target.name
        if request.method in ("GET", "HEAD"):
            if is_true(request.query, "watch"):
                return self._watch(target, Filter(kind, namespace, request.query, name), request)
            found = self._store.get(kind.kind, namespace, name)
            if found is None:
                raise not_found(kind, name)
            return self._shown(kind, 200, found, [], request)
        if request.method == "PUT":
            return self._shown(kind, *self._writer.update(kind, namespace, name, "", request), request)
        if request.method == "PATCH":
            return self._shown(kind, *self._writer.patch(kind, namespace, name, "", request), request)
        if request.method == "DELETE":
            last, gone = self._writer.delete(kind, namespace, name, request)
            if gone and kind.kind not in ("Pod", "Service", "PersistentVolumeClaim"):
                details = {"name": name, "kind": kind.plural, "uid": uid_of(last)}
                if kind.group:
                    details["group"] = kind.group
                status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
                return json_response({**status, "details": details})
            return json_response(last)
        raise method_not_allowed()

    def _shown(self, kind: Kind, code: int, obj: Object, warnings: list[str], request: Request) -> Response:
        """An object in the form that the request asks for."""
        headers = [("Warning", f"299 - {msgspec.json.encode(text).decode()}") for text in warnings]
        as_table = _table_type(request)
        if as_table:
            from kubectl_rollouts.sandbox.tables import table

            include = request.query.get("includeObject", "Metadata")
            version = {"resourceVersion": meta(obj)["resourceVersion"]}
            return json_response(
                table(kind, [obj], version, self._now(), include), code, headers, content_type=as_table
            )
        return json_response(_as_partial(obj, request), code, headers)

    # Subresources

    def _subresource(self, target: Target, request: Request) -> Response:
        kind, name, sub = target.kind, target.name, target.subresource
        if kind.kind == "Pod" and sub in _OF_CONTAINERS:
            raise bad_request(f"pod {name} is made up: the sandbox runs no containers, so there is nothing to reach")
        if target.namespace is None or sub not in {entry[0] for entry in discovery.subresources(kind)}:
            raise _no_such_path()
        namespace = target.namespace
        found = self._store.get(kind.kind, namespace, name)
        if found is None:
            raise not_found(kind, name)
        if sub == "scale":
            return json_response(self._writer.scale(kind, namespace, name, request))
        if sub == "log" and request.method == "GET":
            from kubectl_rollouts.sandbox.podlogs import log_text

            return Response(200, log_text(found, request.query).encode(), "text/plain")
        if sub == "eviction" and request.method == "POST":
            return json_response(self._writer.evict(namespace, name, request), 201)
        if sub not in ("status", "finalize"):
            raise method_not_allowed()
        if request.method == "GET":
            return self._shown(kind, 200, found, [], request)
        if request.method == "PUT":
            return self._shown(kind, *self._writer.update(kind, namespace, name, sub, request), request)
        if request.method == "PATCH":
            return self._shown(kind, *self._writer.patch(kind, namespace, name, sub, request), request)
        raise method_not_allowed()


def _no_such_path() -> ApiStatus:
    return ApiStatus(404, "NotFound", "the server could not find the requested resource", {})


def _json(request: Request) -> Object:
    try:
        found = msgspec.json.decode(request.body)
    except msgspec.DecodeError as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from None
    if not isinstance(found, dict):
        raise bad_request("the object provided is unrecognized")
    return found


def _table_type(request: Request) -> str:
    """The content type of a table answer, "" when the request does not want a table first."""
    first = request.headers.get("accept", "").partition(",")[0]
    words = {word.strip() for word in first.split(";")}
    if "as=Table" not in words:
        return ""
    return "application/json;as=Table;v=v1;g=meta.k8s.io"


def _as_partial(answer: Object, request: Request) -> Object:
    """Only the metadata, for those who ask for no more (`as=PartialObjectMetadata[List]`)."""
    if "as=PartialObjectMetadata" not in request.headers.get("accept", "").partition(",")[0]:
        return answer
    base = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    if "items" in answer:
        items = [{**base, "metadata": obj["metadata"]} for obj in answer["items"]]
        return {**base, "kind": "PartialObjectMetadataList", "metadata": answer["metadata"], "items": items}
    return {**base, "metadata": answer["metadata"]}
