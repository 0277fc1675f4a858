"""Tokens, token files, basic auth, exec plugins, oidc: what the server gets to see, and when it changes."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.errors import ApiError, ConfigError
from kubectl_rollouts.cluster.kubeconfig import ConfigFlags, User, load_config
from kubectl_rollouts.cluster.kubeconfig_files import AuthProvider, EnvVar, Exec
from tests.cluster.conftest import WIDGETS, answering, widget
from tests.cluster.raw_server import TLS, Exchange, RawServer

Serve = Callable[..., RawServer]
Connect = Callable[..., Client]

CA = (TLS / "ca.crt").read_bytes()
V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"


@pytest.fixture
def server(serve: Serve) -> RawServer:
    return serve(answering(widget()), tls=True, client_ca="ca.crt")


def sent(server: RawServer) -> list[str | None]:
    return [request.headers.get("authorization") for request in server.requests]


def accepting(*tokens: str) -> Callable[[Exchange], None]:
    """Let only these bearer tokens in."""

    def handle(exchange: Exchange) -> None:
        good = exchange.request.headers.get("authorization") in [f"Bearer {token}" for token in tokens]
        exchange.answer(widget() if good else b"", 200 if good else 401)

    return handle


def test_tokens_and_basic_auth(server: RawServer, connect: Connect) -> None:
    users = (
        User(token="t1"), User(username="u", password="p:ü"), User(), User(username="u"), User(password="alone"),
    )  # fmt: skip
    for user in users:
        connect(server, ca_data=CA, user=user).get(WIDGETS, "ns", "w")
    assert sent(server) == [
        "Bearer t1",
        "Basic " + base64.b64encode("u:p:ü".encode()).decode(),
        None,
        "Basic " + base64.b64encode(b"u:").decode(),
        None,
    ]


@pytest.mark.parametrize("token", [{"token": "t"}, {"token_file": "/nope"}])
def test_a_token_and_basic_auth_together_are_refused(
    server: RawServer, connect: Connect, token: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=r"^username/password or bearer token may be set, but not both$"):
        connect(server, ca_data=CA, user=User(username="u", password="p", **token)).get(WIDGETS, "ns", "w")
    assert server.requests == []


def test_a_user_in_the_servers_url(server: RawServer, connect: Connect) -> None:
    for user in (User(), User(token="t"), User(username="a", password="b")):
        client = connect(server.url.replace("//", "//u%40x:p@"), ca_data=CA, user=user)
        client.get(WIDGETS, "ns", "w")
        assert "p@" not in client.transport.url("/x")
    assert sent(server) == ["Basic " + base64.b64encode(b"u@x:p").decode()] * 3


def test_a_refused_token_is_an_error(serve: Serve, connect: Connect) -> None:
    server = serve(accepting("good"), tls=True)
    with pytest.raises(ApiError, match="the server has asked for the client to provide credentials") as caught:
        connect(server, ca_data=CA, user=User(token="bad")).get(WIDGETS, "ns", "w")
    assert caught.value.unauthorized
    assert len(server.requests) == 1


# --- Token files ------------------------------------------------------------------------------------------------------


def test_a_token_file_is_read_again_after_a_minute(
    server: RawServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(" one\n")
    client = connect(server, ca_data=CA, user=User(token_file=str(file)))
    client.get(WIDGETS, "ns", "w")
    file.write_text("two")
    client.get(WIDGETS, "ns", "w")
    now = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: now + 61)
    client.get(WIDGETS, "ns", "w")
    file.unlink()
    monkeypatch.setattr("time.monotonic", lambda: now + 122)
    client.get(WIDGETS, "ns", "w")  # being replaced just now
    assert sent(server) == ["Bearer one", "Bearer one", "Bearer two", "Bearer two"]


def test_a_refused_token_file_is_read_again_at_once(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    server = serve(accepting("two"), tls=True)
    client = connect(server, ca_data=CA, user=User(token_file=str(file)))
    with pytest.raises(ApiError):
        client.get(WIDGETS, "ns", "w")
    assert len(server.requests) == 1  # nothing new in the file: no use in asking again
    file.write_text("two")
    client.patch(WIDGETS, "ns", "w", {})  # a write too: it was refused, not carried out
    assert sent(server) == ["Bearer one", "Bearer one", "Bearer two"]


def test_an_empty_token_file(server: RawServer, connect: Connect, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("\n")
    with pytest.raises(ConfigError, match=f'^read empty token from file "{file}"$'):
        connect(server, ca_data=CA, user=User(token_file=str(file))).get(WIDGETS, "ns", "w")
    assert server.requests == []
    connect(server, ca_data=CA, user=User(token="spare", token_file=str(file))).get(WIDGETS, "ns", "w")
    assert sent(server) == ["Bearer spare"]


def test_a_token_file_that_is_not_there(server: RawServer, connect: Connect) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        connect(server, ca_data=CA, user=User(token_file="/nope")).get(WIDGETS, "ns", "w")


# --- Exec plugins -----------------------------------------------------------------------------------------------------

PLUGIN = """#!{python}
import json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
runs = os.path.join(here, "runs")
with open(runs, "a") as file:
    file.write(json.dumps({{"args": sys.argv[1:], "env": dict(os.environ), "tty": sys.stdin.isatty()}}) + "\\n")
