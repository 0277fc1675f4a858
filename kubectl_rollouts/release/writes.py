"""What all writes share: tries after a conflict, and what to do when a reply was lost.

A request whose connection broke may have reached the server. It is never repeated blindly: the object is read back
first (design.md, "Writing to a cluster").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from kubectl_rollouts.cluster.decode import decode
from kubectl_rollouts.cluster.errors import ApiError, ConnectionFailed
from kubectl_rollouts.errors import Failure

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.resources import Resource

Object = dict[str, Any]
T = TypeVar("T")

TRIES = 5
_FIRST_PAUSE = 0.010  # seconds


def tries() -> Iterator[int]:
    """Yield 1 to TRIES, waiting between them: 10 ms, doubled each time, half of it by chance."""
    pause = _FIRST_PAUSE
    for number in range(1, TRIES + 1):
        if number > 1:
            time.sleep(pause * (0.5 + _chance()))
            pause *= 2
        yield number


def _chance() -> float:
    """A number from 0 to 1. `random` would cost every command 3 ms for the few that need it."""
    from random import random

    return random()


def in_doubt(error: Failure) -> bool:
    """Whether the request may have reached the server, though no answer came, and reading back can tell.

    Not when the server kept silent until the time-out: reading would wait as long again.
    """
    return isinstance(error, ConnectionFailed) and error.sent and not error.timed_out


def is_conflict(error: Failure) -> bool:
    """Whether the server refused because the object was changed since it was read."""
    return isinstance(error, ApiError) and error.conflict


def is_absent(error: Failure) -> bool:
    """Whether the object, or the subresource, is not there."""
    return isinstance(error, ApiError) and error.not_found


def unknown(error: Failure, what: str) -> Failure:
    """The error for a write of which nobody knows whether it took; `what` names it."""
    return Failure(f"{error}; it is not known whether {what} took: look before you try again")


def explained(error: Failure, what: str) -> Failure:
    """The error of a write as it should be shown: a time-out leaves it unknown whether it took."""
    if isinstance(error, ConnectionFailed) and error.sent:
        return unknown(error, what)
    return error


def get_untyped(client: Client, resource: Resource, namespace: str, name: str) -> Object:
    """Read one object whole. Errors without a Status object get no suffix (spec/commands.md §2.4)."""
    response = client.request("GET", resource.path(namespace, name), name=name)
    return decode(response.body, dict, f'{resource.group_resource} "{name}"')


def metadata_name(obj: Object) -> str:
    """metadata.name of a reply, "" when it is none."""
    meta = obj.get("metadata")
    name = meta.get("name") if isinstance(meta, dict) else None
    return name if isinstance(name, str) else ""


def shows(obj: object, patch: object) -> bool:
    """Whether an object is as a merge patch wants it: null is absence, and false may be a missing field."""
    if isinstance(patch, dict):
        held = obj if isinstance(obj, dict) else {}
        return all(shows(held.get(key), value) for key, value in patch.items())
    return obj == patch or (obj is None and patch is False)


def patched(
    send: Callable[[], Object],
    read: Callable[[], Object],
    done: Callable[[Object], bool | None],
    what: str,
) -> Object:
    """Send a patch that says an absolute state; after a lost reply read the object back, and send again if need be.

    `done` says whether the object read back is as wanted (None: it cannot be told). Returns the object. Raises Failure.
    """
    for number in tries():
        try:
            return send()
        except ConnectionFailed as error:
            if not in_doubt(error):
                raise explained(error, what) from None
            lost = error
        except ApiError as error:
            if not error.conflict or number == TRIES:
                raise
            continue
        found = read_back(read, lost, what)
        held = done(found)
        if held:
            return found
        if held is None or number == TRIES:
            raise unknown(lost, what)
    raise AssertionError("the last try returns or raises")


def read_back(read: Callable[[], T], lost: Failure, what: str) -> T:
    """Read an object after a lost reply. Raises Failure, that of the write, when it cannot be read."""
    try:
        return read()
    except Failure as error:
        raise Failure(f"{unknown(lost, what)} (it could not be read back: {error})") from None
