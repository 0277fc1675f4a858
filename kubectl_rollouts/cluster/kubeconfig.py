"""The kubeconfig and the connection flags, read as kubectl reads them (client-go `tools/clientcmd`).

Rules and texts: spec/commands.md §1.3, §1.6. Reading is `load_config`; the file's shape and the merging of several
files stand in `kubeconfig_files`. Nothing is sent and no plugin runs here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct, field

from kubectl_rollouts.cluster.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_rollouts.cluster.kubeconfig_files import AuthProvider, Cluster, Exec, Kubeconfig
    from kubectl_rollouts.cluster.kubeconfig_files import User as FileUser

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class ConfigFlags(Struct, kw_only=True):
    """The connection flags as typed; "" is not given. `username`, `password`, `proxy_url`: `notifications` only."""

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = ""
    server: str = ""
    token: str = ""
    username: str = ""
    password: str = ""
    certificate_authority: str = ""
    client_certificate: str = ""
    client_key: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    proxy_url: str = ""
    disable_compression: bool = False
    request_timeout: str = "0"
    as_user: str = ""
    as_uid: str = ""
    as_group: list[str] = field(default_factory=list)


class User(Struct, kw_only=True):
    """Who to be: everything a kubeconfig's user may have, merged with the flags."""

    token: str = ""
    token_file: str = ""
    username: str = ""
    password: str = ""
    cert_data: bytes = b""
    cert_file: str = ""
    key_data: bytes = b""
    key_file: str = ""
    impersonate: str = ""
    impersonate_uid: str = ""
    impersonate_groups: list[str] = field(default_factory=list)
    impersonate_extra: dict[str, list[str]] = field(default_factory=dict)
    exec: Exec | None = None
    auth_provider: AuthProvider | None = None


class ClusterConfig(Struct, kw_only=True):
    """How to reach one cluster as one user. `request_timeout` in seconds, 0 for none (then `timeout_text` is "").

    `context`, `cluster_name`, `user_name` are the names in the kubeconfig ("" when it has none), `files` the
    files that were read; `exec_config` is what the cluster tells exec plugins. `assumed`: nothing names a server.
    """

    server: str = "http://localhost:8080"
    namespace: str = "default"
    ca_data: bytes = b""
    ca_file: str = ""
    insecure: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    request_timeout: float = 0.0
    timeout_text: str = ""
    user: User = field(default_factory=User)
    context: str = ""
    cluster_name: str = ""
    user_name: str = ""
    files: list[str] = field(default_factory=list)
    exec_config: object = None
    assumed: bool = False


def load_config(
    flags: ConfigFlags | None = None,
    environment: Mapping[str, str] | None = None,
    service_account: str = SERVICE_ACCOUNT,
) -> ClusterConfig:
    """Return the configuration that the flags, the environment and the files amount to.

    `environment` is os.environ unless given; `service_account` the folder with a pod's token. Raises ConfigError.
    """
    from kubectl_rollouts.cluster.kubeconfig_files import load_files

    flags = flags or ConfigFlags()
    environment = os.environ if environment is None else environment
    kubeconfig = load_files(flags.kubeconfig, environment)
    config = _pick(kubeconfig, flags, environment)
    seconds, config.timeout_text = _timeout(flags.request_timeout)
    config.request_timeout = seconds
    in_cluster = (
        environment.get("KUBERNETES_SERVICE_HOST")
        and environment.get("KUBERNETES_SERVICE_PORT")
        and os.path.isfile(f"{service_account}/token")  # noqa: PTH113  # pathlib is not on the hot path
    )
    if in_cluster:
        _in_cluster(config, kubeconfig, flags, environment, service_account)
    if "://" not in config.server:
        config.server = _with_scheme(config.server)
    return config