with open(runs) as file:
    number = len(file.readlines())
exec(open(os.path.join(here, "code")).read())
"""


class Plugin:
    """An exec plugin that does as told: `code` sees `number`, the how-manieth run it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "plugin"
        self.path.write_text(PLUGIN.format(python=sys.executable))
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)
        self.gives(token="t%d")

    def does(self, code: str) -> None:
        (self.folder / "code").write_text(code)

    def gives(self, version: str = V1, **status: Any) -> None:
        text = json.dumps({"kind": "ExecCredential", "apiVersion": version, "status": status})
        self.does(f"print({text!r}.replace('%d', str(number)))")

    @property
    def runs(self) -> list[dict[str, Any]]:
        file = self.folder / "runs"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def user(self, **settings: Any) -> User:
        return User(
            exec=Exec(**{"command": str(self.path), "api_version": V1, "interactive_mode": "Never", **settings})
        )


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


def test_a_plugin_runs_once_for_many_requests(server: RawServer, connect: Connect, plugin: Plugin) -> None:
    client = connect(
        server, ca_data=CA, user=plugin.user(args=["a", None, "b c"], env=[EnvVar("X_Y", "z"), EnvVar("E")])
    )
    client.parallel(*[lambda: client.get(WIDGETS, "ns", "w")] * 4)
    assert sent(server) == ["Bearer t1"] * 4
    (run,) = plugin.runs
    assert run["args"] == ["a", "", "b c"]
    assert (run["env"]["X_Y"], run["env"]["E"], run["tty"]) == ("z", "", False)
    assert json.loads(run["env"]["KUBERNETES_EXEC_INFO"]) == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {"interactive": False},
    }
    assert os.environ.get("X_Y") is None


def test_a_plugin_is_told_of_the_cluster_if_it_asks(server: RawServer, connect: Connect, plugin: Plugin) -> None:
    plugin.gives(version=V1BETA1, token="t")
    user = plugin.user(api_version=V1BETA1, provide_cluster_info=True, interactive_mode="")
    client = connect(
        server, ca_file=str(TLS / "ca.crt"), tls_server_name="api.test", user=user, exec_config={"audience": "x"}
    )
    client.get(WIDGETS, "ns", "w")
    info = json.loads(plugin.runs[0]["env"]["KUBERNETES_EXEC_INFO"])
    assert info["apiVersion"] == V1BETA1
    assert info["spec"] == {
        "cluster": {
            "server": server.url,
            "tls-server-name": "api.test",
            "certificate-authority-data": base64.b64encode(CA).decode(),
            "config": {"audience": "x"},
        },
        "interactive": False,
    }


def test_a_refused_token_is_renewed_once(serve: Serve, connect: Connect, plugin: Plugin) -> None:
    server = serve(accepting("t2"), tls=True)
    client = connect(server, ca_data=CA, user=plugin.user())
    assert client.patch(WIDGETS, "ns", "w", {}) == widget()
    assert sent(server) == ["Bearer t1", "Bearer t2"]
    server = serve(accepting("never"), tls=True)
    with pytest.raises(ApiError):
        connect(server, ca_data=CA, user=plugin.user()).get(WIDGETS, "ns", "w")
    assert sent(server) == ["Bearer t3", "Bearer t4"]


def test_many_refused_at_once_cost_one_run(serve: Serve, connect: Connect, plugin: Plugin) -> None:
    meeting = threading.Barrier(4, timeout=10)

    def handle(exchange: Exchange) -> None:
        if exchange.request.headers["authorization"] == "Bearer t1":
            meeting.wait()
        accepting("t2")(exchange)

    client = connect(serve(handle, tls=True), ca_data=CA, user=plugin.user())
    assert client.parallel(*[lambda: client.get(WIDGETS, "ns", "w")] * 4) == [widget()] * 4
    assert len(plugin.runs) == 2


