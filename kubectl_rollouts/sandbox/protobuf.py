"""Objects in Kubernetes' protobuf form: only reading, as kubectl sends what it makes itself in it. Answers are JSON."""

from __future__ import annotations

import base64
import struct
from functools import cache
from pathlib import Path
from typing import Any

from kubectl_rollouts.sandbox.apistatus import bad_request
from kubectl_rollouts.sandbox.objects import Object, time_text
from kubectl_rollouts.sandbox.schemas import types

MAGIC = b"k8s\x00"
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"

# Go's protobuf writes what is not set as zero, where JSON leaves it out; a zero of other fields means something.
_ZERO_IS_ABSENT = frozenset(
    {
        "failureThreshold",
        "generation",
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "hostPort",
        "initialDelaySeconds",
        "minReadySeconds",
        "nodePort",
        "paused",
        "periodSeconds",
        "publishNotReadyAddresses",
        "readOnly",
        "stdin",
        "stdinOnce",
        "successThreshold",
        "timeoutSeconds",
        "tty",
    }
)

Fields = list[tuple[int, Any]]
"""Field number and raw value: int for varints, bytes for everything else."""


@cache
def _numbers() -> dict[str, dict[int, str]]:
    import msgspec

    path = Path(__file__).parent / "schemas" / "protobuf.json"
    found = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    return {name: {int(number): field for number, field in fields.items()} for name, fields in found.items()}


def decode(body: bytes, type_name: str) -> Object:
    """The object in a body; raises ApiStatus 400 for one that cannot be read."""
    try:
        if not body.startswith(MAGIC):
            raise ValueError("no Kubernetes protobuf")
        envelope = dict(_fields(body[len(MAGIC) :]))
        names = dict(_fields(envelope.get(1, b"")))
        found = _message(envelope.get(2, b""), type_name)
    except (ValueError, TypeError, IndexError, struct.error, RecursionError, AttributeError) as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from None
    words = {1: "apiVersion", 2: "kind"}
    return {**{words[number]: raw.decode() for number, raw in names.items() if number in words and raw}, **found}


def is_protobuf(content_type: str) -> bool:
    """Whether a body of that content type is protobuf."""
    return content_type.startswith(CONTENT_TYPE)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number that is too long")


def _fields(data: bytes) -> Fields:
    found: Fields = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            found.append((number, value - (1 << 64) if value >= 1 << 63 else value))
            continue
        if wire == 2:
            length, at = _varint(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + length > len(data):
            raise ValueError("it ends early")
        found.append((number, data[at : at + length]))
        at += length
    return found


def _message(data: bytes, type_name: str, inlined: str = "") -> Object:
    """A message; with `inlined` one whose fields belong to the surrounding object of type `type_name`."""
    numbers = _numbers().get(inlined or type_name, {})
    fields = types()[type_name]
    found: Object = {}
    for number, raw in _fields(data):
        name = numbers.get(number, "")
        if name.startswith("+"):
            found.update(_message(raw, type_name, name))
        elif name in fields:
            shape = fields[name].shape
            if shape.startswith("[]"):
                found.setdefault(name, []).append(_value(raw, shape[2:]))
            elif shape.startswith("{}"):
                entry = dict(_fields(raw))
                value = entry.get(2, b"")
                inner = "bytes" if shape == "{}any" else shape[2:]
                found.setdefault(name, {})[entry.get(1, b"").decode()] = _value(value, inner)
            else:
                value = _value(raw, shape)
                if value not in ("", None) and (value or name not in _ZERO_IS_ABSENT):
                    found[name] = value
    return found


def _value(raw: Any, shape: str) -> Any:
    if shape == "str":
        return raw.decode()
    if shape == "int":
        return int(raw)
    if shape == "bool":
        return bool(raw)
    if shape == "bytes":
        return base64.b64encode(raw).decode()
    if shape == "num":
        return struct.unpack("<d", raw)[0]
    if shape == "time":
        return time_text(dict(_fields(raw)).get(1, 0)) if raw else None
    if shape == "quantity":
        return dict(_fields(raw)).get(1, b"").decode()
    if shape == "intstr":
        parts = dict(_fields(raw))
        return parts.get(3, b"").decode() if parts.get(1) else parts.get(2, 0)
    if shape == "any":
        return None
    return _message(raw, shape)
