"""One HTTP request of the `web` provider: to this machine only, within its timeout."""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import urllib.parse
from typing import Any, NamedTuple

from kubectl_rollouts.rollout.expressions.values import json_text
from kubectl_rollouts.rollout.validation.access import Mapping, at, flag, integer, mapping, mappings, text

_TIMEOUT_SECONDS = 10
_REDIRECTS = 10
_LARGEST = 8 * 1024 * 1024


class WebError(Exception):
    """Why there is no answer: the message of the measurement."""


class WebRequest(NamedTuple):
    """A request that may be sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    timeout: float
    insecure: bool


def web_request(metric: Mapping) -> WebRequest:
    """The request of a `web` metric. Raises WebError for one that cannot be sent."""
    web = mapping(metric, "provider", "web")
    method = text(web, "method") or "GET"
    body, json_body = text(web, "body"), at(web, "jsonBody")
    if method not in ("POST", "PUT") and (body or json_body is not None):
        raise WebError("Body can only be used with POST or PUT WebMetric Method types")
    if body and json_body is not None:
        raise WebError("use either Body or JSONBody; both cannot exists for WebMetric payload")
    headers = {text(header, "key"): text(header, "value") for header in mappings(web, "headers")}
    sent = body.encode() if body else None
    if json_body is not None:
        sent = json_text(json_body).encode()
        headers.setdefault("Content-Type", "application/json")
    seconds = integer(web, "timeoutSeconds") or 0
    timeout = float(seconds if seconds > 0 else _TIMEOUT_SECONDS)
    return WebRequest(method, text(web, "url"), headers, sent, timeout, flag(web, "insecure"))


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine by its loopback addresses."""
    try:
        host = urllib.parse.urlsplit(url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fetch(request: WebRequest) -> bytes:
    """The body of the answer, redirects followed. Raises WebError for everything but a 2xx answer."""
    url = request.url
    for _ in range(_REDIRECTS):
        status, location, body = _exchange(request, url)
        if status in (301, 302, 303, 307, 308) and location and request.method == "GET":
            url = urllib.parse.urljoin(url, location)
            continue
        if not 200 <= status < 300:
            raise WebError(f"received non 2xx response code: {status}")
        return body
    raise WebError(f'{_verb(request)} "{url}": stopped after {_REDIRECTS} redirects')


def _verb(request: WebRequest) -> str:
    return request.method.capitalize()


def _exchange(request: WebRequest, url: str) -> tuple[int, str, bytes]:
    said = f'{_verb(request)} "{url}"'
    connection, target = _connection(request, url, said)
    try:
        connection.request(request.method, target, request.body, request.headers)
        response = connection.getresponse()
        body = response.read(_LARGEST + 1)
        if len(body) > _LARGEST:
            raise WebError(f"{said}: the answer is larger than {_LARGEST} bytes")
        return response.status, response.getheader("Location") or "", body
    except TimeoutError:
        raise WebError(f"{said}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)") from None
    except ConnectionRefusedError:
        where = f"{connection.host}:{connection.port}"
        raise WebError(f"{said}: dial tcp {where}: connect: connection refused") from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise WebError(f"{said}: {problem or type(problem).__name__}") from None
    finally:
        connection.close()


def _connection(request: WebRequest, url: str, said: str) -> tuple[http.client.HTTPConnection, str]:
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as problem:
        raise WebError(f"{said}: {problem}") from None
    if parts.scheme not in ("http", "https"):
        raise WebError(f'{said}: unsupported protocol scheme "{parts.scheme}"')
    if not is_loopback(url):
        raise WebError(
            f"{said}: the sandbox calls loopback addresses only (localhost, 127.0.0.1, ::1); "
            "script the metric's values in a ConfigMap sandbox-metrics instead"
        )
    address = (
        host if not host.endswith("localhost") else _local_address(port or (443 if parts.scheme == "https" else 80))
    )
    target = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
        f"?{parts.query}" if parts.query else ""
    )
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if request.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(address, port, timeout=request.timeout, context=context), target
    return http.client.HTTPConnection(address, port, timeout=request.timeout), target


def _local_address(port: int) -> str:
    """The loopback address that listens on the port: IPv4 unless only IPv6 does. No name is looked up."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.settimeout(0.5)
                probe.connect((address, port))
            return address
        except OSError:
            continue
    return "127.0.0.1"


def decoded(body: bytes) -> tuple[Any, bool]:
    """The body as JSON with numbers as floats, or else as text; and whether it was JSON."""
    try:
        return json.loads(body, parse_int=float), True
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace"), False