def test_a_watch_gets_new_credentials_too(serve: Serve, connect: Connect, plugin: Plugin) -> None:
    def handle(exchange: Exchange) -> None:
        if exchange.request.headers["authorization"] == "Bearer t1":
            exchange.answer(b"", 401)
        else:
            exchange.stream()
            exchange.event("ADDED", widget())
            exchange.raw(b"0\r\n\r\n")

    client = connect(serve(handle, tls=True), ca_data=CA, user=plugin.user())
    assert [event.kind for event in client.watch(WIDGETS, "ns")] == ["ADDED"]
    assert len(plugin.runs) == 2


def test_expiry(server: RawServer, connect: Connect, plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin.gives(token="t%d", expirationTimestamp="2100-01-01T00:00:00Z")
    client = connect(server, ca_data=CA, user=plugin.user())
    client.get(WIDGETS, "ns", "w")
    client.get(WIDGETS, "ns", "w")
    monkeypatch.setattr("time.time", lambda: 4102444801.0)
    client.get(WIDGETS, "ns", "w")
    assert sent(server) == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_certificates_from_a_plugin(serve: Serve, connect: Connect, plugin: Plugin) -> None:
    server = serve(answering(widget()), tls=True, client_ca="ca.crt")
    cert, key = ((TLS / name).read_text() for name in ("client.crt", "client.key"))
    plugin.gives(clientCertificateData=cert, clientKeyData=key)
    connect(server, ca_data=CA, user=plugin.user()).get(WIDGETS, "ns", "w")
    assert sent(server) == [None]
    assert dict(pair[0] for pair in server.client_certificates[0]["subject"])["commonName"] == "test only client"
    assert len(plugin.runs) == 1


def test_a_token_goes_before_a_plugin(server: RawServer, connect: Connect, plugin: Plugin) -> None:
    user = plugin.user()
    user.token = "mine"
    connect(server, ca_data=CA, user=user).get(WIDGETS, "ns", "w")
    assert sent(server) == ["Bearer mine"]
    assert plugin.runs == []


@pytest.mark.parametrize(
    ("settings", "authorization"),
    [
        ({"username": "u", "password": "p"}, "Basic dTpw"),
        ({"cert_file": str(TLS / "client.crt"), "key_file": str(TLS / "client.key")}, None),
        ({"cert_file": str(TLS / "client.crt")}, "Bearer t1"),  # without a key it is no certificate to show
    ],
)
def test_whoever_has_a_password_or_a_certificate_runs_no_plugin(
    server: RawServer, connect: Connect, plugin: Plugin, settings: dict[str, str], authorization: str | None
) -> None:
    user = plugin.user()
    for name, value in settings.items():
        setattr(user, name, value)
    if authorization == "Bearer t1":
        plugin.gives(
            token="t1",
            clientCertificateData=(TLS / "client.crt").read_text(),
            clientKeyData=(TLS / "client.key").read_text(),
        )
    connect(server, ca_data=CA, user=user).get(WIDGETS, "ns", "w")
    assert sent(server) == [authorization]
    assert len(plugin.runs) == (authorization == "Bearer t1")


def test_no_plugin_for_plain_http(serve: Serve, connect: Connect, plugin: Plugin) -> None:
    connect(serve(answering(widget())), user=plugin.user()).get(WIDGETS, "ns", "w")
    assert plugin.runs == []


STATUS = '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": %s}'


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("sys.exit(3)", "exec: executable .* failed with exit code 3$"),
        ("print('sentinel')", "decoding stdout: the plugin printed no ExecCredential$"),
        ("", "decoding stdout: the plugin printed no ExecCredential$"),
        ("print('{}')", "decoding stdout: the plugin printed no ExecCredential$"),
        (
            'print(\'{"kind":"ExecCredential","apiVersion":"x/v9"}\')',
            f"exec plugin is configured to use API version {V1}, plugin returned version x/v9$",
        ),
        (f"print('{STATUS % 'null'}')", "exec plugin didn't return a status field$"),
        (f"print('{STATUS % '{}'}')", "exec plugin didn't return a token or cert/key pair$"),
        (
            """print('%s')""" % (STATUS % '{"clientKeyData": "sentinel"}'),
            "exec plugin returned only certificate or key, not both$",
        ),
        (
            """print('%s')""" % (STATUS % '{"token": "sentinel", "expirationTimestamp": "soon"}'),
            "expirationTimestamp is not a time$",
        ),
        ("""print('%s')""" % (STATUS % '{"token": 5}'), "printed no ExecCredential$"),
    ],
)
def test_plugins_that_fail(server: RawServer, connect: Connect, plugin: Plugin, code: str, text: str) -> None:
    plugin.does(code)
    with pytest.raises(ConfigError, match=text) as caught:
        connect(server, ca_data=CA, user=plugin.user()).get(WIDGETS, "ns", "w")
    assert str(caught.value).startswith("getting credentials: ")
    assert "sentinel" not in str(caught.value)
    assert server.requests == []


