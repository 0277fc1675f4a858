"""A corpus of kubeconfigs: what people have, and what goes wrong. `record_kubeconfigs.py` asks the real kubectl.

`@` in a text stands for the folder that the case's files are in. Nothing listens at the servers.
"""

# ruff: noqa: E501  # a table

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

SERVER = "https://127.0.0.1:1"


class Case(NamedTuple):
    name: str
    files: dict[str, str]
    flags: Mapping[str, Any] = MappingProxyType({})
    kubeconfig: str = "@/config"  # $KUBECONFIG


def config(
    user: str = "{token: t}",
    cluster: str = f'{{server: "{SERVER}"}}',
    context: str = "",
    current: str = "c",
    more: str = "",
) -> str:
    """Return a kubeconfig of one cluster `k`, user `u` and context `c`, in YAML."""
    return f"""\
apiVersion: v1
kind: Config
current-context: {current}
clusters:
- name: k
  cluster: {cluster}
users:
- name: u
  user: {user}
contexts:
- name: c
  context: {{cluster: k, user: u{context}}}
{more}"""


def one(name: str, text: str, flags: dict[str, Any] | None = None, **files: str) -> Case:
    return Case(name, {"config": text, **files}, flags or {})


def user(name: str, text: str, flags: dict[str, Any] | None = None, **files: str) -> Case:
    return one(name, config(user=text), flags, **files)


def cluster(name: str, text: str, flags: dict[str, Any] | None = None, **files: str) -> Case:
    return one(name, config(cluster=text), flags, **files)


FIRST = config(user="{token: one}", cluster='{server: "https://first:1", certificate-authority: ca.crt}', current="")
SECOND = config(user="{token: two}", cluster='{server: "https://second:1"}', context=", namespace: two")
OTHER = """\
current-context: other
clusters: [{name: k2, cluster: {server: "https://other:1", certificate-authority: sub/ca.crt}}]
users: [{name: u2, user: {client-certificate: c.crt, client-key: c.key, tokenFile: tok}}]
contexts: [{name: other, context: {cluster: k2, user: u2, namespace: o}}, {name: c, context: {cluster: k2, user: u2}}]
"""
EXEC = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, interactiveMode: Never%s}}"
FILES = {"ca.crt": "x", "c.crt": "x", "c.key": "x", "tok": "tok"}

