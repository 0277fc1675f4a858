"""Answers to typed objects. What cannot be read is one clear error that names object and field, never a traceback.

The quick way decodes straight into the type; only when that fails is the
answer looked at again, to name the culprit or to forgive what Go forgives (broken UTF-8, lone surrogates, nulls).
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct, field

from kubectl_rollouts.cluster.errors import ApiError, BadAnswer, generic_error
from kubectl_rollouts.cluster.transport import Response
from kubectl_rollouts.typed import decoder

T = TypeVar("T")

_MISTAKES = (msgspec.MsgspecError, ValueError, RecursionError, MemoryError)


class ListMeta(Struct, rename="camel"):
    """metadata of a list."""

    resource_version: str | None = None
    continue_: str | None = field(default=None, name="continue")
    remaining_item_count: int | None = None


class _Status(Struct, rename="camel"):
    """A Status object; `kind` tells it from others."""

    kind: str | None = None
    status: str | None = None
    message: str | None = None
    reason: str | None = None
    details: dict[str, Any] | None = None
    code: int | None = None


class _RawList(Struct):
    metadata: ListMeta | None = None
    items: list[msgspec.Raw] | None = None


class _Meta(Struct):
    name: str | None = None


class _Named(Struct):
    metadata: _Meta | None = None


def decode(data: bytes, type_: type[T], what: str) -> T:
    """Return one object. Raises BadAnswer; `what` names the object, `rollouts.argoproj.io "web"`."""
    try:
        return cast(T, decoder(type_).decode(data))
    except _MISTAKES as error:
        return cast(T, _decode_again(data, type_, what, error))


class Page(Struct):
    """One page of a list."""

    items: list[Any]
    resource_version: str
    continue_token: str


_pages: dict[Any, Any] = {}


def decode_page(data: bytes, type_: Any, what: str) -> Page:
    """Return one page of a list. Raises BadAnswer that names the item and the field."""
    page = _pages.get(type_)
    if page is None:
        page = _pages[type_] = msgspec.defstruct(
            "ListPage",
            [("metadata", ListMeta | None, None), ("items", list[type_] | None, None)],
        )
    try:
        found = decoder(page).decode(data)
        items = found.items or []
    except _MISTAKES:
        found = decode(data, _RawList, what)
        items = [_item(raw, type_, what, at) for at, raw in enumerate(found.items or ())]
    if found.metadata is None and found.items is None:
        # A gateway's own JSON, or an event: taken for an empty list it would make everything disappear.
        raise BadAnswer(f"{what}: the answer of the server is no list")
    meta = found.metadata or ListMeta()
    return Page(items, meta.resource_version or "", meta.continue_ or "")


def _item(raw: msgspec.Raw, type_: Any, what: str, at: int) -> Any:
    data = bytes(raw)
    if data.strip() == b"null":
        data = b"{}"  # Go's zero value
    try:
        return decoder(type_).decode(data)
    except _MISTAKES as error:
        try:
            meta = decoder(_Named).decode(data).metadata
            name = f'"{meta.name}"' if meta and meta.name else f"item {at}"
        except _MISTAKES:
            name = f"item {at}"
        return _decode_again(data, type_, f"{what} {name}", error)


def _decode_again(data: bytes, type_: Any, what: str, error: BaseException) -> Any:
    """Decode once more, forgivingly, or raise BadAnswer."""
    if not isinstance(error, msgspec.ValidationError | RecursionError | MemoryError):
        data = b"{}" if data.strip() == b"null" else _mended(data)
        try:
            return decoder(type_).decode(data)
        except _MISTAKES as second:
            error = second
    elif data.strip() == b"null":
        return decoder(type_).decode(b"{}")
    raise BadAnswer(f"{what}: {_explained(error, data)}") from None


def _explained(error: BaseException, data: bytes) -> str:
    if isinstance(error, RecursionError):
        return "the object is nested too deeply"
    if isinstance(error, MemoryError):
        return "the object is too large"
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, msgspec.ValidationError):
        # Expected `int`, got `str` - at `$.spec.replicas`
        message, mark, path = text.rpartition(" - at ")
        if mark:
            text = f"{path.strip('`').removeprefix('$').removeprefix('.')}: {message}"
        return text.replace("`", "")
    if not data.strip():
        return "the answer of the server is empty"
    return f"the answer of the server is not valid JSON: {text}"


# Whatever is no lone surrogate, as much of it as there is, then one or the end. Nothing in it is tried twice.
_UP_TO_LONE = (
    r"((?:[^\\]++|\\[^u]|\\\Z|\\u(?![dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+)(?:(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\Z)"
)


def _mended(data: bytes) -> bytes:
    """Return the JSON with what is no Unicode replaced by U+FFFD, as Go's decoder does."""
    import re

    text = data.decode("utf-8", "replace")
    return re.sub(_UP_TO_LONE, lambda found: found[1] + ("\\ufffd" if found[2] else ""), text).encode()


# --- Errors ------------------------------------------------------------------------------------------------------


def checked(response: Response, method: str, group_resource: str = "", name: str = "") -> Response:
    """Return a successful answer; raise ApiError (or BadAnswer for success that is no JSON)."""
    if 200 <= response.status <= 206:
        if b'"Status"' in response.body[:512] and len(response.body) < 65536:
            error = status_error(response.body, response.status)
            if error is not None:  # said with success, it is an error all the same, as for client-go
                raise error
        media = response.content_type
        if response.body and media not in ("", "application/json") and not media.endswith("+json"):
            raise BadAnswer(f"serializer for {media} doesn't exist")
        return response
    raise api_error(response, method, group_resource, name)


def api_error(response: Response, method: str, group_resource: str = "", name: str = "") -> ApiError:
    """Return the error that an answer amounts to: its Status object, else the generic text with the suffix."""
    retry_after = response.retry_after
    media = response.content_type
    if media in ("", "application/json", "text/plain") or media.endswith("+json"):
        error = status_error(response.body, response.status, retry_after)
        if error is not None:
            return error
    text = ""
    if not media or media.startswith("text/"):
        text = response.body[:4096].decode("utf-8", "replace")
    return generic_error(
        response.status, method, text, group_resource=group_resource, name=name, retry_after=retry_after
    )


def status_error(data: bytes, code: int = 0, retry_after: float | None = None) -> ApiError | None:
    """Return the error in a Status object; None when the data is something else."""
    try:
        status = decoder(_Status).decode(data)
    except _MISTAKES:
        try:
            status = decoder(_Status).decode(_mended(data))
        except _MISTAKES:
            return None
    if status.kind != "Status" or status.status == "Success":
        return None
    code = status.code or code
    if retry_after is None and isinstance(status.details, dict):
        seconds = status.details.get("retryAfterSeconds")
        retry_after = float(seconds) if isinstance(seconds, int) and seconds > 0 else None
    message = status.message or status.reason or f"the server answered with status {code}"
    return ApiError(code, status.reason or "", message, details=status.details, retry_after=retry_after)
