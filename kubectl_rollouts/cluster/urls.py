"""URLs, as far as a client needs them. (Importing urllib.parse costs 1.5 ms of a cold start.)"""

from __future__ import annotations

from typing import NamedTuple

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Url(NamedTuple):
    """An absolute URL, split. `host` is without brackets, `path` as written (may be ""), `userinfo` as written."""

    scheme: str
    host: str
    port: int
    path: str
    userinfo: str = ""

    @property
    def netloc(self) -> str:
        """HOST or HOST:PORT as a Host header has it: without the scheme's usual port, IPv6 in brackets."""
        usual = {"http": 80, "https": 443}.get(self.scheme)
        return bracketed(self.host) if self.port == usual else self.address

    @property
    def address(self) -> str:
        """HOST:PORT, IPv6 in brackets."""
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def origin(self) -> str:
        """SCHEME://HOST[:PORT]."""
        return f"{self.scheme}://{self.netloc}"


def split_url(text: str) -> Url:
    """Return the parts of an absolute http, https or socks5 URL; raise ValueError with the reason."""
    scheme, mark, rest = text.partition("://")
    scheme = scheme.lower()
    if not mark or not scheme:
        raise ValueError("not an absolute URL")
    if any(char <= " " or char == "\x7f" for char in text):
        raise ValueError("invalid control character or space in URL")
    end = min((at for at in (rest.find(mark) for mark in "/?#") if at >= 0), default=len(rest))
    authority, path = rest[:end], rest[end:]
    userinfo, _, hostport = authority.rpartition("@")
    path = path.partition("#")[0].partition("?")[0]
    if hostport.startswith("["):
        host, mark, port = hostport[1:].partition("]")
        if not mark or (port and not port.startswith(":")):
            raise ValueError(f'invalid host "{hostport}"')
        port = port[1:]
    else:
        host, _, port = hostport.partition(":")
    if not host:
        raise ValueError("no host in URL")
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError(f'invalid port "{port}"')
    usual = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}.get(scheme, 0)
    return Url(scheme, host, int(port) if port else usual, path, userinfo)


def bracketed(host: str) -> str:
    """Return the host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def quote(text: str, safe: bytes = b"") -> str:
    """Return the text percent-encoded, all but letters, digits, `-._~` and `safe`."""
    if text.isascii() and text.replace("-", "").isalnum():
        return text
    data = text.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if byte in _UNRESERVED or byte in safe else f"%{byte:02X}" for byte in data)


def unquote(text: str) -> str:
    """Return the text with %XX decoded (bad escapes stay as they are)."""
    if "%" not in text:
        return text
    first, *rest = text.encode("utf-8", "surrogatepass").split(b"%")
    out = bytearray(first)
    for part in rest:
        try:
            out += bytes((int(part[:2], 16),)) + part[2:] if len(part) >= 2 else b"%" + part
        except ValueError:
            out += b"%" + part
    return out.decode("utf-8", "replace")


def query_string(parameters: dict[str, str]) -> str:
    """Return `?a=b&c=d`, sorted by name as the reference sends it; "" without parameters."""
    pairs = [f"{quote(key)}={quote(value).replace('%20', '+')}" for key, value in sorted(parameters.items())]
    return "?" + "&".join(pairs) if pairs else ""
