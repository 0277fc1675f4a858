"""A corpus of kubeconfigs: identity, server and TLS settings are those that the real kubectl gets from them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.cluster.credentials import Credentials
from kubectl_rollouts.cluster.durations import parse_timeout
from kubectl_rollouts.cluster.errors import ConfigError
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig, ConfigFlags, load_config
from kubectl_rollouts.cluster.requestlog import RequestLog
from kubectl_rollouts.cluster.urls import split_url
from tests.cluster.kubeconfig_cases import CASES, SERVER, Case, config
from tests.cluster.kubeconfig_texts import TEXTS
from tests.cluster.record_kubeconfigs import RECORDED, lay_out

recorded = json.loads(RECORDED.read_text())


def load(case: Case, folder: Path) -> ClusterConfig:
    environment, flags = lay_out(case, folder)
    return load_config(ConfigFlags(**flags), environment, str(folder / "no-service-account"))


def shown(found: ClusterConfig) -> dict[str, Any]:
    """Return a configuration in the words of `kubectl config view`, without what is empty."""
    user = found.user
    plugin = user.exec
    words = {
        "server": found.server,
        "namespace": found.namespace if found.namespace != "default" else "",
        "certificate-authority": found.ca_file,
        "certificate-authority-data": base64.b64encode(found.ca_data).decode(),
        "insecure-skip-tls-verify": found.insecure,
        "tls-server-name": found.tls_server_name,
        "proxy-url": found.proxy_url,
        "disable-compression": found.disable_compression,
        "token": user.token,
        "tokenFile": user.token_file,
        "username": user.username,
        "password": user.password,
        "client-certificate": user.cert_file,
        "client-certificate-data": base64.b64encode(user.cert_data).decode(),
        "client-key": user.key_file,
        "client-key-data": base64.b64encode(user.key_data).decode(),
        "as": user.impersonate,
        "as-uid": user.impersonate_uid,
        "as-groups": user.impersonate_groups,
        "as-user-extra": user.impersonate_extra,
        "exec command": plugin.command if plugin else "",
        "exec args": plugin.args if plugin else None,
        "exec env": [(v.name, v.value) for v in plugin.env or () if v] if plugin else None,
        "exec apiVersion": plugin.api_version if plugin else "",
        "exec interactiveMode": (plugin.interactive_mode or "IfAvailable") if plugin else "",
        "exec provideClusterInfo": bool(plugin and plugin.provide_cluster_info),
        "auth-provider": user.auth_provider.name if user.auth_provider else "",
        "auth-provider config": user.auth_provider.config if user.auth_provider else None,
    }
    return {key: value for key, value in words.items() if value}


def expected(view: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the same words from a recorded view; its paths count from the folder."""
    words = {**(view["cluster"] or {}), **(view["user"] or {}), "namespace": view["namespace"]}
    words.pop("extensions", None)
    for key in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
        if words.get(key):
            words[key] = str(folder / words[key])
    plugin = words.pop("exec", None) or {}
    for key in ("command", "args", "apiVersion", "interactiveMode", "provideClusterInfo"):
        words[f"exec {key}"] = plugin.get(key)
    if "/" in plugin.get("command", ""):
        words["exec command"] = str(folder / plugin["command"])
    words["exec env"] = [(v["name"], v["value"]) for v in plugin.get("env") or ()]
    provider = words.pop("auth-provider", None) or {}
    words |= {"auth-provider": provider.get("name"), "auth-provider config": provider.get("config")}
    return {key: value for key, value in words.items() if value}


def normal(words: dict[str, Any]) -> dict[str, Any]:
    paths = ("certificate-authority", "client-certificate", "client-key", "tokenFile", "exec command")
    return {k: os.path.normpath(v) if k in paths and "/" in v else v for k, v in words.items()}


@pytest.mark.parametrize("case", CASES + TEXTS, ids=lambda case: case.name)
def test_the_corpus(case: Case, tmp_path: Path) -> None:
    view = recorded[case.name]
    if not view["error"]:
        found = load(case, tmp_path)
        # `config view` does not show what other flags change; its paths count from one of the files' folders.
        if view["shown"] and not set(case.flags) - {"context", "kubeconfig"}:
            bases = [Path(file).parent for file in found.files]
            assert normal(shown(found)) in [normal(expected(view, base)) for base in bases]
        return
    if case.name == "--client-certificate":
        pytest.skip("better than kubectl: a flag replaces inline data")
    with pytest.raises(ConfigError) as caught:
        found = load(case, tmp_path)
        Credentials(found, split_url(found.server), RequestLog()).headers()
    text = str(caught.value).replace(str(tmp_path), "@")
    assert "\n" not in text
    said = view["error"].removeprefix("error: ").removeprefix("Error in configuration: ")
    if said.startswith("error loading config file"):
        # What is wrong inside the file is Go's JSON decoder talking; ours names the place its own way.
        assert text.startswith('error loading config file "@/')
    elif said.startswith("\n* "):
        problems = said.removeprefix("\n* ").split("\n* ")
        assert text == f"invalid configuration: [{', '.join(problems)}]"
    elif case.name in DIFFERENT:
        assert text == DIFFERENT[case.name]
    else:
        assert text.removeprefix("invalid configuration: ") == said


