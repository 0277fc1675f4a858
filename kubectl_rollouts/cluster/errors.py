"""What can go wrong between this program and an API server, each with the text that the reference shows.

Source of the texts: spec/commands.md §2.4; for answers without a Status object client-go's
`NewGenericServerResponse`.
"""

from __future__ import annotations

from kubectl_rollouts.errors import Failure

# code -> (reason, message); None: the answer's own text is the message.
_GENERIC: dict[int, tuple[str, str | None]] = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    403: ("Forbidden", None),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    406: ("NotAcceptable", None),
    409: ("Conflict", "the server reported a conflict"),
    415: ("UnsupportedMediaType", None),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: (
        "Timeout",
        "the server was unable to return a response in the time allotted, but may still be processing the request",
    ),
}


class ApiError(Failure):
    """The API server answered, with an error. `str()` is the message that the reference would print.

    `code` is the HTTP status (or the one in an ERROR event), `reason` Kubernetes' word for it, `details` the
    Status object's details as decoded, `retry_after` the server's wish in seconds (None: none was said); a wish of
    more seconds than requests wait for (commands.md §2.5) stands in the text, too.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: dict[str, object] | None = None,
        retry_after: float | None = None,
    ) -> None:
        wish = "" if retry_after is None or retry_after <= 10 else f" (the server asks to wait {retry_after:.0f} s)"
        super().__init__(message + wish)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after = retry_after

    @property
    def not_found(self) -> bool:
        """The object, or the API itself, is not there: any 404, with or without a Status object."""
        return self.code == 404 or self.reason == "NotFound"

    @property
    def unauthorized(self) -> bool:
        """The credentials were not accepted."""
        return self.code == 401 or self.reason == "Unauthorized"

    @property
    def forbidden(self) -> bool:
        """The user is known but may not do this."""
        return self.code == 403 or self.reason == "Forbidden"

    @property
    def conflict(self) -> bool:
        """The object was changed since it was read."""
        return self.reason == "Conflict" or (self.code == 409 and self.reason != "AlreadyExists")

    @property
    def already_exists(self) -> bool:
        """An object of that name is there already."""
        return self.reason == "AlreadyExists"

    @property
    def gone(self) -> bool:
        """The resource version or continue token is too old: list again."""
        return self.code == 410 or self.reason in ("Gone", "Expired")

    @property
    def too_many(self) -> bool:
        """The server asks to come back later."""
        return self.code == 429 or self.reason == "TooManyRequests"


class ConfigError(Failure):
    """The kubeconfig or the connection flags are not usable; no request was sent (spec/commands.md §1.6)."""


class ConnectionFailed(Failure):
    """No (complete) answer came: refused, reset, silent, cut off, or an untrusted certificate.

    The text is the reference's: `Patch "URL": dial tcp HOST:PORT: connect: connection refused`.
    `sent` says whether the request may have reached the server: then a write must not be repeated blindly.
    `timed_out` says that the wait ended, not the connection.
    """

    def __init__(
        self, method: str, url: str, cause: str, *, sent: bool, timed_out: bool = False, hint: str = ""
    ) -> None:
        text = f'{method.capitalize()} "{url}": {cause}'
        super().__init__(f"{text} ({hint})" if hint else text)
        self.cause = cause
        self.sent = sent
        self.timed_out = timed_out


class BadAnswer(Failure):
    """The server answered with success, but with something that cannot be read as the object asked for."""


def generic_error(
    code: int,
    method: str,
    text: str,
    *,
    group_resource: str = "",
    name: str = "",
    retry_after: float | None = None,
) -> ApiError:
    """Return the error for an answer without a Status object (spec/commands.md §2.4).

    `text` is the answer's body when it is text, else "". `group_resource` (`rollouts.argoproj.io`) and `name`
    make the suffix ` (patch rollouts.argoproj.io NAME)`; with "" there is none (untyped requests).
    """
    text = text.strip()[:2048].strip() or "unknown"
    reason, message = _GENERIC.get(code, ("", ""))
    if code == 409 and method == "POST":
        reason = "AlreadyExists"
    if code == 406 and text == "unknown":
        message = "the server was unable to respond with a content type that the client supports"
    if message is None:
        message = "forbidden, the server does not say why" if code == 403 and text == "unknown" else text
    if code == 400 and "HTTPS" in text:  # `Client sent an HTTP request to an HTTPS server.` and the like
        message = "the server speaks TLS, and the kubeconfig says http://: use https://"
    if not reason:
        if code >= 500:
            reason = "InternalError"
            message = f"an error on the server ({_quoted(text)}) has prevented the request from succeeding"
        else:
            reason = "Unknown"
            message = f"the server responded with the status code {code} but did not return more information"
    if group_resource:
        message += f" ({' '.join(filter(None, (method.lower(), group_resource, name)))})"
    return ApiError(code, reason, message, retry_after=retry_after)


def _quoted(text: str) -> str:
    """Return the text as Go's %q shows the usual cases."""
    for plain, shown in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, shown)
    return f'"{text}"'