def _pick(kubeconfig: Kubeconfig, flags: ConfigFlags, environment: Mapping[str, str]) -> ClusterConfig:
    """Return context, cluster and user that count, with the flags over them; raise ConfigError as kubectl does."""
    from kubectl_rollouts.cluster.kubeconfig_files import Cluster, Context, check_cluster, check_user, unbase64
    from kubectl_rollouts.cluster.kubeconfig_files import User as FileUser

    name = flags.context or kubeconfig.current_context or ""
    context = kubeconfig.contexts.get(name) or Context()
    user_name = flags.user or context.user or ""
    cluster_name = flags.cluster or context.cluster or ""
    if name and name not in kubeconfig.contexts:
        raise ConfigError(f"context was not found for specified context: {name}")
    user = _with_flags(kubeconfig.users.get(user_name) or FileUser(), flags)
    cluster = kubeconfig.clusters.get(cluster_name) or Cluster()
    assumed = not (flags.server or cluster.server or environment.get("KUBERNETES_MASTER"))
    cluster = _cluster_with_flags(cluster, flags, environment)
    problems = check_user(user_name, user)
    if flags.cluster and cluster_name not in kubeconfig.clusters:
        problems.append(f'no server found for cluster "{cluster_name}"')
    else:
        problems += check_cluster(cluster_name, cluster)
    if problems:
        text = ", ".join(problems)
        raise ConfigError(f"invalid configuration: {f'[{text}]' if len(problems) > 1 else text}")
    if flags.user and user_name not in kubeconfig.users:
        raise ConfigError(f'auth info "{user_name}" does not exist')
    return ClusterConfig(
        server=cluster.server or "",
        namespace=flags.namespace or context.namespace or "default",
        ca_data=unbase64(cluster.certificate_authority_data),
        ca_file=cluster.certificate_authority or "",
        insecure=bool(cluster.insecure_skip_tls_verify),
        tls_server_name=cluster.tls_server_name or "",
        proxy_url=cluster.proxy_url or "",
        disable_compression=bool(cluster.disable_compression),
        user=User(
            token=user.token or "",
            token_file=user.token_file or "",
            username=user.username or "",
            password=user.password or "",
            cert_data=unbase64(user.client_certificate_data),
            cert_file=user.client_certificate or "",
            key_data=unbase64(user.client_key_data),
            key_file=user.client_key or "",
            impersonate=user.as_ or "",
            impersonate_uid=user.as_uid or "",
            impersonate_groups=list(user.as_groups or ()),
            impersonate_extra={key: values or [] for key, values in (user.as_user_extra or {}).items()},
            exec=user.exec,
            auth_provider=user.auth_provider,
        ),
        context=name,
        cluster_name=cluster_name,
        user_name=user_name,
        files=kubeconfig.files,
        exec_config=cluster.exec_config(),
        assumed=assumed,
    )


def _with_flags(user: FileUser, flags: ConfigFlags) -> FileUser:
    """Lay the flags over a user. A certificate or key flag also replaces inline data, a token the token file."""
    if flags.token:
        user.token, user.token_file = flags.token, None
    if flags.username or flags.password:
        user.username = flags.username or user.username
        user.password = flags.password or user.password
    if flags.client_certificate:
        user.client_certificate, user.client_certificate_data = flags.client_certificate, None
    if flags.client_key:
        user.client_key, user.client_key_data = flags.client_key, None
    user.as_ = flags.as_user or user.as_
    user.as_uid = flags.as_uid or user.as_uid
    user.as_groups = flags.as_group or user.as_groups
    return user


def _cluster_with_flags(cluster: Cluster, flags: ConfigFlags, environment: Mapping[str, str]) -> Cluster:
    """Lay the flags over a cluster; a server given by hand drops the kubeconfig's tls-server-name."""
    if flags.insecure_skip_tls_verify or flags.certificate_authority:
        cluster.insecure_skip_tls_verify = flags.insecure_skip_tls_verify
        cluster.certificate_authority = flags.certificate_authority
        cluster.certificate_authority_data = None
    if flags.tls_server_name or flags.server:
        cluster.tls_server_name = flags.tls_server_name
    cluster.server = flags.server or cluster.server or default_server(environment)
    cluster.proxy_url = flags.proxy_url or cluster.proxy_url
    cluster.disable_compression = flags.disable_compression or cluster.disable_compression
    return cluster


def default_server(environment: Mapping[str, str]) -> str:
    """Return the server when nothing names one."""
    return environment.get("KUBERNETES_MASTER") or "http://localhost:8080"


def _with_scheme(server: str) -> str:
    """A server that is written HOST:PORT, as a URL: plain HTTP, because client-go looks at TLS settings later."""
    host = server.removesuffix("/")
    if "/" in host:
        raise ConfigError(f'host must be a URL or a host:port pair: "{server}"')
    return f"http://{host}"


def _in_cluster(
    config: ClusterConfig,
    kubeconfig: Kubeconfig,
    flags: ConfigFlags,
    environment: Mapping[str, str],
    folder: str,
) -> None:
    """In a pod: its service account stands in for a configuration that says nothing, its namespace for none."""
    context = kubeconfig.contexts.get(config.context)
    if not flags.namespace and not (context and context.namespace):
        config.namespace = environment.get("POD_NAMESPACE") or _text(f"{folder}/namespace") or "default"
    plain = config.server == default_server(environment) and not flags.server
    if not plain or config.user.impersonate or config.proxy_url:
        return
    # Nothing else of a configuration without a server counts (client-go reads no TLS settings for plain HTTP).
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
    config.assumed = False
    config.server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    authority = flags.certificate_authority or f"{folder}/ca.crt"
    config.insecure, config.tls_server_name = flags.insecure_skip_tls_verify, flags.tls_server_name
    given = bool(flags.certificate_authority) or (not config.insecure and os.path.isfile(authority))  # noqa: PTH113
    config.ca_data, config.ca_file = b"", authority if given else ""
    config.user = User(token=flags.token, token_file="" if flags.token else f"{folder}/token")


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return file.read().strip()
    except (OSError, ValueError):
        return ""


def _timeout(text: str) -> tuple[float, str]:
    """Return --request-timeout in seconds and as Go writes it ("" for none)."""
    if text in ("", "0"):
        return 0.0, ""
    from kubectl_rollouts.cluster.durations import parse_timeout  # only those who ask pay for it

    return parse_timeout(text)