def test_a_plugin_that_is_not_installed(server: RawServer, connect: Connect, plugin: Plugin) -> None:
    user = plugin.user(command="no-such-plugin", install_hint="Get it\nfrom there.")
    with pytest.raises(ConfigError) as caught:
        connect(server, ca_data=CA, user=user).get(WIDGETS, "ns", "w")
    assert str(caught.value) == ("getting credentials: exec: executable no-such-plugin not found. Get it from there.")
    with pytest.raises(ConfigError, match=r"fork/exec .*: permission denied"):
        connect(server, ca_data=CA, user=plugin.user(command=str(plugin.folder / "code"))).get(WIDGETS, "ns", "w")


def test_a_plugin_that_never_ends(
    server: RawServer, connect: Connect, plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubectl_rollouts.cluster.exec_plugin._QUIET_LIMIT", 0.5)
    plugin.does("time.sleep(100)")
    with pytest.raises(ConfigError, match=r"did not end within 0\.5 seconds"):
        connect(server, ca_data=CA, user=plugin.user()).get(WIDGETS, "ns", "w")


def test_a_plugin_that_needs_a_terminal(
    server: RawServer, connect: Connect, plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(ConfigError, match="cannot support interactive mode: standard input is not a terminal"):
            connect(server, ca_data=CA, user=plugin.user(interactive_mode="Always")).get(WIDGETS, "ns", "w")
        connect(server, ca_data=CA, user=plugin.user(interactive_mode="IfAvailable")).get(WIDGETS, "ns", "w")
    with pytest.raises(ConfigError, match='exec plugin: invalid apiVersion "x/v1alpha1"'):
        connect(server, ca_data=CA, user=plugin.user(api_version="x/v1alpha1")).get(WIDGETS, "ns", "w")


def test_nothing_a_plugin_gives_is_logged(server: RawServer, connect: Connect, plugin: Plugin) -> None:
    plugin.gives(token="sentinel-abc")
    lines: list[str] = []
    client = connect(server, ca_data=CA, user=plugin.user(), log=lines.append, verbosity=10)
    client.create(WIDGETS, "ns", {"note": "sentinel-abc"})
    assert lines
    assert "sentinel" not in "\n".join(lines)


# --- Auth providers ---------------------------------------------------------------------------------------------------


def token(expires: float) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': expires})}.x"


def oidc(**config: str | None) -> User:
    return User(
        auth_provider=AuthProvider("oidc", {"idp-issuer-url": "https://127.0.0.1:1", "client-id": "me", **config})
    )


def test_an_oidc_token_that_is_good(server: RawServer, connect: Connect) -> None:
    good = token(time.time() + 1000)
    connect(server, ca_data=CA, user=oidc(**{"id-token": good})).get(WIDGETS, "ns", "w")
    assert sent(server) == [f"Bearer {good}"]


class Issuer:
    """An oidc provider whose next id-token is `token`; it takes the client secret by basic auth or in the form."""

    def __init__(self, serve: Serve, *, in_form: bool = False, **answer: Any) -> None:
        self.token = token(time.time() + 1000)
        self.answer = {"id_token": self.token, "refresh_token": "r2", **answer}
        self.in_form = in_form
        self.endpoint = ""
        self.server = serve(self.handle, tls=True)

    def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.path == "/id/.well-known/openid-configuration":
            exchange.answer({"token_endpoint": self.endpoint or f"{self.server.url}/token"})
        elif self.in_form != (b"client_id=me" in request.body):
            exchange.answer({"error": "invalid_client"}, 401)
        else:
            exchange.answer(self.answer)

    def kubeconfig(self, api: RawServer, file: Path, **settings: str) -> ConfigFlags:
        settings = {
            "idp-issuer-url": f"{self.server.url}/id",
            "client-id": "me",
            "id-token": token(1000),
            "refresh-token": "r+1",
            "idp-certificate-authority-data": base64.b64encode(CA).decode(),
            **{name.replace("_", "-"): value for name, value in settings.items()},
        }
        cluster = {"server": api.url, "certificate-authority-data": base64.b64encode(CA).decode()}
        document = {
            "clusters": [{"name": "k", "cluster": cluster}],
            "users": [{"name": "u", "user": {"auth-provider": {"name": "oidc", "config": settings}}}],
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "current-context": "c",
            "note": "x" * 1000,
        }
        file.write_text(json.dumps(document))
        file.chmod(0o600)
        return ConfigFlags(kubeconfig=str(file))


@pytest.mark.parametrize(("secret", "in_form"), [("s", False), ("s", True), ("", True)])
def test_an_oidc_token_is_renewed_and_written_back(serve: Serve, tmp_path: Path, secret: str, in_form: bool) -> None:
    issuer = Issuer(serve, in_form=in_form)
    api = serve(accepting(issuer.token), tls=True)
    file = tmp_path / "config"
    flags = issuer.kubeconfig(api, file, client_secret=secret)
    for _ in range(2):
        with Client(load_config(flags, {})) as client:
            assert client.get(WIDGETS, "ns", "w") == widget()
    posts = [request for request in issuer.server.requests if request.method == "POST"]
    assert len(posts) == 1 + (in_form and bool(secret))  # the second client found the new token in the file
    assert b"grant_type=refresh_token&refresh_token=r%2B1" in posts[-1].body
    assert "r2" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_what_is_written_back_means_what_it_meant(serve: Serve, tmp_path: Path) -> None:
    issuer = Issuer(serve, in_form=True)
    api = serve(accepting(issuer.token), tls=True)
    file = tmp_path / "config"
    flags = issuer.kubeconfig(api, file)
    others = "- {name: a, user: {token: 12:30}}\n- {name: b, user: {token: !mine 5, as: 2001-01-01}}\n"
    text = yaml.safe_dump(json.loads(file.read_text()))
    file.write_text(text.replace("users:\n", "users:\n" + others))
    with Client(load_config(flags, {})) as client:
        client.get(WIDGETS, "ns", "w")
    assert "r2" in file.read_text()
    users = [load_config(ConfigFlags(kubeconfig=str(file), user=name), {}).user for name in "ab"]
    assert [(user.token, user.impersonate) for user in users] == [("12:30", ""), ("5", "2001-01-01")]


@pytest.mark.parametrize(
    ("settings", "endpoint", "answer", "text"),
    [
        ({"idp_certificate_authority_data": ""}, "", {}, "certificate signed by unknown authority"),
        ({"idp_issuer_url": "http://127.0.0.1:1"}, "", {}, "not reached over https"),
        ({"idp_issuer_url": "https://127.0.0.1:1"}, "", {}, "connection refused"),
        ({}, "http://127.0.0.1:1/token", {}, "not reached over https"),
        ({}, "", {"id_token": None}, "has no id_token"),
    ],
)
def test_an_oidc_provider_that_does_not_do(
    serve: Serve, tmp_path: Path, settings: dict[str, str], endpoint: str, answer: dict[str, Any], text: str
) -> None:
    issuer = Issuer(serve, in_form=True, **answer)
    issuer.endpoint = endpoint
    api = serve(answering(widget()), tls=True)
    flags = issuer.kubeconfig(api, tmp_path / "config", **settings)
    with Client(load_config(flags, {})) as client, pytest.raises(ConfigError, match=text) as caught:
        client.get(WIDGETS, "ns", "w")
    assert "r+1" not in str(caught.value)
    assert api.requests == []


@pytest.mark.parametrize(
    ("provider", "text"),
    [
        (AuthProvider("gcp"), "The gcp auth plugin has been removed"),
        (AuthProvider("azure"), "The azure auth plugin has been removed"),
        (AuthProvider("other"), 'no Auth Provider found for name "other"'),
        (AuthProvider("oidc"), "Must provide idp-issuer-url"),
        (oidc().auth_provider, "No valid id-token, and cannot refresh without refresh-token"),
        (oidc(**{"id-token": "a.b.c"}).auth_provider, "No valid id-token"),
    ],
)
def test_auth_providers_that_do_not_do(server: RawServer, connect: Connect, provider: AuthProvider, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        connect(server, ca_data=CA, user=User(auth_provider=provider)).get(WIDGETS, "ns", "w")
    assert server.requests == []
