"""What an API server says when it refuses: `Status` objects, with the words of a real one."""

from __future__ import annotations

from typing import Any, NamedTuple

from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object


class Cause(NamedTuple):
    """One field that is wrong: `message` begins with the detail (`Required value`), `field` is its path."""

    reason: str
    message: str
    field: str


class ApiStatus(Exception):
    """A refused request: HTTP status code, machine-readable reason, message and details."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}
        self._has_details = details is not None

    def body(self) -> Object:
        """The `Status` object to answer with."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            **({"details": self.details} if self.details or self._has_details else {}),
            "code": self.code,
        }

    @property
    def conflict(self) -> bool:
        """Whether the object moved on, came or went meanwhile: worth another look."""
        return self.code in (404, 409)


def _details(kind: Kind, name: str, **more: Any) -> Object:
    return {"name": name, **({"group": kind.group} if kind.group else {}), "kind": kind.plural, **more}


def not_found(kind: Kind, name: str) -> ApiStatus:
    """404: there is no such object."""
    return ApiStatus(404, "NotFound", f'{kind.group_resource} "{name}" not found', _details(kind, name))


def already_exists(kind: Kind, name: str) -> ApiStatus:
    """409: an object of that name is there already."""
    message = f'{kind.group_resource} "{name}" already exists'
    return ApiStatus(409, "AlreadyExists", message, _details(kind, name))


def conflict(kind: Kind, name: str, why: str = "") -> ApiStatus:
    """409: the object was changed since it was read, or a precondition does not hold."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {kind.group_resource} "{name}": {why}'
    return ApiStatus(409, "Conflict", message, _details(kind, name))


def invalid(kind: Kind, name: str, causes: list[Cause]) -> ApiStatus:
    """422: the object breaks the rules of its kind."""
    said = [f"{cause.field}: {cause.message}" for cause in causes]
    whole = said[0] if len(said) == 1 else "[" + ", ".join(said) + "]"
    shown = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details: Object = {
        "name": name,
        **({"group": kind.group} if kind.group else {}),
        "kind": kind.kind,
        "causes": [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes],
    }
    return ApiStatus(422, "Invalid", f'{shown} "{name}" is invalid: {whole}', details)


def bad_request(message: str) -> ApiStatus:
    """400: the request itself makes no sense."""
    return ApiStatus(400, "BadRequest", message)


def forbidden(kind: Kind, name: str, why: str) -> ApiStatus:
    """403: the server does not do that."""
    message = f'{kind.group_resource} "{name}" is forbidden: {why}'
    return ApiStatus(403, "Forbidden", message, _details(kind, name))


def gone(message: str) -> ApiStatus:
    """410: the resource version or the continue token is too old."""
    return ApiStatus(410, "Expired", message)


def method_not_allowed() -> ApiStatus:
    """405: the resource is there, the verb is not."""
    message = "the server does not allow this method on the requested resource"
    return ApiStatus(405, "MethodNotAllowed", message)