# commands.md §1.6: the plugin asks for its namespace first, so other texts come first than in `kubectl get --raw`.
DIFFERENT = {
    "--context unknown": "context was not found for specified context: nope",
    "--cluster unknown": 'invalid configuration: no server found for cluster "nope"',
}


def test_the_corpus_is_recorded() -> None:
    assert sorted(recorded) == sorted(case.name for case in CASES + TEXTS)
    assert len(recorded) >= 60


# --- Flags, which `kubectl config view` does not show ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("--namespace", {"namespace": "flag"}),
        ("--server", {"server": "https://127.0.0.1:2", "tls-server-name": None}),
        ("--tls-server-name", {"tls-server-name": "y"}),
        ("--insecure drops the ca", {"insecure-skip-tls-verify": True, "certificate-authority-data": None}),
        ("--certificate-authority", {"insecure-skip-tls-verify": None, "certificate-authority": "@/ca.crt"}),
        ("--token over a token", {"token": "flag"}),
        ("--token over a token file", {"token": "flag", "tokenFile": None}),
        ("--client-certificate", {"client-certificate": "@/c.crt", "client-key": "@/c.key", "client-key-data": None}),
        ("--as", {"as": "jane", "as-groups": ["g"], "as-uid": "7", "token": "t"}),
        ("--user", {"token": "v"}),
        ("--cluster", {"server": "https://v:1"}),
    ],
)
def test_flags(name: str, words: dict[str, Any], tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == name)
    found = shown(load(case, tmp_path))
    for key, value in words.items():
        want = value.replace("@", str(tmp_path)) if isinstance(value, str) else value
        assert found.get(key) == want, key


@pytest.mark.parametrize(
    ("text", "seconds", "go"),
    [
        ("0", 0.0, ""), ("5", 5.0, "5s"), ("90", 90.0, "1m30s"), ("1h", 3600.0, "1h0m0s"), ("1.5s", 1.5, "1.5s"),
        ("250ms", 0.25, "250ms"), ("1m0.05s", 60.05, "1m0.05s"), ("10us", 0.00001, "10µs"), ("-3s", 0.0, ""),
    ],
)  # fmt: skip
def test_request_timeouts(text: str, seconds: float, go: str) -> None:
    assert parse_timeout(text) == (seconds, go)
    assert load_config(ConfigFlags(request_timeout=text), {"HOME": "/nope"}).request_timeout == seconds


def test_bad_request_timeout() -> None:
    with pytest.raises(ConfigError, match=r"^Invalid timeout value\. Timeout must be a single integer in seconds, or"):
        parse_timeout("5 parsecs")


# --- Without a kubeconfig ----------------------------------------------------------------------------------------


