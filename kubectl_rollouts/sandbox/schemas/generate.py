"""Writes builtin.json, the shapes of Kubernetes' own kinds, from the models of the `kubernetes` package.

Run `python -m kubectl_rollouts.sandbox.schemas.generate` after adding a kind. Importing those models takes seconds,
so a sandbox reads the file instead. The notation is that of `schemas/custom.py`.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

OPAQUE = {"V1JSONSchemaProps": "any", "V1CustomResourceConversion": "any"}
_QUANTITY_MAPS = {"limits", "requests", "capacity", "allocatable", "hard", "overhead", "allocatedResources"}
_QUANTITIES = {
    ("V1ResourceFieldSelector", "divisor"),
    ("V1EmptyDirVolumeSource", "sizeLimit"),
    ("V2MetricTarget", "value"),
    ("V2MetricTarget", "averageValue"),
    ("V2MetricValueStatus", "value"),
    ("V2MetricValueStatus", "averageValue"),
    ("V1NodeSystemInfo", "swap"),
}


def generate() -> dict[str, dict[str, str]]:
    """The fields of every type that the served kinds are made of."""
    from kubernetes.client import models

    from kubectl_rollouts.sandbox.kinds import KINDS

    found: dict[str, dict[str, str]] = {}
    wanted = [kind.type_name for kind in KINDS if kind.type_name]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        model = getattr(models, name)
        fields: dict[str, str] = {}
        for field in model.model_fields.values():
            json_name = field.serialization_alias or field.alias or ""
            attribute = next(key for key, value in model.model_fields.items() if value is field)
            json_name = json_name or model.attribute_map[attribute]
            shape = _shape(_resolved(model, attribute), name, json_name, wanted)
            fields[json_name + ("!" if field.is_required() else "")] = shape
        found[name] = fields
    return dict(sorted(found.items()))


def _resolved(model: Any, attribute: str) -> Any:
    return model.model_fields[attribute].annotation


def _shape(annotation: Any, owner: str, field: str, wanted: list[str]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(arguments[0], owner, field, wanted)
    if origin in (Union, UnionType):
        kept = [item for item in arguments if item is not type(None)]
        if len(kept) == 1:
            return _shape(kept[0], owner, field, wanted)
        shapes = {_shape(item, owner, field, wanted) for item in kept}
        if shapes == {"int", "str"}:
            return "intstr"
        return "num" if shapes <= {"num", "int"} else "any" if len(shapes) > 1 else shapes.pop()
    if origin is list:
        return "[]" + _shape(arguments[0], owner, field, wanted)
    if origin is dict:
        inner = _shape(arguments[1], owner, field, wanted)
        return "{}" + ("quantity" if inner == "str" and field in _QUANTITY_MAPS else inner)
    if annotation is str:
        return "quantity" if (owner, field) in _QUANTITIES else "str"
    plain = {bool: "bool", int: "int", float: "num", datetime: "time", date: "time", bytes: "bytes"}
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, type) and annotation.__name__ in OPAQUE:
        return OPAQUE[annotation.__name__]
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        wanted.append(annotation.__name__)
        return annotation.__name__
    return "any"


if __name__ == "__main__":
    Path(__file__).with_name("builtin.json").write_text(json.dumps(generate(), indent=0) + "\n", encoding="utf-8")
