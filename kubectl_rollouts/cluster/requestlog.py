"""What `-v` shows of requests, without secrets; and the server's warnings.

`-v 6`: method, URL, status, milliseconds. `-v 8`: headers and bodies too. Credentials, the data of Secrets and
whatever looks like one of them are replaced by `REDACTED`, also where they turn up by accident.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.wire import Head

REDACTED = "REDACTED"
_SHOWN = 10240  # characters of a body
_SECRET_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie", "x-remote-extra-token"))


class RequestLog:
    """Where requests and warnings are told. `write` gets lines without a line break at the end."""

    def __init__(
        self,
        write: Callable[[str], None] | None = None,
        verbosity: int = 0,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.verbosity = verbosity if write is not None else 0
        self._write = write
        self._warn = warn
        self._secrets: set[str] = set()

    def hide(self, *secrets: str) -> None:
        """Show REDACTED wherever one of these appears (too short ones would only garble the log)."""
        for secret in secrets:
            if len(secret) >= 6:
                self._secrets.add(secret)

    def redacted(self, text: str) -> str:
        """Return a text without the secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return text

    def redacted_answer(self, body: bytes) -> bytes:
        """Return the body of an error without the secrets: some servers repeat what they were sent."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            body = body.replace(secret.encode("utf-8", "surrogateescape"), REDACTED.encode())
        return body

    def say(self, text: str) -> None:
        """Write a line, redacted."""
        if self._write is not None:
            self._write(self.redacted(text))

    def warning(self, text: str) -> None:
        """Pass on a warning of the server (spec/commands.md §2.1)."""
        if self._warn is not None:
            self._warn(self.redacted(text))
        else:
            self.say(log_line("info", f"Warning: {text}"))

    def request(self, method: str, url: str, headers: list[tuple[str, str]], body: bytes | None) -> Note:
        """Note that a request goes out; the note is told how it ended."""
        if self.verbosity >= 8:
            self.say(f"{method} {url}")
            self._show_headers("Request Headers:", headers)
            if body is not None:
                self.say(f"Request Body: {redacted_body(body)}")
        return Note(self, method, url)

    def _show_headers(self, title: str, headers: list[tuple[str, str]]) -> None:
        self.say(title)
        for key, value in headers:
            self.say(f"    {key}: {REDACTED if key.lower() in _SECRET_HEADERS else value}")


class Note:
    """One request on its way."""

    __slots__ = ("_log", "_method", "_started", "_url")

    def __init__(self, log: RequestLog, method: str, url: str) -> None:
        self._log = log
        self._method = method
        self._url = url
        self._started = time.monotonic()

    def answered(self, head: Head, body: bytes | None) -> None:
        """Log the answer (`body` None: it is streamed) and pass on its warnings."""
        log = self._log
        for value in head.get_all("warning"):
            text = _warning_text(value)
            if text:
                log.warning(text)
        if log.verbosity < 6:
            return
        spent = int((time.monotonic() - self._started) * 1000)
        log.say(f"{self._method} {self._url} {head.status} {head.reason} in {spent} milliseconds")
        if log.verbosity >= 8:
            log._show_headers("Response Headers:", head.headers)
            if body:
                log.say(f"Response Body: {redacted_body(body)}")

    def failed(self, cause: str) -> None:
        """Log that no answer came."""
        if self._log.verbosity >= 6:
            spent = int((time.monotonic() - self._started) * 1000)
            self._log.say(f"{self._method} {self._url} failed in {spent} milliseconds: {cause}")


def log_line(level: str, message: str) -> str:
    """Return a log line as the reference writes it off a terminal: `time="…" level=… msg="…"`."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    stamp = stamp[:-5] + "Z" if stamp.endswith("+0000") else f"{stamp[:-2]}:{stamp[-2:]}"
    shown = message.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'time="{stamp}" level={level} msg="{shown}"'


def redacted_body(body: bytes) -> str:
    """Return a body for the log: JSON with its secrets replaced, other text cut, never raw Secret data."""
    import msgspec

    try:
        text = msgspec.json.encode(_redacted(msgspec.json.decode(body))).decode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        if b"{" in body[:1]:
            return f"[{len(body)} bytes that are not JSON]"
        text = body.decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} [truncated {len(text) - _SHOWN} chars]"


_SECRET_KEYS = ("token", "password", "passwd", "secret", "apikey", "privatekey", "clientkeydata", "credential")


def _redacted(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        return [_redacted(item, key) for item in value]
    if isinstance(value, dict):
        if isinstance(value.get("name"), str) and isinstance(value.get("value"), str):  # an environment variable
            value = {**value, "value": _redacted(value["value"], value["name"])}
        secret = value.get("kind") == "Secret" or ("type" in value and "data" in value and "kind" not in value)
        return {
            name: _blanked(item)
            if (secret and name in ("data", "stringData")) or name == "kubectl.kubernetes.io/last-applied-configuration"
            else _redacted(item, name)
            for name, item in value.items()
        }
    plain = key.lower().replace("-", "").replace("_", "")
    if isinstance(value, str) and any(plain.endswith(word) for word in _SECRET_KEYS):
        return REDACTED
    return value


def _blanked(value: Any) -> Any:
    if isinstance(value, dict):
        return dict.fromkeys(value, REDACTED)
    return REDACTED


def _warning_text(value: str) -> str:
    """Return the text of a Warning header, `299 - "text"`; "" for other codes and forms."""
    code, _, rest = value.partition(" ")
    quoted = rest.partition(" ")[2].strip()
    if code != "299" or not quoted.startswith('"'):
        return ""
    out, at = [], 1
    while at < len(quoted) and quoted[at] != '"':
        at += quoted[at] == "\\"
        out.append(quoted[at : at + 1])
        at += 1
    return "".join(out).encode("latin-1", "replace").decode("utf-8", "replace")
