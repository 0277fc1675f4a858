"""OpenAPI documents of the served kinds, made from their shapes: version 3 a group, version 2 as a whole."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.discovery import VERSION, group_versions
from kubectl_rollouts.sandbox.http import Request, Response
from kubectl_rollouts.sandbox.kinds import KINDS, Kind
from kubectl_rollouts.sandbox.schemas import MERGE_KEYS, SET_LISTS, list_keys, type_of, types
from kubectl_rollouts.sandbox.schemas.custom import CUSTOM, DEFAULTS, DERIVED, DESCRIPTIONS, ENUMS

Schema = dict[str, Any]

_ATOMIC_MAP = {"x-kubernetes-map-type": "atomic"}
_PLAIN: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer", "format": "int64"},
    "num": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "format": "byte"},
    "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}
_PLAIN_3: dict[str, Schema] = {
    **_PLAIN,
    "intstr": {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "any": {"x-kubernetes-preserve-unknown-fields": True},
}
_PLAIN_2: dict[str, Schema] = {
    **_PLAIN,
    "intstr": {"type": "string", "format": "int-or-string"},
    "quantity": {"type": "string"},
}
# kubectl reads version 2 in this form only, and only for a `kind: List`: a document without definitions has it leave
# the check of the items to the server (Document: 1 swagger, 2 info with 1 title and 2 version, 8 paths, 9 definitions).
_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_PROTOBUF_DOCUMENT = b"\x0a\x032.0\x12\x0d\x0a\x07sandbox\x12\x02v0\x42\x00\x4a\x00"
_METHODS = {"get": "get", "post": "post", "put": "put", "patch": "patch", "delete": "delete"}
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")


def document(rest: list[str], request: Request) -> Response:
    """Answer `/openapi/…`; raises ApiStatus 404 or 406."""
    if rest == ["v3"]:
        return Response(200, _index())
    if rest[:1] == ["v3"]:
        found = _group_document("/".join(rest[1:]))
        if found is not None:
            return Response(200, found)
    if rest == ["v2"]:
        accept = request.headers.get("accept", "")
        if _PROTOBUF in accept:
            return Response(200, _PROTOBUF_DOCUMENT, _PROTOBUF.replace("@", "."))
        if accept and "json" not in accept and "*/*" not in accept:
            raise ApiStatus(406, "NotAcceptable", "only the following media types are accepted: application/json")
        return Response(200, _whole_document())
    raise ApiStatus(404, "NotFound", "the server could not find the requested resource")


def _group_path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


@cache
def _index() -> bytes:
    paths = {}
    for group, version in group_versions():
        path = _group_path(group, version)
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash=SANDBOX"}
    return msgspec.json.encode({"paths": paths})


@cache
def _group_document(path: str) -> bytes | None:
    for group, version in group_versions():
        if _group_path(group, version) == path:
            break
    else:
        return None
    schemas: dict[str, Schema] = {}
    paths: dict[str, Any] = {}
    for kind in KINDS:
        if (kind.group, kind.version) == (group, version):
            _collect(kind, schemas, "#/components/schemas/", _PLAIN_3)
            _add_paths(kind, paths, True)
    return msgspec.json.encode(
        {"openapi": "3.0.0", "info": _info(), "paths": paths, "components": {"schemas": schemas}}
    )


@cache
def _whole_document() -> bytes:
    definitions: dict[str, Schema] = {}
    paths: dict[str, Any] = {}
    for kind in KINDS:
        _collect(kind, definitions, "#/definitions/", _PLAIN_2)
        _add_paths(kind, paths, False)
    return msgspec.json.encode({"swagger": "2.0", "info": _info(), "paths": paths, "definitions": definitions})


def _info() -> Schema:
    return {"title": "Kubernetes", "version": VERSION["gitVersion"]}


def schema_name(type_name: str, custom: bool) -> str:
    """The name of a type in the documents; the part after the last dot is what `kubectl explain` shows."""
    if type_name in CUSTOM or type_name in DERIVED:
        return f"io.argoproj.v1alpha1.{type_name}"
    for prefix in ("CoreV1", "V1", "V2"):
        if type_name.startswith(prefix):
            base = f"io.k8s.api.{prefix.lower()}.{type_name[len(prefix) :]}"
            return base + ".embedded" if custom and type_name != "V1ObjectMeta" else base
    return type_name


def _collect(kind: Kind, schemas: dict[str, Schema], prefix: str, plain: dict[str, Schema]) -> None:
    """Add the schemas of a kind and of all that it is made of."""
    root = type_of(kind)
    wanted, seen = [root], set[str]()
    known = types()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        shown = schema_name(name, kind.custom)
        if shown not in schemas or name == root:
            schemas[shown] = _object_schema(name, kind, prefix, plain)
        for field in known[name].values():
            inner = field.shape
            while inner[:2] in ("[]", "{}"):
                inner = inner[2:]
            if inner in known:
                wanted.append(inner)
    names = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    schemas[schema_name(root, kind.custom)]["x-kubernetes-group-version-kind"] = [names]
    if kind.kind in DESCRIPTIONS:
        schemas[schema_name(root, kind.custom)]["description"] = DESCRIPTIONS[kind.kind]


def _object_schema(name: str, kind: Kind, prefix: str, plain: dict[str, Schema]) -> Schema:
    fields = types()[name]
    properties = {}
    for key, field in fields.items():
        schema = _schema(field.shape, kind, prefix, plain, (name, key))
        text = DESCRIPTIONS.get(f"{name}.{key}")
        if text:
            schema = {"allOf": [schema], "description": text} if "$ref" in schema else {**schema, "description": text}
        if kind.custom and (name, key) in DEFAULTS:
            schema = {**schema, "default": DEFAULTS[(name, key)]}
        if (name, key) in ENUMS:
            schema = {**schema, "enum": list(ENUMS[(name, key)])}
        properties[key] = schema
    found: Schema = {"type": "object", "properties": properties}
    required = [key for key, field in fields.items() if field.required]
    if required:
        found["required"] = required
    return found


def _schema(shape: str, kind: Kind, prefix: str, plain: dict[str, Schema], owner: tuple[str, str]) -> Schema:
    if shape.startswith("[]"):
        inner = shape[2:]
        found: Schema = {"type": "array", "items": _schema(inner, kind, prefix, plain, owner)}
        keys = list_keys(inner, kind.custom)
        if keys:
            found.update(_list_map(inner))
        elif owner in SET_LISTS:
            found.update({"x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge"})
        else:
            found["x-kubernetes-list-type"] = "atomic"
        return found
    if shape.startswith("{}"):
        return {"type": "object", "additionalProperties": _schema(shape[2:], kind, prefix, plain, owner)}
    if shape in plain:
        return dict(plain[shape])
    return {"$ref": prefix + schema_name(shape, kind.custom)}


def _list_map(item: str) -> Schema:
    keys = MERGE_KEYS[item]
    return {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": list(keys),
        "x-kubernetes-patch-merge-key": keys[0],
        "x-kubernetes-patch-strategy": "merge,retainKeys" if item == "V1Volume" else "merge",
    }


def _add_paths(kind: Kind, paths: dict[str, Any], third: bool) -> None:
    base = f"/{_group_path(kind.group, kind.version)}"
    place = f"{base}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{base}/{kind.plural}"
    paths[place] = {verb: _operation(kind, verb, action, third) for verb, action in (("get", "list"), ("post", "post"))}
    paths[place + "/{name}"] = {verb: _operation(kind, verb, verb, third) for verb in ("get", "put", "patch", "delete")}
    if kind.namespaced:
        paths[f"{base}/{kind.plural}"] = {"get": _operation(kind, "get", "list", third)}


def _operation(kind: Kind, verb: str, action: str, third: bool) -> Schema:
    names = ("dryRun", "fieldManager", "fieldValidation") if verb in ("post", "put", "patch") else ()
    parameters: list[Schema] = []
    for name in names:
        parameter: Schema = {"name": name, "in": "query", "description": "", "uniqueItems": True}
        if third:
            del parameter["uniqueItems"]
            parameter["schema"] = {"type": "string", "uniqueItems": True}
        else:
            parameter["type"] = "string"
        parameters.append(parameter)
    schema = {
        "$ref": ("#/components/schemas/" if third else "#/definitions/") + schema_name(type_of(kind), kind.custom)
    }
    answer: Schema = {"description": "OK"}
    answer.update({"content": {"application/json": {"schema": schema}}} if third else {"schema": schema})
    return {
        "operationId": f"{action}{kind.group.title().replace('.', '')}{kind.version.title()}{kind.kind}",
        "parameters": parameters,
        "responses": {"200": answer},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    }
