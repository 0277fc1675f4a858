"""Who we are to the API server: the headers and the client certificate of each request.

Order of preference as in client-go: a user in the server's URL, a token file (read again once a minute and when the
server refuses it), a token, basic auth, an exec plugin, another auth provider. Whoever has a token, a password or a
client certificate runs no plugin. Over plain HTTP no credentials are sent, impersonation headers are
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
    from kubectl_rollouts.cluster.kubeconfig_files import Exec
    from kubectl_rollouts.cluster.requestlog import RequestLog

_TOKEN_FILE_AGE = 60.0  # seconds


class Credentials:
    """The credentials of one user at one server, with a generation that grows whenever they change.

    May be used by several threads at once.
    """

    def __init__(self, config: ClusterConfig, server: Url, log: RequestLog) -> None:
        self._generation = 0
        self._config = config
        self._user = user = config.user
        self._secure = server.scheme == "https"
        self._log = log
        self._lock = _thread.allocate_lock()
        self._impersonation = _impersonation(config)
        self._fixed = ""  # an Authorization header that never changes
        self._file_token = ""
        self._file_read = 0.0
        self._exec: Exec | None = None
        self._plugin: ExecCredential | None = None
        self._provided = ""  # what an auth provider gave
        log.hide(user.token, user.password)
        if not self._secure:
            return
        if (user.token or user.token_file) and user.username:
            raise ConfigError("username/password or bearer token may be set, but not both")
        certificate = (user.cert_data or user.cert_file) and (user.key_data or user.key_file)
        if not (user.token or user.token_file or user.username or certificate):
            self._exec = user.exec
        if server.userinfo:  # of the URL: sets the header before anything else can
            name, _, password = server.userinfo.partition(":")
            self._fixed = _basic(unquote(name), unquote(password))
            log.hide(self._fixed[6:], unquote(password))
        elif user.token and not user.token_file:
            self._fixed = f"Bearer {user.token}"
        elif user.username:
            self._fixed = _basic(user.username, user.password)
            log.hide(self._fixed[6:])

    def headers(self) -> tuple[list[tuple[str, str]], int]:
        """Return the Authorization and Impersonate headers for the next request, and their generation.

        May read the token file or run the exec plugin. Raises ConfigError.
        """
        authorization, generation = self._fixed, 0
        if not authorization and self._secure:
            user = self._user
            with self._lock:
                if user.token_file:
                    authorization = _bearer(self._read_token())
                elif self._exec is not None:
                    authorization = _bearer(self._run_plugin().token)
                elif user.auth_provider is not None:
                    authorization = self._ask_provider()
                generation = self._generation
        if not authorization:
            return self._impersonation, generation
        if any(char < " " or char == "\x7f" for char in authorization):
            raise ConfigError("the bearer token has characters that cannot be sent in a header")
        return [("Authorization", authorization), *self._impersonation], generation

    def certificate(self) -> tuple[bytes, bytes] | None:
        """Return certificate and key (PEM) that the exec plugin gave; None: those of the kubeconfig count."""
        if self._exec is None:
            return None
        with self._lock:
            credential = self._run_plugin()
        return (credential.cert, credential.key) if credential.cert else None

    def refresh(self, generation: int) -> bool:
        """Get new credentials because the server refused those of `generation`.

        Returns whether there are others now, so that sending the request again is worth it.
        """
        user = self._user
        if not self._secure or self._fixed:
            return False
        with self._lock:
            if generation != self._generation:
                return True  # another thread was here first
            if user.token_file:
                self._read_token(force=True)
            elif self._exec is not None:
                self._run_plugin(force=True)
            elif user.auth_provider is not None:
                self._ask_provider(force=True)
            return generation != self._generation

    # --- With the lock held: one thread reads, runs and asks, the others wait for what it gets ---------------------

    def _read_token(self, force: bool = False) -> str:
        from kubectl_rollouts.cluster.tls import read_file

        now = time.monotonic()
        if force or not self._file_token or now - self._file_read >= _TOKEN_FILE_AGE:
            known = self._file_token or self._user.token  # the file may be being replaced just now
            try:
                token = read_file(self._user.token_file).decode("utf-8", "replace").strip() or known
            except ConfigError:
                if not known:
                    raise
                token = known
            if not token:
                raise ConfigError(f'read empty token from file "{self._user.token_file}"')
            self._file_read = now
            if token != self._file_token:
                self._file_token = token
                self._generation += 1
                self._log.hide(token)
        return self._file_token

    def _run_plugin(self, force: bool = False) -> ExecCredential:
        known = self._plugin
        if force or known is None or known.expired(time.time()):
            from kubectl_rollouts.cluster.exec_plugin import run_plugin

            self._plugin = known = run_plugin(self._config)
            self._generation += 1
            self._log.hide(known.token, known.key.decode("ascii", "replace"))
        return known

    def _ask_provider(self, force: bool = False) -> str:
        if force or not self._provided:
            from kubectl_rollouts.cluster.auth_providers import authorization

            provided = authorization(self._config, renew=force)
            if provided != self._provided:
                self._provided = provided
                self._generation += 1
                self._log.hide(provided.rpartition(" ")[2])
        return self._provided


def _bearer(token: str) -> str:
    return f"Bearer {token}" if token else ""


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
        name = "Impersonate-Extra-" + quote(key, safe=b"!#$&'*+^`|")
        headers += [(name, value) for value in values]
    return headers
