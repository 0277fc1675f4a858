"""The rules of Kubernetes names: each returns what is wrong with a text, as a list of messages (spec/lint.md §5.4)."""

from __future__ import annotations

import re
from functools import cache

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_QUALIFIED})?"
_ENV = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"

_CHARACTERS = (
    "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_EXAMPLES = "(e.g. 'MyName',  or 'my.name',  or '123-abc', "
_ALNUM_ENDS = "and must start and end with an alphanumeric character"

DNS_LABEL = (
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ALNUM_ENDS} "
    f"(e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
DNS_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    f"{_ALNUM_ENDS} (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
LABEL_VALUE = (
    f"a valid label must be an empty string or {_CHARACTERS} (e.g. 'MyValue',  or 'my_value',  or '12345', "
    f"regex used for validation is '{_LABEL_VALUE}')"
)
_NAME_PART = f"name part must {_CHARACTERS} {_EXAMPLES}regex used for validation is '{_QUALIFIED}')"
_TWO_SLASHES = (
    f"a qualified name must {_CHARACTERS} {_EXAMPLES}regex used for validation is '{_QUALIFIED}') "
    "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)
ENV_NAME = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', "
    "and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', "
    f"regex used for validation is '{_ENV}')"
)
CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
    f"or 'key-name', regex used for validation is '{_CONFIG_KEY}')"
)
HTTP_HEADER = (
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', "
    "regex used for validation is '[-A-Za-z0-9]+')"
)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _matches(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


def too_many(limit: int) -> str:
    """The message about a text of more than `limit` bytes."""
    return f"must be no more than {limit} characters"


def size(text: str) -> int:
    """The length of a text as Go counts it: in bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def dns_label(text: str) -> list[str]:
    """What keeps `text` from being a DNS label."""
    errors = [too_many(63)] if size(text) > 63 else []
    if not _matches(_LABEL, text):
        errors.append("must not contain dots" if _matches(_SUBDOMAIN, text) else DNS_LABEL)
    return errors


def dns_subdomain(text: str) -> list[str]:
    """What keeps `text` from being a DNS subdomain, as most names of objects are."""
    errors = [too_many(253)] if size(text) > 253 else []
    if not _matches(_SUBDOMAIN, text):
        errors.append(DNS_SUBDOMAIN)
    return errors


def label_value(text: str) -> list[str]:
    """What keeps `text` from being the value of a label."""
    errors = [too_many(63)] if size(text) > 63 else []
    if not _matches(_LABEL_VALUE, text):
        errors.append(LABEL_VALUE)
    return errors


def qualified_name(text: str) -> list[str]:
    """What keeps `text` from being a `[prefix/]name`, as the key of a label is."""
    errors: list[str] = []
    parts = text.split("/")
    if len(parts) > 2:
        return [_TWO_SLASHES]
    if len(parts) == 2:
        prefix = parts[0]
        if not prefix:
            errors.append("prefix part must be non-empty")
        else:
            errors += [f"prefix part {message}" for message in dns_subdomain(prefix)]
    name = parts[-1]
    if not name:
        errors.append("name part must be non-empty")
    elif size(name) > 63:
        errors.append(f"name part {too_many(63)}")
    if not _matches(_QUALIFIED, name):
        errors.append(_NAME_PART)
    return errors


def env_name(text: str) -> list[str]:
    """What keeps `text` from being the name of an environment variable."""
    errors = [] if _matches(_ENV, text) else [ENV_NAME]
    return errors + _not_a_path(text)


def config_key(text: str) -> list[str]:
    """What keeps `text` from being a key of a ConfigMap or Secret."""
    errors = [too_many(253)] if size(text) > 253 else []
    if not _matches(_CONFIG_KEY, text):
        errors.append(CONFIG_KEY)
    return errors + _not_a_path(text)


def _not_a_path(text: str) -> list[str]:
    if text == ".":
        return ["must not be '.'"]
    if text == "..":
        return ["must not be '..'"]
    return ["must not start with '..'"] if text.startswith("..") else []


def port_name(text: str) -> list[str]:
    """What keeps `text` from being the name of a port: all that applies."""
    errors = [too_many(15)] if size(text) > 15 else []
    if not _matches("[-a-z0-9]+", text):
        errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _pattern("[a-z]").search(text):
        errors.append("must contain at least one letter (a-z)")
    if "--" in text:
        errors.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        errors.append("must not begin or end with a hyphen")
    return errors


def in_range(value: int, low: int, high: int) -> list[str]:
    """`must be between low and high, inclusive`, when it is not."""
    return [] if low <= value <= high else [f"must be between {low} and {high}, inclusive"]


def port_number(value: int) -> list[str]:
    """What keeps `value` from being a port."""
    return in_range(value, 1, 65535)


def http_header(text: str) -> list[str]:
    """What keeps `text` from being the name of an HTTP header."""
    return [] if _matches("[-A-Za-z0-9]+", text) else [HTTP_HEADER]
