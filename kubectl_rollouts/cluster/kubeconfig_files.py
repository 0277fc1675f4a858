"""The kubeconfig's files: found, decoded, checked, merged. Paths in them count from their own folder.

Facts from client-go `tools/clientcmd` (loader.go, validation.go) and `api/v1`; texts compared with kubectl's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct, field

from kubectl_rollouts.cluster.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

# --- The file's shape (api/v1): everything may be missing or null ------------------------------------------------


class Extension(Struct):
    """One entry of a list of extensions."""

    name: str | None = None
    extension: Any = None


class Cluster(Struct, rename="kebab"):
    """One cluster. `certificate_authority_data` is base64."""

    server: str | None = None
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool | None = None
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    proxy_url: str | None = None
    disable_compression: bool | None = None
    extensions: list[Extension | None] | None = None

    def exec_config(self) -> object:
        """What the cluster has for exec plugins (`spec.cluster.config` of what they are told)."""
        for item in self.extensions or ():
            if item is not None and item.name == "client.authentication.k8s.io/exec":
                return item.extension
        return None


class EnvVar(Struct):
    """One environment variable of an exec plugin."""

    name: str | None = None
    value: str | None = None


class Exec(Struct, rename="camel"):
    """An exec plugin."""

    command: str | None = None
    args: list[str | None] | None = None
    env: list[EnvVar | None] | None = None
    api_version: str | None = None
    install_hint: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class AuthProvider(Struct):
    """A credential flow of its own, such as oidc."""

    name: str | None = None
    config: dict[str, str | None] | None = None


class User(Struct, rename="kebab"):
    """One user. The `…_data` are base64."""

    client_certificate: str | None = None
    client_certificate_data: str | None = None
    client_key: str | None = None
    client_key_data: str | None = None
    token: str | None = None
    token_file: str | None = field(default=None, name="tokenFile")
    as_: str | None = field(default=None, name="as")
    as_uid: str | None = None
    as_groups: list[str] | None = None
    as_user_extra: dict[str, list[str] | None] | None = None
    username: str | None = None
    password: str | None = None
    auth_provider: AuthProvider | None = None
    exec: Exec | None = None


class Context(Struct):
    """A cluster, a user and a namespace, by name."""

    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None


class _NamedCluster(Struct):
    name: str | None = None
    cluster: Cluster | None = None


class _NamedUser(Struct):
    name: str | None = None
    user: User | None = None


class _NamedContext(Struct):
    name: str | None = None
    context: Context | None = None


class _File(Struct, rename="camel"):
    kind: str | None = None
    api_version: str | None = None
    current_context: str | None = field(default=None, name="current-context")
    clusters: list[_NamedCluster | None] | None = None
    users: list[_NamedUser | None] | None = None
    contexts: list[_NamedContext | None] | None = None


class Kubeconfig(Struct):
    """Several files merged: of each name the first definition."""

    current_context: str = ""
    clusters: dict[str, Cluster] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


# --- Reading -----------------------------------------------------------------------------------------------------


def load_files(explicit: str, environment: Mapping[str, str]) -> Kubeconfig:
    """Return what the files say: `explicit` alone, else those of KUBECONFIG, else ~/.kube/config.

    A file that is not there is skipped, but for an explicit one. Raises ConfigError.
    """
    merged = Kubeconfig()
    if explicit:
        paths = [explicit]
    elif environment.get("KUBECONFIG"):
        paths = [path for path in environment["KUBECONFIG"].split(os.pathsep) if path]
    else:
        home = environment.get("HOME") or environment.get("USERPROFILE") or os.path.expanduser("~")  # noqa: PTH111
        paths = [os.path.join(home, ".kube", "config")]  # noqa: PTH118
    for path in dict.fromkeys(paths):
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                data = file.read()
        except FileNotFoundError:
            if explicit:
                raise ConfigError(f"stat {path}: no such file or directory") from None
            continue
        except (OSError, ValueError) as error:
            doing = "read" if isinstance(error, IsADirectoryError) else "open"
            cause = (getattr(error, "strerror", None) or str(error)).lower()
            raise _bad_file(path, f"{doing} {path}: {cause}") from None
        merged.files.append(path)
        _merge(merged, path, _decode(path, data))
    return merged


def _bad_file(path: str, cause: str) -> ConfigError:
    return ConfigError(f'error loading config file "{path}": {" ".join(cause.split())}')


def _decode(path: str, data: bytes) -> _File:
    if not data.strip():
        return _File()
    try:
        if data.lstrip()[:1] == b"{":
            try:
                file = msgspec.json.decode(data, type=_File)
            except msgspec.ValidationError:
                raise
            except msgspec.DecodeError:
                file = msgspec.convert(read_yaml(data), _File)  # a YAML flow mapping
        else:
            file = msgspec.convert(read_yaml(data), _File)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _bad_file(path, str(error) or type(error).__name__) from None
    if (file.kind or "Config") != "Config" or (file.api_version or "v1") != "v1":
        version = file.api_version or "v1"
        raise _bad_file(path, f'no kind "{file.kind or "Config"}" is registered for version "{version}"')
    return file


def unbase64(text: str | None) -> bytes:
    """Return base64 decoded as Go does it: strictly, but for line breaks. Raises ValueError without the text."""
    if not text:
        return b""
    import binascii

    try:
        return binascii.a2b_base64(text.replace("\r", "").replace("\n", ""), strict_mode=True)
    except ValueError:
        raise ValueError("illegal base64 data") from None


def read_yaml(data: bytes) -> Any:
    """Return a YAML document; raise ValueError with kubectl's words, but without the text around the mistake."""
    from kubectl_rollouts.cluster.simple_yaml import parse

    try:
        return parse(data.decode("ascii"))
    except ValueError:
        pass  # no plain kubeconfig: PyYAML knows
    from kubectl_rollouts.cluster.go_yaml import load

    return load(data)


