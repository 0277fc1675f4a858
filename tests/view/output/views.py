"""Documents of objects as the cluster gives them, made by way of the parts that the commands use."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from kubectl_rollouts.release.details import DETAILED_TYPES, DetailedHeld
from kubectl_rollouts.release.plan import SECONDARY
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.view.output.documents import schema_text
from tests.support.objects import typed

Json = dict[str, Any]


def details(cluster: list[Json], kind: str, name: str, namespace: str) -> Any:
    """The details of one rollout or experiment of a cluster."""
    root = {"Rollout": ROLLOUTS, "Experiment": EXPERIMENTS}[kind]
    held = DetailedHeld(root, name)
    for resource in (root, *SECONDARY):
        for obj in cluster:
            if obj["kind"] == resource.kind and obj["metadata"].get("namespace") == namespace:
                held.add(resource, typed(DETAILED_TYPES[resource], obj))
    return held.info()


def strict(schema: Any) -> Any:
    """The schema, but what it does not name must not be there: what is printed is documented."""
    if isinstance(schema, dict):
        schema = {key: strict(value) for key, value in schema.items()}
        if "properties" in schema and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        return schema
    return [strict(item) for item in schema] if isinstance(schema, list) else schema


SCHEMA = json.loads(schema_text())


def validator(kind: str) -> jsonschema.Draft202012Validator:
    """What checks a document of a kind."""
    schema = {"$defs": strict(SCHEMA["$defs"]), "$ref": f"#/$defs/{kind}"}
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


VALIDATORS = {kind: validator(kind) for kind in SCHEMA["$defs"]}


def check(document: Json) -> Json:
    """Return a document that is as the schema says; fail otherwise."""
    VALIDATORS[document.get("kind", "Event")].validate(document)
    jsonschema.Draft202012Validator({key: SCHEMA[key] for key in ("anyOf", "$defs")}).validate(document)
    return document
