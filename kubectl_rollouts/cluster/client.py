"""The client of the API server: typed get, list, watch and writes for any resource.

    client = Client(load_config(ConfigFlags(context="prod")))
    rollout = client.get(ROLLOUTS, client.namespace, "web", Rollout)

All methods raise ApiError (the server said no), ConnectionFailed (it said nothing), ConfigError, BadAnswer (it said
what cannot be read); all are Failures. One client may be used by several threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

from kubectl_rollouts.cluster.decode import checked, decode, decode_page
from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.cluster.requestlog import RequestLog
from kubectl_rollouts.cluster.transport import Headers, Response, Timeouts, Transport
from kubectl_rollouts.cluster.urls import query_string
from kubectl_rollouts.errors import Failure

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
    from kubectl_rollouts.cluster.resources import Resource
    from kubectl_rollouts.cluster.watch import Watch

T = TypeVar("T")

# `list` is also a method of the client, which hides the type inside its class.
Results = list[T | Failure]

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

PAGE_SIZE = 500
WATCH_SECONDS = 40  # what a watch asks for; a half-open connection is found out when it is over
_MOMENT = 0.005  # seconds in which a near server answers; then requests one after the other are quickest
_WATCH_GRACE = 4  # seconds that the end of a watch may be late


class Listing(Struct, Generic[T]):
    """A whole list, and the resource version that a watch goes on from."""

    items: list[T]
    resource_version: str


class Client:
    """One user at one cluster. `namespace` is the one to use when none was named.

    `log` is told of requests (`-v`) and of the server's warnings.
    """

    def __init__(
        self,
        config: ClusterConfig,
        *,
        user_agent: str = "",
        log: RequestLog | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.config = config
        self.namespace = config.namespace
        self._persistent = True
        self.transport = Transport(
            config,
            user_agent=user_agent or default_user_agent(),
            log=log or RequestLog(),
            timeouts=timeouts,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def once(self) -> Client:
        """Return a client of the same connections that sends each request once, for those who repeat on their own."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._persistent = False
        return other

    def close(self) -> None:
        """Close the kept connections."""
        self.transport.close()

    # --- Reading ----------------------------------------------------------------------------------------------------

    def get(self, resource: Resource, namespace: str, name: str, type_: type[T] = dict) -> T:  # type: ignore[assignment]
        """Return one object, as `type_` (dict: untyped)."""
        response = self.request(
            "GET", resource.path(namespace, name), group_resource=resource.group_resource, name=name
        )
        return decode(response.body, type_, f'{resource.group_resource} "{name}"')

    def list(
        self,
        resource: Resource,
        namespace: str,
        type_: type[T] = dict,  # type: ignore[assignment]
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> Listing[T]:
        """Return all objects that match (`namespace` "": everywhere), asked for in pages.

        When the server forgets the list between two pages (410), it is asked once more for all of it, and what
        the first pages held is dropped.
        """
        items: list[T] = []
        version = ""
        pages = self.list_pages(
            resource, namespace, type_, label_selector=label_selector, field_selector=field_selector
        )
        for page in pages:
            if page.restarted:
                items = []
            items += page.items
            version = page.resource_version
        return Listing(items, version)

    def list_pages(
        self,
        resource: Resource,
        namespace: str,
        type_: type[T] = dict,  # type: ignore[assignment]
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> Iterator[ListPage[T]]:
        """Yield the pages of a list as they come, for those who need not keep it whole.

        A page that is `restarted` is the whole list and takes the place of all pages before it.
        """
        query = _selectors(label_selector, field_selector)
        query["limit"] = str(PAGE_SIZE)
        path, what = resource.path(namespace), resource.group_resource
        whole = restarted = False
        while True:
            try:
                response = self.request("GET", path, query=query, group_resource=what)
            except ApiError as error:
                if not error.gone or "continue" not in query or whole:
                    raise
                query = _selectors(label_selector, field_selector)
                whole = restarted = True
                continue
            page = decode_page(response.body, type_, what)
            token = page.continue_token
            yield ListPage(page.items, page.resource_version, restarted)
            if not token or token == query.get("continue"):
                return
            restarted = False
            query["continue"] = token

    def watch(
        self,
        resource: Resource,
        namespace: str,
        type_: type[T] = dict,  # type: ignore[assignment]
        resource_version: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        timeout_seconds: int = WATCH_SECONDS,
    ) -> Watch[T]:
        """Return a watch of what changes after `resource_version`: see `watch.Watch`.

        The server is asked to end it after `timeout_seconds`; silence for four seconds more is an error.
        """
        from kubectl_rollouts.cluster.watch import Watch

        query = _selectors(label_selector, field_selector)
        query |= {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(timeout_seconds),
        }
        target = resource.path(namespace) + query_string(query)
        quiet = float(timeout_seconds + _WATCH_GRACE)

        def opener(opened: Any, cancelled: Any) -> Any:
            return self.transport.stream(target, _ACCEPT, quiet=quiet, opened=opened, cancelled=cancelled)

        what = resource.group_resource
        return Watch(opener, type_, what, self.transport.url(target), what, self.transport.redacted)

    # --- Writing ----------------------------------------------------------------------------------------------------

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: object,
        *,
        subresource: str = "",
        content_type: str = MERGE_PATCH,
        type_: type[T] = dict,  # type: ignore[assignment]
        typed: bool = True,
        query: dict[str, str] | None = None,
    ) -> T:
        """Patch one object and return it as the server has it now. `body` is encoded as JSON unless it is bytes.

        `typed` False drops the suffix from generic error texts (spec/commands.md §2.4).
        """
        return self._write(
            "PATCH", resource, resource.path(namespace, name, subresource), name, body, content_type,
            type_, typed, query,
        )  # fmt: skip

    def create(
        self,
        resource: Resource,
        namespace: str,
        body: object,
        *,
        type_: type[T] = dict,  # type: ignore[assignment]
        typed: bool = False,
        query: dict[str, str] | None = None,
    ) -> T:
        """Create an object and return it as the server has it."""
        return self._write("POST", resource, resource.path(namespace), "", body, _JSON, type_, typed, query)

    def replace(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: object,
        *,
        subresource: str = "",
        type_: type[T] = dict,  # type: ignore[assignment]
        typed: bool = True,
        query: dict[str, str] | None = None,
    ) -> T:
        """Put an object in the place of the one that is there, and return it as the server has it."""
        return self._write(
            "PUT", resource, resource.path(namespace, name, subresource), name, body, _JSON,
            type_, typed, query,
        )  # fmt: skip

    def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        body: object = None,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Delete an object; return the server's answer (a Status, or the object on its way out)."""
        return self._write("DELETE", resource, resource.path(namespace, name), name, body, _JSON, dict, True, query)

    def _write(
        self,
        method: str,
        resource: Resource,
        path: str,
        name: str,
        body: object,
        content_type: str,
        type_: type[T],
        typed: bool,
        query: dict[str, str] | None,
    ) -> T:
        what = resource.group_resource
        response = self.request(
            method,
            path,
            query=query,
            body=body,
            content_type=content_type,
            group_resource=what if typed else "",
            name=name,
        )
        return decode(response.body, type_, f'{what} "{name}"' if name else what)

    # --- Below and beside -------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: object = None,
        content_type: str = "",
        headers: Headers | None = None,
        group_resource: str = "",
        name: str = "",
    ) -> Response:
        """Send any request and return its answer; raise ApiError unless it succeeded.

        `group_resource` and `name` are for the suffix of generic error texts.
        """
        if self.config.timeout_text:
            query = {**(query or {}), "timeout": self.config.timeout_text}
        target = path + query_string(query or {})
        all_headers = _ACCEPT + (headers or [])
        data: bytes | None = None
        if body is not None:
            data = body if isinstance(body, bytes) else _encoded(body)
            all_headers = [*all_headers, ("Content-Type", content_type or _JSON)]
        response = self.transport.request(method, target, all_headers, data, persistent=self._persistent)
        return checked(response, method, group_resource, name)

    def warm(self, number: int) -> None:
        """Open so many connections ahead of `parallel` calls: over a network the handshakes cost more than requests."""
        self.transport.warm(number)

    def parallel(self, *calls: Callable[[], T]) -> Results[T]:
        """Call all of them side by side, over as many connections as it takes.

        Returns their results in order; a Failure is returned in the place of a result, any other exception is
        raised. Ctrl-C gets through at once: the threads die with the process.
        """
        if len(calls) < 2:
            return [_settled(call) for call in calls]
        from kubectl_rollouts.cluster.parallel import run_all

        settled = [lambda call=call: _settled(call) for call in calls]
        # A server that has been slow will be slow again: then all begin at once.
        return run_all(settled, 0.0 if self.transport.latency > _MOMENT else _MOMENT)  # type: ignore[arg-type]


class ListPage(Struct, Generic[T]):
    """One page of a list; `restarted`: it is the whole list, forget the pages before."""

    items: list[T]
    resource_version: str
    restarted: bool = False


_JSON = "application/json"
_ACCEPT: Headers = [("Accept", "application/json, */*")]


def default_user_agent() -> str:
    """Return the User-Agent; what stands before the slash becomes the field manager (spec/commands.md §2.5)."""
    import os
    import sys

    from kubectl_rollouts import __version__

    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    arch = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "i686": "386"}.get(
        machine.lower(), machine.lower()
    )
    system = {"win32": "windows"}.get(sys.platform, sys.platform)
    return f"kubectl-argo-rollouts/v{__version__} ({system}/{arch}) kubernetes/$Format"


def _selectors(label_selector: str, field_selector: str) -> dict[str, str]:
    query = {}
    if label_selector:
        query["labelSelector"] = label_selector
    if field_selector:
        query["fieldSelector"] = field_selector
    return query


def _encoded(body: object) -> bytes:
    import msgspec

    return msgspec.json.encode(body)


def _settled(call: Callable[[], T]) -> T | Failure:
    try:
        return call()
    except Failure as failure:
        return failure
