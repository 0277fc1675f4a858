"""A client that looks over an action's shoulder: what it sends, what that changes, whether it may be sent at all.

`--dry-run` runs the same path as the action itself: the action is given this client and does not know. The changed
object is here afterwards, whatever the action makes of it: `sent[-1].after`.
"""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import msgspec

from kubectl_rollouts.cluster.client import JSON_PATCH, MERGE_PATCH, Client
from kubectl_rollouts.cluster.errors import ApiError, BadAnswer, ConnectionFailed
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.goals import REVISION, Object
from kubectl_rollouts.rollout.phase import parse_int
from kubectl_rollouts.typed import convert

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.resources import Resource

T = TypeVar("T")


class Sent(NamedTuple):
    """One write: the request, and the object before (None: not asked for, or created) and after it."""

    method: str
    path: str
    body: Any
    before: Object | None
    after: Object


class Guards(NamedTuple):
    """What must hold for the object that is acted on; "" and 0 ask for nothing."""

    resource: Resource
    namespace: str
    name: str
    resource_version: str = ""
    revision: int = 0

    def __bool__(self) -> bool:
        return bool(self.resource_version or self.revision)

    def check(self, obj: Object) -> str:
        """Return the object's resource version. Raises Failure when it is not as it was to be."""
        meta = obj.get("metadata") or {}
        version = str(meta.get("resourceVersion") or "")
        if self.resource_version and version != self.resource_version:
            raise Failure(f"{self.what} is at resource version {version} by now, not {self.resource_version}")
        revision = str((meta.get("annotations") or {}).get(REVISION) or "")
        if self.revision and revision != str(self.revision):
            raise Failure(f"{self.what} is at revision {revision or 'none'} by now, not {self.revision}")
        return version

    @property
    def what(self) -> str:
        """How the object is called."""
        return f"{self.resource.kind.lower()} '{self.name}'"


class RecordingClient(Client):
    """Passes on what it is asked for over the connections of another client.

    `dry_run`: "" sends, "server" asks the server to change nothing, "client" sends no writes at all: their effect is
    worked out here. `compare`: each write remembers the object before it.
    """

    def __init__(
        self, client: Client, *, dry_run: str = "", compare: bool = False, guards: Guards | None = None
    ) -> None:
        self.__dict__.update(client.__dict__)
        self.sent: list[Sent] = []
        self._dry_run = dry_run
        self._compare = compare
        self._guards = guards
        self._guarded_version = ""
        self._imagined: dict[str, Object] = {}
        self._in_doubt: dict[str, Any] = {}

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: Any,
        *,
        subresource: str = "",
        content_type: str = MERGE_PATCH,
        type_: type[T] = dict,  # type: ignore[assignment]  # as in Client
        typed: bool = True,
        query: dict[str, str] | None = None,
    ) -> T:
        """As `Client.patch`, recorded and guarded."""
        guarded = self._guard(resource, namespace, name)
        if guarded:
            body = _with_version(body, self._guarded_version, content_type)
        object_path = resource.path(namespace, name)
        before = self._imagined.get(object_path)
        if before is None and (self._compare or self._dry_run == "client"):
            before = self.get(resource, namespace, name)
        if self._dry_run == "client":
            after = patched_object(before or {}, body, content_type)
            self._imagined[object_path] = after
        else:
            after = self._send(
                resource, namespace, name, body, subresource, content_type, typed, self._query(query), guarded
            )
        self.sent.append(Sent("PATCH", resource.path(namespace, name, subresource), body, before, after))
        if guarded and not self._dry_run:
            self._guarded_version = str((after.get("metadata") or {}).get("resourceVersion") or "")
        return cast("T", _as_type(after, type_, name))

    def replace(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: Any,
        *,
        subresource: str = "",
        type_: type[T] = dict,  # type: ignore[assignment]  # as in Client
        typed: bool = True,
        query: dict[str, str] | None = None,
    ) -> T:
        """As `Client.replace`, recorded and guarded; the object carries the version that it was read at itself."""
        guarded = self._guard(resource, namespace, name)
        if guarded:
            meta = body.get("metadata") or {}
            body = {**body, "metadata": {**meta, "resourceVersion": self._guarded_version}}
        before = self.get(resource, namespace, name) if self._compare or self._dry_run == "client" else None
        if self._dry_run == "client":
            after: Object = msgspec.to_builtins(body)
        else:
            try:
                after = super().replace(
                    resource, namespace, name, body, subresource=subresource, typed=typed, query=self._query(query)
                )
            except ApiError as error:
                if guarded and error.conflict:
                    self._guarded_version = ""  # look again before the next attempt
                    self._guard(resource, namespace, name)
                raise
        self.sent.append(Sent("PUT", resource.path(namespace, name, subresource), body, before, after))
        if guarded and not self._dry_run:
            self._guarded_version = str((after.get("metadata") or {}).get("resourceVersion") or "")
        return cast("T", _as_type(after, type_, name))

    def get(self, resource: Resource, namespace: str, name: str, type_: type[T] = dict) -> T:  # type: ignore[assignment]
        """As `Client.get`; what is read back after its creation was in doubt is recorded as created."""
        path = resource.path(namespace, name)
        if path not in self._in_doubt:
            return super().get(resource, namespace, name, type_)
        found: Object = super().get(resource, namespace, name)
        self.sent.append(Sent("POST", resource.path(namespace), self._in_doubt.pop(path), None, found))
        return cast("T", _as_type(found, type_, name))

    def create(
        self,
        resource: Resource,
        namespace: str,
        body: Any,
        *,
        type_: type[T] = dict,  # type: ignore[assignment]  # as in Client
        typed: bool = False,
        query: dict[str, str] | None = None,
    ) -> T:
        """As `Client.create`, recorded."""
        if self._dry_run == "client":
            after: Object = msgspec.to_builtins(body)
        else:
            try:
                after = super().create(resource, namespace, body, typed=typed, query=self._query(query))
            except ConnectionFailed as error:
                if error.sent:
                    self._in_doubt[resource.path(namespace, _name_in(body))] = body
                raise
        self.sent.append(Sent("POST", resource.path(namespace), body, None, after))
        return cast("T", _as_type(after, type_, str((after.get("metadata") or {}).get("name"))))

    def _query(self, query: dict[str, str] | None) -> dict[str, str] | None:
        return {**(query or {}), "dryRun": "All"} if self._dry_run == "server" else query

    def _send(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: Any,
        subresource: str,
        content_type: str,
        typed: bool,
        query: dict[str, str] | None,
        guarded: bool,
    ) -> Object:
        try:
            return super().patch(
                resource, namespace, name, body,
                subresource=subresource, content_type=content_type, typed=typed, query=query,
            )  # fmt: skip
        except ApiError as error:
            if not guarded or not (error.conflict or error.code == 422):
                raise
            self._guarded_version = ""  # look again before the next attempt
            self._guard(resource, namespace, name)
            if error.code == 422 and content_type == JSON_PATCH:  # the test of the version: a conflict by another name
                raise ApiError(409, "Conflict", error.message) from None
            raise

    def _guard(self, resource: Resource, namespace: str, name: str) -> bool:
        """Check what must hold, once before the first write; whether this write is to the object itself."""
        guards = self._guards
        if not guards:
            return False
        assert guards is not None
        if not self._guarded_version:
            self._guarded_version = guards.check(self._looked_at(guards))
        return (resource, namespace, name) == (guards.resource, guards.namespace, guards.name)

    def _looked_at(self, guards: Guards) -> Object:
        """The object to check, its revision being that of its present template.

        Until the controller has seen the last change of the spec, the annotation is about the one before.
        """
        for pause in (*_LOOKS, 0.0):
            found: Object = self.get(guards.resource, guards.namespace, guards.name)
            if not guards.revision or not _is_behind(found):
                return found
            time.sleep(pause)
        raise Failure(f"the controller has not seen the last change of {guards.what}: its revision is not known")