@pytest.fixture
def pod(tmp_path: Path) -> tuple[dict[str, str], str]:
    """The environment and the service account of a pod."""
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text("pod-token\n")
    (folder / "ca.crt").write_text("x")
    (folder / "namespace").write_text("pod-ns\n")
    return {"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}, str(folder)


def test_nothing_anywhere(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    assert load_config(None, environment).server == "http://localhost:8080"
    assert load_config(None, {**environment, "KUBERNETES_MASTER": "https://m:1"}).server == "https://m:1"
    assert load_config(None, {**environment, "KUBERNETES_MASTER": "m:1"}).server == "http://m:1"
    # As kubectl 1.32 does: plain HTTP, whatever else is said.
    flags = ConfigFlags(server="[::1]:8001/", insecure_skip_tls_verify=True)
    assert load_config(flags, environment).server == "http://[::1]:8001"
    with pytest.raises(ConfigError, match=r'^host must be a URL or a host:port pair: "m:1/x"$'):
        load_config(ConfigFlags(server="m:1/x"), environment)
    assert load_config(None, environment).namespace == "default"


def test_in_a_pod(pod: tuple[dict[str, str], str]) -> None:
    environment, account = pod
    assert shown(load_config(None, environment, account)) == {
        "server": "https://10.0.0.1:443",
        "certificate-authority": f"{account}/ca.crt",
        "tokenFile": f"{account}/token",
        "namespace": "pod-ns",
    }
    assert load_config(None, {**environment, "POD_NAMESPACE": "env"}, account).namespace == "env"
    assert load_config(ConfigFlags(namespace="flag"), environment, account).namespace == "flag"
    assert shown(load_config(ConfigFlags(token="t"), environment, account))["token"] == "t"
    assert (
        load_config(None, {**environment, "KUBERNETES_SERVICE_HOST": "fd00::1"}, account).server
        == "https://[fd00::1]:443"
    )


def test_flags_in_a_pod(pod: tuple[dict[str, str], str], tmp_path: Path) -> None:
    environment, account = pod
    insecure = load_config(ConfigFlags(insecure_skip_tls_verify=True), environment, account)
    assert (insecure.server, insecure.insecure, insecure.ca_file) == ("https://10.0.0.1:443", True, "")
    authority = tmp_path / "mine.crt"
    authority.write_text("x")
    mine = load_config(ConfigFlags(certificate_authority=str(authority)), environment, account)
    assert (mine.server, mine.insecure, mine.ca_file) == ("https://10.0.0.1:443", False, str(authority))
    slow = load_config(ConfigFlags(request_timeout="5"), environment, account)
    assert (slow.server, slow.request_timeout) == ("https://10.0.0.1:443", 5.0)
    for flags in (ConfigFlags(as_user="jane"), ConfigFlags(server="http://localhost:8080")):
        assert load_config(flags, environment, account).server == "http://localhost:8080"


def test_a_kubeconfig_without_a_server_leaves_the_pod_to_itself(
    pod: tuple[dict[str, str], str], tmp_path: Path
) -> None:
    environment, account = pod
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text(config(cluster="{insecure-skip-tls-verify: true}", user="{token: other}"))
    found = load_config(None, environment, account)
    assert (found.server, found.insecure, found.user.token) == ("https://10.0.0.1:443", False, "")
    assert (found.ca_file, found.user.token_file) == (f"{account}/ca.crt", f"{account}/token")


def test_a_kubeconfig_goes_before_the_pod(pod: tuple[dict[str, str], str], tmp_path: Path) -> None:
    environment, account = pod
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text(config())
    found = load_config(None, environment, account)
    assert (found.server, found.user.token, found.namespace) == (SERVER, "t", "pod-ns")
    (tmp_path / ".kube/config").write_text(config(context=", namespace: mine"))
    assert load_config(None, environment, account).namespace == "mine"


def test_without_its_token_a_pod_is_none(pod: tuple[dict[str, str], str]) -> None:
    environment, account = pod
    Path(account, "token").unlink()
    assert load_config(None, environment, account).server == "http://localhost:8080"


# --- Odd files ---------------------------------------------------------------------------------------------------


def write(folder: Path, data: bytes) -> ConfigFlags:
    (folder / "config").write_bytes(data)
    return ConfigFlags(kubeconfig=str(folder / "config"))


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01", b"\xff\xfe\x00", b"a: [", b"{", b"[]", b"5", b"clusters: {a: b}", b"users: [[]]", b"&a [*a]",
        b"a: &a {b: *a}\nclusters: *a", b"{~: 2}\n--- x: [", b"? [a]\n: b",
        b"a: !!int word", b"a: &a {<<: *a}", b"a: {<<: [b]}", b"[" * 100_000, b"- " * 100_000,
        b"current-context: [a]", b"contexts: [{name: 5}]",
        b"{" * 5000, b"users: [{name: u, user: {exec: []}}]", b"users: [{name: u, user: {as-groups: [1]}}]",
        b'{"clusters": [{"name": "k", "cluster": {"certificate-authority-data": "sentinel!"}}]}',
    ],
)  # fmt: skip
def test_odd_files_are_clear_errors(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, data), {})
    text = str(caught.value)
    assert text.startswith('error loading config file "')
    assert "\n" not in text
    assert "sentinel" not in text


def test_tags_make_no_objects(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, b"!!python/object:os.system {}"), {}).server == "http://localhost:8080"
    text = b"clusters: [{name: k, cluster: {server: !!python/name:os.sep https://x}}]"
    assert load_config(write(tmp_path, text), {}).server == "http://localhost:8080"  # no context names it


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    flags = write(tmp_path, b"{}")
    (tmp_path / "config").chmod(0)
    if os.access(tmp_path / "config", os.R_OK):
        pytest.skip("root reads everything")
    with pytest.raises(ConfigError, match="permission denied"):
        load_config(flags, {})


def test_a_proxys_password_is_not_shown(tmp_path: Path) -> None:
    text = config(cluster=f'{{server: "{SERVER}", proxy-url: "ftp://u:sentinel@x"}}')
    with pytest.raises(ConfigError, match="proxy-url") as caught:
        load_config(write(tmp_path, text.encode()), {})
    assert "sentinel" not in str(caught.value)


entries = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["clusters", "users", "contexts", "name", "cluster", "user", "context", "exec", "env", "token"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(entries)
def test_any_json_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = tmp_path_factory.mktemp("any")
    try:
        load_config(write(folder, json.dumps(value).encode()), {})
    except ConfigError as error:
        assert "\n" not in str(error)
