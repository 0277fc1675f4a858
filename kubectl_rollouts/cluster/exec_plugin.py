"""Exec credential plugins: `aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin` and the like.

Facts from client-go `plugin/pkg/client/auth/exec` and the Kubernetes documentation (client.authentication.k8s.io v1
and v1beta1). The plugin's standard error is the user's; its standard output is a secret and is never shown.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from kubectl_rollouts.cluster.errors import ConfigError
from kubectl_rollouts.rollout.times import parse_time

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
    from kubectl_rollouts.cluster.kubeconfig_files import Exec

_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_QUIET_LIMIT = 60.0  # seconds that a plugin may run that cannot ask anybody
_ASKING_LIMIT = 600.0  # seconds that one may run that can: a person logs in somewhere


class ExecCredential(Struct, frozen=True):
    """What a plugin gave: a token, or certificate and key (PEM), or both; `expiry` in epoch seconds, 0 for none."""

    token: str = ""
    cert: bytes = b""
    key: bytes = b""
    expiry: float = 0.0

    def expired(self, now: float) -> bool:
        """Whether it has to be got again."""
        return bool(self.expiry) and now >= self.expiry


class _Status(Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: str | None = None


class _Answer(Struct, rename="camel"):
    kind: str | None = None
    api_version: str | None = None
    status: _Status | None = None


def run_plugin(config: ClusterConfig) -> ExecCredential:
    """Run the user's plugin and return its credential. Raises ConfigError with the reason."""
    plugin = config.user.exec
    assert plugin is not None
    if plugin.api_version not in _VERSIONS:
        raise ConfigError(f'exec plugin: invalid apiVersion "{plugin.api_version}"')
    asking = _interactive(plugin)
    environment = dict(os.environ)
    for variable in plugin.env or ():
        if variable is not None:
            environment[variable.name or ""] = variable.value or ""
    environment["KUBERNETES_EXEC_INFO"] = exec_info(config, plugin, asking)
    return _read(_run(plugin, environment, asking), plugin.api_version)


def exec_info(config: ClusterConfig, plugin: Exec, asking: bool) -> str:
    """Return KUBERNETES_EXEC_INFO: what the plugin is told, the cluster only if it asked for it."""
    spec: dict[str, Any] = {"interactive": asking}
    if plugin.provide_cluster_info:
        import binascii

        from kubectl_rollouts.cluster.tls import read_file

        authority = config.ca_data or (read_file(config.ca_file, "certificate-authority") if config.ca_file else b"")
        cluster: dict[str, Any] = {"server": config.server}
        if config.tls_server_name:
            cluster["tls-server-name"] = config.tls_server_name
        if config.insecure:
            cluster["insecure-skip-tls-verify"] = True
        if authority:
            cluster["certificate-authority-data"] = binascii.b2a_base64(authority, newline=False).decode()
        if config.proxy_url:
            cluster["proxy-url"] = config.proxy_url
        if config.disable_compression:
            cluster["disable-compression"] = True
        cluster["config"] = config.exec_config
        spec = {"cluster": cluster, **spec}
    info = {"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec}
    return msgspec.json.encode(info).decode()


def _interactive(plugin: Exec) -> bool:
    """Whether the plugin gets our standard input; raises when it must have a terminal and there is none."""
    mode = plugin.interactive_mode or "IfAvailable"
    if mode == "Never":
        return False
    terminal = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    if mode == "Always" and not terminal:
        raise ConfigError("exec plugin cannot support interactive mode: standard input is not a terminal")
    return terminal


def _run(plugin: Exec, environment: dict[str, str], asking: bool) -> bytes:
    command = plugin.command or ""
    limit = _ASKING_LIMIT if asking else _QUIET_LIMIT
    try:
        with subprocess.Popen(  # the user's own kubeconfig names the program; no shell is involved
            [_found(command, environment), *(argument or "" for argument in plugin.args or ())],
            env=environment,
            stdin=None if asking else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as process:
            try:
                output, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.kill()
                raise ConfigError(
                    f"getting credentials: exec: executable {command} did not end within {limit:g} seconds"
                ) from None
            except BaseException:
                process.kill()
                raise
    except FileNotFoundError:
        hint = " ".join((plugin.install_hint or "").split())
        hint = hint or "it is the credential plugin that the kubeconfig names: install it, or add its folder to PATH"
        raise ConfigError(f"getting credentials: exec: executable {command} not found. {hint}") from None
    except (OSError, ValueError) as error:
        cause = (getattr(error, "strerror", None) or str(error)).lower()
        raise ConfigError(f"getting credentials: exec: fork/exec {command}: {cause}") from None
    if process.returncode < 0:
        raise ConfigError(f"getting credentials: exec: executable {command} was ended by signal {-process.returncode}")
    if process.returncode:
        raise ConfigError(f"getting credentials: exec: executable {command} failed with exit code {process.returncode}")
    return output


def _found(command: str, environment: dict[str, str]) -> str:
    """Return the program's path: looked up in our own PATH, as Go does."""
    import shutil

    path = shutil.which(command, path=os.environ.get("PATH", ""))
    if path is None and not os.path.dirname(command):  # noqa: PTH120
        raise FileNotFoundError(command)
    return path or command


def _read_yaml(output: bytes) -> _Answer:
    """What a plugin printed that is no JSON: kubectl takes YAML as well."""
    from kubectl_rollouts.cluster.kubeconfig_files import read_yaml

    try:
        return msgspec.convert(read_yaml(output), _Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ConfigError("getting credentials: decoding stdout: the plugin printed no ExecCredential") from None


def _read(output: bytes, api_version: str) -> ExecCredential:
    """Return what the plugin printed as a credential."""
    import time

    problem = "getting credentials: "
    try:
        answer = msgspec.json.decode(output, type=_Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        answer = _read_yaml(output)
    if answer.kind != "ExecCredential":
        raise ConfigError(problem + "decoding stdout: the plugin printed no ExecCredential")
    if answer.api_version != api_version:
        said = " ".join((answer.api_version or "")[:80].split())
        raise ConfigError(
            f"{problem}exec plugin is configured to use API version {api_version}, plugin returned version {said}"
        )
    status = answer.status
    if status is None:
        raise ConfigError(problem + "exec plugin didn't return a status field")
    token, cert, key = status.token, status.client_certificate_data, status.client_key_data
    if not token and not cert and not key:
        raise ConfigError(problem + "exec plugin didn't return a token or cert/key pair")
    if bool(cert) != bool(key):
        raise ConfigError(problem + "exec plugin returned only certificate or key, not both")
    expiry = 0.0
    if status.expiration_timestamp:
        try:
            expiry = parse_time(status.expiration_timestamp)
        except ValueError:
            raise ConfigError(problem + "decoding stdout: expirationTimestamp is not a time") from None
        if expiry <= time.time():
            expiry = time.time() + 1  # expired when it came: the server will say so; no loop of plugin runs
    return ExecCredential(token or "", (cert or "").encode(), (key or "").encode(), expiry)
