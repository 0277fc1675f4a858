"""Decoding into types, from any thread.

What msgspec learns of a Struct it keeps in the class while it is still learning it: another thread that decodes into
that class, or into one that holds it, in this moment crashes the interpreter. So one thread at a time builds what
decodes, and nothing is decoded into a type before that is done.
"""

from __future__ import annotations

import _thread
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_building = _thread.allocate_lock()


def decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    """Return the JSON decoder of a type, built on first use."""
    found = _decoders.get(type_)
    if found is None:
        with _building:
            found = _decoders.get(type_)
            if found is None:
                found = _decoders[type_] = msgspec.json.Decoder(type_)
    return found


def convert(value: Any, type_: type[T]) -> T:
    """Return what was decoded without a type as one of that type. Raises msgspec.ValidationError."""
    decoder(type_)
    return msgspec.convert(value, type_)
