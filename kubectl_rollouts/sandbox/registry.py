"""The sandboxes that run on this machine, so that `stop`, `status` and `pods` find them.

Each has a file in a folder that only its user can read: the address, and the token that its control requests carry.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.sandbox.objects import Object

TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105  a header's name
CONTEXT = "sandbox"
"""The name of cluster, user and context in a sandbox's kubeconfig."""
PATIENCE = 5.0
"""Seconds that a sandbox has to answer a control request."""


DETACHED, FOREGROUND, COMMAND = "detached", "foreground", "command"
"""How a sandbox was started: in the background, in a terminal, or by a command (`run`, `demo`) that it ends with."""


class Entry(NamedTuple):
    """A sandbox that runs, or ran: `kubeconfig` leads to it, `way` says how it was started."""

    port: int
    pid: int
    kubeconfig: str
    token: str
    way: str = FOREGROUND

    @property
    def url(self) -> str:
        """The address of its API server."""
        return f"http://127.0.0.1:{self.port}"


def folder() -> Path:
    """The folder of the entries, made when missing. Raises Failure when it is not ours alone."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    path = Path(base, "kubectl-rollouts") if base else Path(tempfile.gettempdir(), f"kubectl-rollouts-{user}")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise Failure(f"cannot use the folder {path}: {error.strerror or error}") from error
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and (found.st_uid != user or found.st_mode & 0o077)):
        raise Failure(f"the folder {path} is not yours alone; remove it, or set XDG_RUNTIME_DIR to another place")
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its user can read, all of it or nothing. Raises Failure."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Failure(f"cannot write {path}: {error.strerror or error}") from error


def register(entry: Entry) -> Path:
    """Note a sandbox that has begun; returns its file."""
    path = folder() / f"{entry.port}.json"
    write_private(path, json.dumps(entry._asdict()))
    return path


def running() -> list[Entry]:
    """The sandboxes that run, by port. What those that are gone have left is removed; one that is busy is there."""
    found = []
    for path in sorted(folder().glob("*.json")):
        try:
            entry = Entry(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            path.unlink(missing_ok=True)
            continue
        try:
            request(entry, "GET", "status")
        except Failure as failure:
            if not isinstance(failure.__cause__, TimeoutError):
                path.unlink(missing_ok=True)
                if Path(entry.kubeconfig) == path.with_suffix(".kubeconfig"):
                    Path(entry.kubeconfig).unlink(missing_ok=True)
                continue
        found.append(entry)
    return sorted(found)


def choose(port: int = 0, kubeconfigs: Iterable[str] = ()) -> Entry:
    """The sandbox that is meant, so that nobody loses another one by mistake. Raises Failure.

    It is the one on `port`; that of a kubeconfig in use; else the only one that runs, if it runs in the background and
    the kubeconfigs lead to none that is gone: those of other terminals and commands have to be named.
    """
    entries = running()
    if port:
        entries = [entry for entry in entries if entry.port == port]
        if not entries:
            raise Failure(f"no sandbox runs on port {port}")
        return entries[0]
    if not entries:
        raise Failure("no sandbox is running")
    addresses = _addresses(kubeconfigs)
    named = [entry for entry in entries if entry.url in addresses]
    if len(named) == 1:
        return named[0]
    ports = ", ".join(str(entry.port) for entry in entries)
    if addresses and not named:
        raise Failure(
            f"the sandbox of the kubeconfig ({', '.join(sorted(addresses))}) is not running: "
            f"name another one with --port ({ports})"
        )
    if len(entries) > 1:
        raise Failure(f"several sandboxes are running (ports {ports}): say which one with --port")
    if entries[0].way != DETACHED:
        raise Failure(
            f"the only sandbox was started elsewhere, without --detach (process {entries[0].pid}): "
            f"add --port {ports} if it is meant"
        )
    return entries[0]


def _addresses(kubeconfigs: Iterable[str]) -> set[str]:
    """The sandboxes that kubeconfigs lead to, running or not."""
    found = set()
    for name in kubeconfigs:
        path = Path(name)
        with contextlib.suppress(OSError, ValueError, KeyError, IndexError, TypeError):
            content: Any = json.loads(path.read_text(encoding="utf-8"))
            if content["clusters"][0]["name"] == CONTEXT:
                found.add(content["clusters"][0]["cluster"]["server"])
        if not path.exists() and path.parent == folder() and path.stem.isdecimal():
            found.add(f"http://127.0.0.1:{path.stem}")  # it went with its sandbox
    return found


def request(entry: Entry, method: str, what: str, body: Object | None = None) -> Object:
    """Send a control request; raises Failure when the sandbox does not answer, or refuses."""
    connection = HTTPConnection("127.0.0.1", entry.port, timeout=PATIENCE)
    try:
        connection.request(method, f"/sandbox/{what}", json.dumps(body or {}), {TOKEN_HEADER: entry.token})
        response = connection.getresponse()
        found = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise Failure(f"the sandbox on port {entry.port} does not answer: {error}") from error
    finally:
        connection.close()
    if response.status >= 400 or not isinstance(found, dict):
        message = found.get("message", "") if isinstance(found, dict) else ""
        raise Failure(str(message) or f"the sandbox on port {entry.port} refused: {response.status}")
    return found


def wait_gone(entry: Entry) -> None:
    """Wait until a sandbox that was told to stop has gone; raises Failure when it takes too long."""
    deadline = time.monotonic() + 2 * PATIENCE
    path = folder() / f"{entry.port}.json"
    while path.exists():
        if time.monotonic() > deadline:
            raise Failure(f"the sandbox on port {entry.port} does not end")
        time.sleep(0.02)
