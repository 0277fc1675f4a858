"""A server that answers each request with exactly the bytes a test says: half answers, cuts, silence, TLS, resets."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

TLS = Path(__file__).parent / "data" / "tls"


class Request(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int  # the how-manieth connection it came on

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class Exchange:
    """One request, and the means to answer it. The connection is kept open unless `close` or `reset` is called."""

    def __init__(self, request: Request, sock: socket.socket, stopped: threading.Event) -> None:
        self.request = request
        self._sock = sock
        self._stopped = stopped
        self.open = True

    def raw(self, data: bytes) -> None:
        self._sock.sendall(data)

    def answer(self, body: Any, status: int = 200, media: str = "application/json", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Some Reason", f"Content-Type: {media}", f"Content-Length: {len(data)}"]
        lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
        self.raw("\r\n".join((*lines, "", "")).encode() + data)

    def stream(self) -> None:
        """Begin a chunked answer."""
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")

    def chunk(self, data: bytes) -> None:
        self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    def event(self, kind: str, obj: Any) -> None:
        self.chunk(json.dumps({"type": kind, "object": obj}).encode() + b"\n")

    def silence(self) -> None:
        """Say nothing more until the client or the server goes away."""
        self._sock.settimeout(0.05)
        while not self._stopped.is_set():
            try:
                if not self._sock.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.close()

    def close(self) -> None:
        self.open = False
        self._sock.close()

    def reset(self) -> None:
        """Cut the connection with RST instead of FIN."""
        self.open = False
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()


Handler = Callable[[Exchange], None]


class RawServer:
    """`with RawServer(handler) as server:`; `server.url`, `server.requests`, `server.connections`."""

    def __init__(
        self, handler: Handler, *, tls: bool = False, client_ca: str = "", host: str = "127.0.0.1", backlog: int = 16
    ) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.connections = 0
        self.client_certificates: list[Any] = []
        self.server_names: list[str | None] = []
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._context: ssl.SSLContext | None = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(TLS / "server.crt", TLS / "server.key")
            self._context.sni_callback = lambda _sock, name, _context: self.server_names.append(name)
            if client_ca:
                self._context.load_verify_locations(TLS / client_ca)
                self._context.verify_mode = ssl.CERT_OPTIONAL
        self._listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=backlog
        )
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{shown}:{self.port}"

    def __enter__(self) -> RawServer:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _spawn(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._spawn(self._serve, sock, self.connections)

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            sock.settimeout(10)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
                self.client_certificates.append(sock.getpeercert())
            while not self._stopped.is_set():
                request = self._read(sock, number)
                if request is None:
                    break
                self.requests.append(request)
                exchange = Exchange(request, sock, self._stopped)
                self.handler(exchange)
                if not exchange.open:
                    break
        except OSError:
            pass
        finally:
            sock.close()

    def _read(self, sock: socket.socket, number: int) -> Request | None:
        data = b""
        sock.settimeout(0.05)
        while b"\r\n\r\n" not in data:
            try:
                piece = sock.recv(65536)
            except TimeoutError:
                if self._stopped.is_set():
                    return None
                continue
            if not piece:
                return None
            data += piece
        sock.settimeout(10)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers: dict[str, str] = {}
        for line in lines:
            key, _, value = line.partition(": ")
            headers[key.lower()] = f"{headers[key.lower()]}|{value}" if key.lower() in headers else value
        while len(body) < int(headers.get("content-length", 0)):
            body += sock.recv(65536)
        return Request(method, target, headers, body, number)