CASES = [
    # what people have
    user("token", "{token: t}"),
    user("token that looks like a number in quotes", '{token: "123"}'),
    user("token that looks like a date", "{token: 2020-01-01}"),
    user("token file", "{tokenFile: tok}", tok="x"),
    user("token and token file", "{token: a, tokenFile: tok}", tok="x"),
    user("basic", "{username: a, password: b}"),
    user("certificate files", "{client-certificate: c.crt, client-key: c.key}", **FILES),
    Case("certificate files above", {"sub/config": config(user="{client-certificate: ../c.crt, client-key: .././c.key}"),
                                     **FILES}, {}, "@/sub/config"),
    user("certificate data", "{client-certificate-data: eA==, client-key-data: eQ==}"),
    user("certificate data, key file", "{client-certificate-data: eA==, client-key: c.key}", **FILES),
    user("impersonation", "{token: t, as: jane, as-uid: '7', as-groups: [a, b], as-user-extra: {k: [v, w]}}"),
    user("nobody", "{}"),
    user("null user", ""),
    user("exec", EXEC % ("aws", ", args: [eks, get-token], env: [{name: A, value: b}], installHint: hint")),
    user("exec beside the file", EXEC % ("./plugin", "")),
    user("exec in a folder", EXEC % ("bin/plugin", ", provideClusterInfo: true")),
    user("exec absolute", EXEC % ("/bin/true", "")),
    user("exec v1beta1", "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x}}"),
    user("exec with nulls", EXEC % ("x", ", args: null, env: null, installHint: null, provideClusterInfo: null")),
    user("exec and token", EXEC[:-1] % ("x", "") + ", token: t}"),
    user("oidc", "{auth-provider: {name: oidc, config: {client-id: a, id-token: b, idp-issuer-url: c}}}"),
    cluster("ca data", f'{{server: "{SERVER}", certificate-authority-data: eA==}}'),
    cluster("ca data in lines", f'{{server: "{SERVER}", certificate-authority-data: "eHh4\\neHh4\\n"}}'),
    cluster("ca file", f'{{server: "{SERVER}", certificate-authority: ca.crt}}', **FILES),
    cluster("server name", f'{{server: "{SERVER}", tls-server-name: api.test}}'),
    cluster("insecure", f'{{server: "{SERVER}", insecure-skip-tls-verify: true}}'),
    cluster("insecure as yes", f'{{server: "{SERVER}", insecure-skip-tls-verify: yes}}'),
    cluster("proxy", f'{{server: "{SERVER}", proxy-url: "http://proxy:3128"}}'),
    cluster("socks proxy", f'{{server: "{SERVER}", proxy-url: "socks5://proxy:1080"}}'),
    cluster("no compression", f'{{server: "{SERVER}", disable-compression: true}}'),
    cluster("path in the server", f'{{server: "{SERVER}/k8s/clusters/c-1"}}'),
    cluster("plain http", '{server: "http://127.0.0.1:1"}'),
    cluster("ipv6", '{server: "https://[::1]:1"}'),
    cluster("unknown fields", f'{{server: "{SERVER}", color: blue, extensions: [{{name: x, extension: {{a: 1}}}}]}}'),
    one("namespace", config(context=", namespace: prod")),
    one("json", '{"kind":"Config","clusters":[{"name":"k","cluster":{"server":"https://127.0.0.1:1"}}],'
        '"contexts":[{"name":"c","context":{"cluster":"k","user":"u"}}],"users":[{"name":"u","user":{"token":"t"}}],'
        '"current-context":"c"}'),
    one("json with comments", "{clusters: [{name: k, cluster: {server: 'https://127.0.0.1:1'}}], # odd\n"
        "contexts: [{name: c, context: {cluster: k}}], current-context: c}"),
    one("anchors", config(more="x: &a {b: c}\ny: *a\n")),
    one("no kind", config().replace("apiVersion: v1\nkind: Config\n", "")),
    one("windows line ends", config().replace("\n", "\r\n")),
    one("several documents", config(more="---\nkind: Config\ncurrent-context: zzz\n")),
    one("tags", config(user="{token: !!str 5}")),
    one("missing user", config().replace("name: u\n", "name: v\n")),
    one("missing cluster", config().replace("name: k\n", "name: v\n")),
    # flags over it
    one("--context", config(more="- name: d\n  context: {cluster: k, user: u, namespace: d}\n"), {"context": "d"}),
    one("--namespace", config(context=", namespace: prod"), {"namespace": "flag"}),
    one("--server", config(cluster=f'{{server: "{SERVER}", tls-server-name: x}}'), {"server": "https://127.0.0.1:2"}),
    one("--tls-server-name", config(), {"tls_server_name": "y"}),
    one("--insecure drops the ca", config(cluster=f'{{server: "{SERVER}", certificate-authority-data: eA==}}'),
        {"insecure_skip_tls_verify": True}),
    one("--certificate-authority", config(cluster=f'{{server: "{SERVER}", insecure-skip-tls-verify: true}}'),
        {"certificate_authority": "@/ca.crt"}, **FILES),
    user("--token over a token", "{token: t}", {"token": "flag"}),
    user("--token over a token file", "{tokenFile: tok}", {"token": "flag"}, tok="x"),
    user("--client-certificate", "{client-certificate-data: eA==, client-key-data: eQ==}",
         {"client_certificate": "@/c.crt", "client_key": "@/c.key"}, **FILES),
    one("--as", config(), {"as_user": "jane", "as_group": ["g"], "as_uid": "7"}),
    one("--user", config(more="").replace("users:\n", "users:\n- name: v\n  user: {token: v}\n"), {"user": "v"}),
    one("--cluster", config().replace("clusters:\n", "clusters:\n- name: v\n  cluster: {server: 'https://v:1'}\n"),
        {"cluster": "v"}),
    # several files
    Case("two files", {"a": FIRST, "b": SECOND, **FILES}, {}, "@/a:@/b"),
    Case("two files the other way round", {"a": FIRST, "b": SECOND, **FILES}, {}, "@/b:@/a"),
    Case("three files, one of them missing", {"a": FIRST, "b": OTHER, "sub/ca.crt": "x", **FILES}, {"context": "other"}, "@/a:@/none:@/b"),
    Case("relative to their own folders", {"x/a": FIRST, "y/b": OTHER, "y/sub/ca.crt": "x", "y/c.crt": "x", "y/c.key": "x", "x/ca.crt": "x", "y/tok": "x"},
         {"context": "other"}, "@/x/a:@/y/b"),
    Case("empty parts and twice the same", {"a": SECOND}, {}, ":@/a::@/a:"),
    Case("--kubeconfig alone", {"a": FIRST, "b": SECOND}, {"kubeconfig": "@/b"}, "@/a"),
    Case("the one at home", {".kube/config": SECOND}, {}, ""),
    Case("an empty file", {"a": "", "b": SECOND}, {}, "@/a:@/b"),
    # what goes wrong
    Case("nothing at all", {}, {}, "@/none"),
    Case("--kubeconfig missing", {}, {"kubeconfig": "@/none"}),
    Case("--kubeconfig is a folder", {"d/x": ""}, {"kubeconfig": "@/d"}),
    one("bad current context", config(current="nope")),
    one("no current context", config(current='""')),
    one("--context unknown", config(), {"context": "nope"}),
    one("--user unknown", config(), {"user": "nope"}),
    one("--cluster unknown", config(), {"cluster": "nope"}),
    one("bad timeout", config(), {"request_timeout": "soon"}),
    one("no yaml", "a: b: c"),
    one("a list", "- a\n"),
    one("a word", "hello\n"),
    one("another kind", config().replace("kind: Config", "kind: Pod")),
    one("another version", config().replace("apiVersion: v1", "apiVersion: v2")),
    one("clusters of a wrong type", "clusters: 3\n"),
    cluster("server of a wrong type", "{server: 1}"),
    user("token of a wrong type", "{token: 123}"),
    cluster("insecure of a wrong type", f'{{server: "{SERVER}", insecure-skip-tls-verify: "true"}}'),
    one("null entries", config(more="").replace("clusters:\n", "clusters:\n- null\n")),
    one("a name twice", config().replace("clusters:\n", "clusters:\n- name: k\n  cluster: {server: x}\n")),
    cluster("bad base64", f'{{server: "{SERVER}", certificate-authority-data: "!!"}}'),
    cluster("bad proxy", f'{{server: "{SERVER}", proxy-url: "ftp://x"}}'),
    cluster("ca file missing", f'{{server: "{SERVER}", certificate-authority: none.crt}}'),
    cluster("ca data and file", f'{{server: "{SERVER}", certificate-authority: ca.crt, certificate-authority-data: eA==}}',
            **FILES),
    user("certificate file missing", "{client-certificate: c.crt, client-key: none.key}", **FILES),
    user("certificate without key", "{client-certificate-data: eA==}"),
    user("certificate data and file", "{client-certificate-data: eA==, client-certificate: c.crt, client-key: c.key}", **FILES),
    user("key data and file", "{client-certificate-data: eA==, client-key-data: eA==, client-key: c.key}", **FILES),
    user("token file missing", "{tokenFile: none}"),
    user("token and basic", "{token: a, username: b}"),
    user("exec without command", EXEC % ('""', "")),
    user("exec without version", "{exec: {command: x, interactiveMode: Never}}"),
    user("exec without mode", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x}}"),
    user("exec of a bad mode", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Sometimes}}"),
    user("exec with a nameless variable", EXEC % ("x", ', env: [{name: "", value: a}]')),
    user("exec and auth provider", EXEC[:-1] % ("x", "") + ", auth-provider: {name: oidc}}"),
    user("groups without a user", "{token: t, as-groups: [a]}"),
    one("--as-group without --as", config(), {"as_group": ["g"]}),
    one("many at once", config(user="{token: a, username: b, as-uid: x}",
                               cluster=f'{{server: "{SERVER}", proxy-url: "ftp://x", certificate-authority: /nope}}')),
]  # fmt: skip
