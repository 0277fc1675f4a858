"""Opening a TCP connection: names looked up and addresses tried within a time limit, IPv6 and IPv4 side by side."""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kubectl_rollouts.cluster.urls import bracketed
from kubectl_rollouts.cluster.wire import WireError, reason

_HEAD_START = 0.25  # seconds that an address has before the next one is tried beside it (RFC 8305)
_SLICE = 0.2  # seconds between looks at whether the wait is still wanted

Address = tuple[socket.AddressFamily, tuple[Any, ...]]


def connect(host: str, port: int, timeout: float, cancelled: Callable[[], bool] | None = None) -> socket.socket:
    """Return a connected socket; raise WireError with the reference's text within `timeout` seconds."""
    end = time.monotonic() + timeout
    addresses = _in_turn(_look_up(host, port, end, cancelled))
    selector = selectors.DefaultSelector()
    pending: dict[socket.socket, tuple[Any, ...]] = {}
    first_error = ""
    next_at = 0.0
    try:
        while addresses or pending:
            now = time.monotonic()
            if now >= end:
                where = bracketed_address(next(iter(pending.values()))) if pending else bracketed(host)
                raise WireError(first_error or f"dial tcp {where}: i/o timeout", timed_out=True)
            if cancelled is not None and cancelled():
                raise WireError("closed")
            if addresses and (now >= next_at or not pending):
                family, address = addresses.pop(0)
                next_at = now + _HEAD_START
                try:
                    sock = _start(family, address)
                except OSError as error:
                    first_error = first_error or _dial_error(address, error)
                    continue
                pending[sock] = address
                selector.register(sock, selectors.EVENT_WRITE)
            wait = min(end, next_at if addresses else end, now + _SLICE) - now
            for key, _ in selector.select(max(wait, 0.0)):
                sock = key.fileobj  # type: ignore[assignment]  # we registered nothing but sockets
                selector.unregister(sock)
                address = pending.pop(sock)
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not code:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                    return sock
                sock.close()
                first_error = first_error or _dial_error(address, OSError(code, os.strerror(code)))
        raise WireError(first_error or f"dial tcp: lookup {host}: no such host")
    finally:
        for sock in pending:
            sock.close()
        selector.close()


def bracketed_address(address: tuple[Any, ...]) -> str:
    """Return HOST:PORT of a socket address."""
    return f"{bracketed(str(address[0]))}:{address[1]}"


def _start(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        with suppress(BlockingIOError, InterruptedError):  # under way
            sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _dial_error(address: tuple[Any, ...], error: OSError) -> str:
    return f"dial tcp {bracketed_address(address)}: connect: {reason(error)}"


def _in_turn(addresses: list[Address]) -> list[Address]:
    """Return the addresses with the families taking turns, each in the resolver's order."""
    if len(addresses) < 2:
        return addresses
    first = [item for item in addresses if item[0] == addresses[0][0]]
    other = [item for item in addresses if item[0] != addresses[0][0]]
    out: list[Address] = []
    while first or other:
        out += first[:1] + other[:1]
        first, other = first[1:], other[1:]
    return out


def _look_up(host: str, port: int, end: float, cancelled: Callable[[], bool] | None) -> list[Address]:
    """Return the addresses of a host. A real name is looked up in a thread: the resolver knows no time limit."""
    if ":" in host or host == "localhost" or host.rsplit(".", 1)[-1].isdigit():
        return _resolve(host, port)
    import _thread

    answer: list[list[Address] | WireError] = []
    done = _thread.allocate_lock()
    done.acquire()

    def work() -> None:
        try:
            answer.append(_resolve(host, port))
        except WireError as error:
            answer.append(error)
        finally:
            done.release()

    _thread.start_new_thread(work, ())
    while not done.acquire(timeout=max(0.0, min(_SLICE, end - time.monotonic()))):
        if cancelled is not None and cancelled():
            raise WireError("closed")
        if time.monotonic() >= end:
            raise WireError(f"dial tcp: lookup {host}: i/o timeout", timed_out=True)
    result = answer[0]
    if isinstance(result, WireError):
        raise result
    return result


def _resolve(host: str, port: int) -> list[Address]:
    try:
        # As bytes: for text Python loads its IDNA codec first.
        name = host.encode("ascii" if host.isascii() else "idna")
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise WireError(f"dial tcp: lookup {host}: no such host") from None
    except OSError as error:
        unknown = isinstance(error, socket.gaierror) and error.errno in (
            socket.EAI_NONAME,
            getattr(socket, "EAI_NODATA", socket.EAI_NONAME),
        )
        cause = "no such host" if unknown else reason(error)
        raise WireError(f"dial tcp: lookup {host}: {cause}") from None
    return [(family, address) for family, _, _, _, address in found if isinstance(address[0], str)]
