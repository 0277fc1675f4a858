"""Who we are to the API server: the headers and the client certificate of each request.

Order of preference as in client-go: a token, a token file (read again once a minute and when the server refuses it),
an exec plugin, another auth provider, basic auth. Over plain HTTP no credentials are sent, impersonation headers are
(spec/commands.md §1.6).
"""

from __future__ import annotations

import _thread
import time
from typing import TYPE_CHECKING

from kubectl_rollouts.cluster.errors import ConfigError
from kubectl_rollouts.cluster.urls import Url, quote, unquote

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.exec_plugin import ExecCredential
    from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
    from kubectl_rollouts.cluster.requestlog import RequestLog

_TOKEN_FILE_AGE = 60.0  # seconds


class Credentials:
    """The credentials of one user at one server. May be used by several threads at once.

    `generation` changes whenever the credentials do.
    """

    def __init__(self, config: ClusterConfig, server: Url, log: RequestLog) -> None:
        self.generation = 0
        self._config = config
        self._user = user = config.user
        self._secure = server.scheme == "https"
        self._log = log
        self._lock = _thread.allocate_lock()
        self._impersonation = _impersonation(config)
        self._fixed = ""  # an Authorization header that never changes
        self._file_token = ""
        self._file_read = 0.0
        self._plugin: ExecCredential | None = None
        self._provided = ""  # what an auth provider gave
        log.hide(user.token, user.password)
        if not self._secure:
            return
        if user.token and not user.token_file:
            self._fixed = f"Bearer {user.token}"
        elif not user.token_file and (user.username or user.password):
            self._fixed = _basic(user.username, user.password)
            log.hide(self._fixed[6:])
        elif server.userinfo and user.exec is None and user.auth_provider is None and not user.token_file:
            name, _, password = server.userinfo.partition(":")
            self._fixed = _basic(unquote(name), unquote(password))
            log.hide(self._fixed[6:], unquote(password))

    def headers(self) -> list[tuple[str, str]]:
        """Return the Authorization and Impersonate headers for the next request.

        May read the token file or run the exec plugin. Raises ConfigError.
        """
        authorization = self._fixed
        if not authorization and self._secure:
            user = self._user
            if user.token_file:
                token = self._read_token()
                authorization = f"Bearer {token}" if token else ""
            elif user.exec is not None:
                token = self._run_plugin().token
                authorization = f"Bearer {token}" if token else ""
            elif user.auth_provider is not None:
                authorization = self._ask_provider()
        if not authorization:
            return self._impersonation
        if any(char < " " or char == "\x7f" for char in authorization):
            raise ConfigError("the bearer token has characters that cannot be sent in a header")
        return [("Authorization", authorization), *self._impersonation]

    def certificate(self) -> tuple[bytes, bytes] | None:
        """Return certificate and key (PEM) that the exec plugin gave; None: those of the kubeconfig count."""
        user = self._user
        if not self._secure or user.exec is None or user.token or user.token_file:
            return None
        credential = self._run_plugin()
        return (credential.cert, credential.key) if credential.cert else None

    def refresh(self, generation: int) -> bool:
        """Get new credentials because the server refused those of `generation`.

        Returns whether there are others now, so that sending the request again is worth it.
        """
        user = self._user
        if not self._secure or self._fixed:
            return False
        if generation != self.generation:
            return True  # another thread was here first
        if user.token_file:
            before = self._file_token
            return self._read_token(force=True) != before
        if user.exec is not None:
            self._run_plugin(stale=generation)
            return True
        if user.auth_provider is not None:
            before = self._provided
            return self._ask_provider(stale=generation) != before
        return False

    def _read_token(self, force: bool = False) -> str:
        from kubectl_rollouts.cluster.tls import read_file

        with self._lock:
            now = time.monotonic()
            if force or not self._file_token or now - self._file_read >= _TOKEN_FILE_AGE:
                try:
                    token = read_file(self._user.token_file, "token").decode("utf-8", "replace").strip()
                except ConfigError:
                    token = self._file_token  # being replaced just now: the old one may still do
                    if not token and not self._user.token:
                        raise
                self._file_read = now
                token = token or self._user.token
                if token != self._file_token:
                    self._file_token = token
                    self.generation += 1
                    self._log.hide(token)
            return self._file_token

    def _run_plugin(self, stale: int | None = None) -> ExecCredential:
        """Return the plugin's credential, run it if there is none, it has expired, or it is `stale`."""
        from kubectl_rollouts.cluster.exec_plugin import run_plugin

        with self._lock:
            known = self._plugin
            if known is None or known.expired(time.time()) or stale == self.generation:
                self._plugin = known = run_plugin(self._config)
                self.generation += 1
                self._log.hide(known.token, known.key.decode("ascii", "replace"))
            return known

    def _ask_provider(self, stale: int | None = None) -> str:
        from kubectl_rollouts.cluster.auth_providers import authorization

        with self._lock:
            if not self._provided or stale == self.generation:
                self._provided = authorization(self._config, renew=stale is not None)
                self.generation += 1
                self._log.hide(self._provided.rpartition(" ")[2])
            return self._provided


def _basic(username: str, password: str) -> str:
    import binascii

    pair = f"{username}:{password}".encode()
    return "Basic " + binascii.b2a_base64(pair, newline=False).decode("ascii")


def _impersonation(config: ClusterConfig) -> list[tuple[str, str]]:
    user = config.user
    if not user.impersonate:
        return []
    headers = [("Impersonate-User", user.impersonate)]
    if user.impersonate_uid:
        headers.append(("Impersonate-Uid", user.impersonate_uid))
    headers += [("Impersonate-Group", group) for group in user.impersonate_groups]
    for key, values in user.impersonate_extra.items():
        name = "Impersonate-Extra-" + quote(key.lower(), safe=b"!#$&'*+^`|")
        headers += [(name, value) for value in values]
    return headers