_T = TypeVar("_T", Cluster, User, Context)


def _merge(merged: Kubeconfig, path: str, file: _File) -> None:
    folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120
    merged.current_context = merged.current_context or file.current_context or ""
    clusters = {c.name or "": c.cluster or Cluster() for c in _named(path, file.clusters)}
    users = {u.name or "": u.user or User() for u in _named(path, file.users)}
    contexts = {c.name or "": c.context or Context() for c in _named(path, file.contexts)}
    try:
        for cluster in clusters.values():
            unbase64(cluster.certificate_authority_data)
        for user in users.values():
            unbase64(user.client_certificate_data)
            unbase64(user.client_key_data)
    except ValueError as error:
        raise _bad_file(path, str(error)) from None
    for cluster in clusters.values():
        cluster.certificate_authority = _resolved(folder, cluster.certificate_authority)
    for user in users.values():
        user.client_certificate = _resolved(folder, user.client_certificate)
        user.client_key = _resolved(folder, user.client_key)
        user.token_file = _resolved(folder, user.token_file)
        plugin = user.exec
        if plugin is not None and plugin.command and os.path.dirname(plugin.command):  # noqa: PTH120
            plugin.command = _resolved(folder, plugin.command)
    merged.clusters = clusters | merged.clusters
    merged.users = users | merged.users
    merged.contexts = contexts | merged.contexts


def _named(path: str, entries: list[Any] | None) -> list[Any]:
    """Return the entries of a list; raise ConfigError when two share a name."""
    found = [entry for entry in entries or () if entry is not None]
    names = [entry.name or "" for entry in found]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise _bad_file(path, f'duplicate name "{name}" in list')
    return found


def _resolved(folder: str, path: str | None) -> str | None:
    """Return a path of a file as seen from here, cleaned as Go's `filepath.Join` does."""
    if not path or os.path.isabs(path):  # noqa: PTH117
        return path
    return os.path.normpath(os.path.join(folder, path))  # noqa: PTH118


# --- Checking (validation.go) ------------------------------------------------------------------------------------


def check_cluster(name: str, cluster: Cluster) -> list[str]:
    """Return what makes a cluster unusable."""
    problems = []
    if cluster.proxy_url:
        from kubectl_rollouts.cluster.proxies import parse_proxy

        try:
            parse_proxy(cluster.proxy_url)
        except ValueError as error:
            shown = cluster.proxy_url
            if "@" in shown:  # a password stands before it
                shown = f"{shown.partition('://')[0]}://…@{shown.rpartition('@')[2]}"
            problems.append(f'invalid \'proxy-url\' "{shown}" for cluster "{name}": {error}')
    path = cluster.certificate_authority
    if path and cluster.certificate_authority_data:
        problems.append(
            f"certificate-authority-data and certificate-authority are both specified for {name}. "
            "certificate-authority-data will override."
        )
    if path:
        problems += _readable("certificate-authority", path, name)
    return problems


def check_user(name: str, user: User) -> list[str]:
    """Return what makes a user unusable."""
    problems = []
    methods = ["token"] if user.token else []
    if user.username or user.password:
        methods.append("basicAuth")
    if user.client_certificate or user.client_certificate_data:
        if user.client_certificate and user.client_certificate_data:
            problems.append(
                f"client-cert-data and client-cert are both specified for {name}. client-cert-data will override."
            )
        if user.client_key and user.client_key_data:
            problems.append(
                f"client-key-data and client-key are both specified for {name}; client-key-data will override"
            )
        if not user.client_key and not user.client_key_data:
            problems.append(
                f"client-key-data or client-key must be specified for {name} "
                "to use the clientCert authentication method."
            )
        if user.client_certificate:
            problems += _readable("client-cert", user.client_certificate, name)
        if user.client_key:
            problems += _readable("client-key", user.client_key, name)
    if user.exec is not None:
        problems += _check_exec(name, user, user.exec)
    if len(methods) > 1:
        problems.append(
            f"more than one authentication method found for {name}; found [{' '.join(methods)}], only one is allowed"
        )
    if (user.as_uid or user.as_groups or user.as_user_extra) and not user.as_:
        problems.append(f"requesting uid, groups or user-extra for {name} without impersonating a user")
    return problems


# Of these versions the mode is IfAvailable unless said; v1alpha1 is refused later, by its own error.
_MODE_OPTIONAL = ("client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1alpha1")


def _check_exec(name: str, user: User, plugin: Exec) -> list[str]:
    problems = []
    if user.auth_provider is not None:
        problems.append(f"authProvider cannot be provided in combination with an exec plugin for {name}")
    if not plugin.command:
        problems.append(f"command must be specified for {name} to use exec authentication plugin")
    if not plugin.api_version:
        problems.append(f"apiVersion must be specified for {name} to use exec authentication plugin")
    if any(variable is None or not variable.name for variable in plugin.env or ()):
        problems.append(f"env variable name must be specified for {name} to use exec authentication plugin")
    if not plugin.interactive_mode:
        if plugin.api_version not in _MODE_OPTIONAL:
            problems.append(f"interactiveMode must be specified for {name} to use exec authentication plugin")
    elif plugin.interactive_mode not in ("Never", "IfAvailable", "Always"):
        problems.append(f'invalid interactiveMode for {name}: "{plugin.interactive_mode}"')
    return problems


def _readable(what: str, path: str, name: str) -> list[str]:
    try:
        with open(path, "rb"):  # noqa: PTH123
            return []
    except (OSError, ValueError) as error:
        cause = (getattr(error, "strerror", None) or str(error)).lower()
        return [f"unable to read {what} {path} for {name} due to open {path}: {cause}"]
