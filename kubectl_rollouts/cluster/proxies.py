"""Which proxy a request goes through, and how a connection is made through one.

The rules are those of Go's `httpproxy`: HTTPS_PROXY for https servers, HTTP_PROXY for http ones (either spelling),
NO_PROXY with `*`, addresses, CIDR ranges, domains and ports; loopback needs no proxy. A `proxy-url` of the
kubeconfig comes first and knows no exceptions.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from kubectl_rollouts.cluster.urls import Url, split_url, unquote
from kubectl_rollouts.cluster.wire import Wire, WireError


def proxy_for(server: Url, proxy_url: str, environment: Mapping[str, str] | None = None) -> Url | None:
    """Return the proxy for a server, None for a direct connection; raise ValueError for an unusable one."""
    if proxy_url:
        return parse_proxy(proxy_url)
    environment = os.environ if environment is None else environment
    name = "HTTPS_PROXY" if server.scheme == "https" else "HTTP_PROXY"
    value = environment.get(name) or environment.get(name.lower()) or ""
    if not value or exempt(server, environment.get("NO_PROXY") or environment.get("no_proxy") or ""):
        return None
    try:
        # As in Go the environment may say socks5h, a kubeconfig may not; here the proxy looks up names in either case.
        return parse_proxy(value.replace("socks5h://", "socks5://", 1) if "://" in value else f"http://{value}")
    except ValueError as error:
        raise ValueError(f"{name} of the environment: {error}") from None


def parse_proxy(text: str) -> Url:
    """Return a proxy's URL; raise ValueError as client-go words it."""
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme not in ("http", "https", "socks5"):
        raise ValueError(f'unsupported scheme "{scheme}", must be http, https, or socks5')
    return split_url(text)


def exempt(server: Url, no_proxy: str) -> bool:
    """Whether a server is reached without the proxy that the environment names."""
    host = server.host.lower().rstrip(".")
    if host == "localhost":
        return True
    packed = _packed(host)
    if packed is not None and (packed[:1] == b"\x7f" if len(packed) == 4 else packed == bytes(15) + b"\x01"):
        return True
    return any(_matches(entry.strip().lower(), host, packed, server.port) for entry in no_proxy.split(","))


def _matches(entry: str, host: str, packed: bytes | None, port: int) -> bool:
    if not entry:
        return False
    if entry == "*":
        return True
    if "/" in entry:
        network, _, bits = entry.partition("/")
        start = _packed(network)
        if packed is None or start is None or not bits.isdigit() or len(start) != len(packed):
            return False
        shift = len(start) * 8 - int(bits)
        return shift >= 0 and int.from_bytes(start, "big") >> shift == int.from_bytes(packed, "big") >> shift
    name, wanted = entry, ""
    if entry.startswith("["):
        name, _, wanted = entry[1:].partition("]")
        wanted = wanted.removeprefix(":")
    elif entry.count(":") == 1:
        name, _, wanted = entry.partition(":")
    if wanted and wanted != str(port):
        return False
    address = _packed(name)
    if address is not None or packed is not None:
        return address is not None and address == packed
    name = name.removeprefix("*") if name.startswith("*.") else name
    if name.startswith("."):
        return host.endswith(name)
    return bool(name) and (host == name or host.endswith("." + name))


def _packed(host: str) -> bytes | None:
    """Return an IP address as bytes, None when it is none."""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host.partition("%")[0])
    except (OSError, ValueError):
        return None


def authorization(proxy: Url) -> list[tuple[str, str]]:
    """Return the Proxy-Authorization header for the user named in a proxy's URL, if any."""
    if not proxy.userinfo:
        return []
    import binascii

    user, _, password = proxy.userinfo.partition(":")
    pair = f"{unquote(user)}:{unquote(password)}".encode()
    return [("Proxy-Authorization", "Basic " + binascii.b2a_base64(pair, newline=False).decode("ascii"))]


def tunnel(wire: Wire, proxy: Url, server: Url, user_agent: str, timeout: float) -> None:
    """Have an HTTP proxy connect this connection to the server; raise WireError when it does not."""
    headers = [("Host", server.address), ("User-Agent", user_agent), *authorization(proxy)]
    wire.send("CONNECT", server.address, headers, None, timeout)
    head = wire.read_head("CONNECT", timeout)
    if head.status != 200:
        raise WireError(f"proxy {proxy.address}: {head.reason or head.status}")


def socks_tunnel(sock: socket.socket, proxy: Url, server: Url, timeout: float) -> None:
    """Have a SOCKS5 proxy (RFC 1928, 1929) connect to the server; it also looks up the name."""
    sock.settimeout(timeout)
    try:
        user, _, password = (unquote(part).encode() for part in proxy.userinfo.partition(":"))
        sock.sendall(b"\x05\x02\x00\x02" if proxy.userinfo else b"\x05\x01\x00")
        version, method = _exactly(sock, 2)
        if version == 5 and method == 2 and proxy.userinfo and len(user) < 256 and len(password) < 256:
            sock.sendall(b"\x01" + bytes((len(user),)) + user + bytes((len(password),)) + password)
            if _exactly(sock, 2)[1]:
                raise WireError(f"socks connect tcp {proxy.address}: username/password authentication failed")
        elif version != 5 or method:
            raise WireError(f"socks connect tcp {proxy.address}: no acceptable authentication methods")
        packed = _packed(server.host)
        if packed is None:
            name = server.host.encode("ascii" if server.host.isascii() else "idna")
            where = b"\x03" + bytes((len(name),)) + name
        else:
            where = (b"\x01" if len(packed) == 4 else b"\x04") + packed
        sock.sendall(b"\x05\x01\x00" + where + server.port.to_bytes(2, "big"))
        _, code, _, kind = _exactly(sock, 4)
        if code:
            raise WireError(f"socks connect tcp {proxy.address}->{server.address}: {_SOCKS_ERRORS.get(code, code)}")
        _exactly(sock, {1: 4, 4: 16}.get(kind) or _exactly(sock, 1)[0])
        _exactly(sock, 2)
    except TimeoutError:
        raise WireError(f"socks connect tcp {proxy.address}: i/o timeout", timed_out=True) from None
    except (OSError, ValueError) as error:
        raise WireError(f"socks connect tcp {proxy.address}: {error}") from None


_SOCKS_ERRORS = {
    1: "general SOCKS server failure",
    2: "connection not allowed by ruleset",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise WireError("unexpected EOF from the proxy")
        data += piece
    return data