_LOOKS = (0.1, 0.2, 0.4, *[0.5] * 18)
"""Seconds between looks at an object whose last change the controller has not seen: ten in all."""


def _is_behind(obj: Object) -> bool:
    status, generation = obj.get("status"), (obj.get("metadata") or {}).get("generation")
    observed = parse_int(str(status.get("observedGeneration") or "")) if isinstance(status, dict) else None
    return observed is not None and isinstance(generation, int) and observed < generation


def _with_version(body: Any, version: str, content_type: str) -> Any:
    """A patch that takes only on the version of the object that was looked at."""
    if content_type == JSON_PATCH:
        return [{"op": "test", "path": "/metadata/resourceVersion", "value": version}, *body]
    meta = body.get("metadata") or {}
    if meta.get("resourceVersion"):
        return body  # the action has looked itself; of two versions the server refuses one
    return {**body, "metadata": {**meta, "resourceVersion": version}}


def _name_in(body: Any) -> str:
    meta = msgspec.to_builtins(body).get("metadata") or {}
    return str(meta.get("name") or "")


def _as_type(obj: Object, type_: Any, name: str) -> Any:
    if type_ is dict:
        return obj
    try:
        return convert(obj, type_)
    except msgspec.ValidationError as error:
        raise BadAnswer(f'the answer for "{name}" cannot be read: {error}') from None


def patched_object(obj: Object, body: Any, content_type: str) -> Object:
    """What a patch makes of an object: RFC 7386, or of RFC 6902 the operations that this program sends.

    Raises Failure for an operation that does not fit the object.
    """
    result = copy.deepcopy(obj)
    if content_type != JSON_PATCH:
        merged = _merged(result, body)
        assert isinstance(merged, dict)
        return merged
    for operation in body:
        _operate(result, operation)
    return result


def _merged(old: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _operate(obj: Object, operation: Object) -> None:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place: Any = obj
    try:
        for part in parts[:-1]:
            place = place[int(part)] if isinstance(place, list) else place[part]
        last: Any = int(parts[-1]) if isinstance(place, list) else parts[-1]
        if operation["op"] == "test":
            if place[last] != operation["value"]:
                raise KeyError(last)
        elif operation["op"] in ("add", "replace") and not isinstance(place, list):
            place[last] = copy.deepcopy(operation["value"])
        else:
            raise KeyError(operation["op"])
    except (KeyError, IndexError, ValueError, TypeError):
        raise Failure(f"the object is not as it was read: {operation['op']} {operation['path']} does not fit") from None
