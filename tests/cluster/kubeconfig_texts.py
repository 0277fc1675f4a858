"""More of the corpus: one kubeconfig written in many ways, and files that are merged. See kubeconfig_cases.py."""

# ruff: noqa: E501  # a table

from __future__ import annotations

from tests.cluster.kubeconfig_cases import OTHER, SERVER, Case, cluster, config, one, user

BLOCK = "  user: {token: t}"
JSON = '"clusters":[{"name":"k","cluster":{"server":"https://127.0.0.1:1"}}],"contexts":[{"name":"c","context":{"cluster":"k","user":"u"}}],"users":[{"name":"u","user":{"token":"t"}}],"current-context":"c"}'


def token(name: str, written: str) -> Case:
    """A token as it is written behind its key, in block style."""
    return one(name, config().replace(BLOCK, f"  user:\n    token: {written}"))


def named(name: str, written: str) -> Case:
    """A context of another name than `c`."""
    return one(name, config(current=written).replace("- name: c\n", f"- name: {written}\n"))


TEXTS = [
    # the file
    one("byte order mark", "\ufeff" + config()),
    one("byte order mark, json", "\ufeff{" + JSON),
    one("json with tabs", "{\n\t" + JSON.replace(",", ",\n\t")),
    one("json with a key twice", '{"current-context":"x",' + JSON),
    one("json with a comma too many", "{" + JSON.replace("}],", "},],")),
    one("json and more behind it", "{" + JSON + " x"),
    one("json documents", "{" + JSON + '\n{"a": 1}'),
    one("tabs for indentation", config().replace("  cluster: {", "\tcluster: {")),
    one("a tab behind a colon", config().replace("context: c", "context:\tc")),
    one("a tab behind a value", config().replace("context: c", "context: c\t")),
    one("carriage returns alone", config().replace("\n", "\r")),
    one("a document's start", "--- # one\n" + config()),
    one("a document's end", config() + "...\nfoo: [\n"),
    one("a broken second document", config() + "---\nfoo: [\n"),
    one("an empty document first", "---\n---\n" + config()),
    one("a directive", "%YAML 1.1\n---\n" + config()),
    one("comments first", "# hi\n\n---\n# there\n" + config()),
    one("all of it indented", "\n".join("  " + line for line in config().split("\n"))),
    one("wide lists", config().replace("- name: u\n  user", "-   name: u\n    user")),
    one("a dash alone", config().replace("- name: u\n", "-\n  name: u\n")),
    one("quoted keys", config().replace("users:", '"users":')),
    one("a question mark for a key", config().replace("current-context: c", "? current-context\n: c")),
    one("only spaces", " \n\n"),
    one("only a comment", "# x\n"),
    one("null", "null\n"),
    one("a control character in a comment", config() + "# \x01\n"),
    one("a zero byte", config() + "\0"),
    # keys
    one("a key twice", config(more="current-context: zzz\n")),
    user("a user's key twice", "{token: a, token: b}"),
    one("keys in capitals", config().replace("users:", "Users:")),
    user("keys of another spelling", "{clientCertificateData: eA==, token-file: x, token: t}"),
    one("keys that are numbers and words", config(more="1: a\n1.5: b\ntrue: c\n")),
    one("a null key", config(more="~: 2\n")),
    one("a list for a key", config(more="[a]: 2\n")),
    one("a merged mapping", "base: &b {token: t}\n" + config(user="{<<: *b}")),
    one("a merged mapping, overridden", "base: &b {token: t}\n" + config(user="{<<: *b, token: z}")),
    one("an anchor", "x: &t word\n" + config(user="{token: *t}")),
    # values
    token("folded", ">-\n      abc\n      def"),
    token("in two lines", "abc\n      def"),
    token("quote in quotes", "'it''s'"),
    token("escapes", '"a\\x41\\u00e9"'),
    token("comment behind it", "t # hi"),
    token("number sign", "a#b"),
    token("colon", "a:b"),
    token("letters beyond ascii", "ü"),
    token("line separator", "a\u2028b"),
    token("next line", "a\u0085b"),
    token("delete", '"a\x7fb"'),
    token("time of day", "12:30"),
    token("angle", "1:2:3.5"),
    token("date and time", "2001-12-14t21:59:43.10-05:00"),
    token("exponent", "1e3"),
    token("underscore", "1_0"),
    token("octal", "0o17"),
    token("no octal", "089"),
    token("half a hexadecimal", "0x"),
    token("point five", ".5"),
    token("version", "1.2.3"),
    token("letter y", "y"),
    token("letter n", "n"),
    token("word Off", "Off"),
    token("equals", "="),
    token("tilde", "~"),
    token("word Null", "Null"),
    token("no number", ".nan"),
    token("infinity", ".inf"),
    token("word Infinity", "Infinity"),
    token("with a sign", "+1"),
    token("no binary", "0b12"),
    token("a long number", "123456789012345678901234567890"),
    token("binary", "!!binary aGk="),
    token("a tag of somebody", "!foo bar"),
    token("a tag that does not fit", "!!int word"),
    cluster("insecure: on", f'{{server: "{SERVER}", insecure-skip-tls-verify: on}}'),
    cluster("insecure: y", f'{{server: "{SERVER}", insecure-skip-tls-verify: y}}'),
    cluster("insecure: 1", f'{{server: "{SERVER}", insecure-skip-tls-verify: 1}}'),
    one("namespace: yes", config(context=", namespace: yes")),
    one("namespace: 5", config(context=", namespace: 5")),
    one("names that are numbers", config().replace("- name: u\n", "- name: 5\n").replace("user: u", "user: 5")),
    one("users are null", config().replace("users:\n- name: u\n  user: {token: t}\n", "users: null\n")),
    one("users are a mapping", config().replace("users:\n- name: u\n  user: {token: t}\n", "users: {}\n")),
    one("preferences", config(more="preferences: {colors: true}\nextensions: []\n")),
    one("extensions of a context", config(context=", extensions: [{name: m, extension: {version: v1.2}}]")),
    named("a space in a name", "c d"),
    named("a long name", "arn:aws:eks:eu:1:cluster/x"),
    named("user and cluster", "u@k"),
    user("extra is no list", "{as: x, as-user-extra: {a: b}}"),
    user("an argument is a number", "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: x, args: [1]}}"),
    user("exec v1alpha1", "{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}"),
    cluster("base64 without padding", f'{{server: "{SERVER}", certificate-authority-data: eA}}'),
    cluster("base64 for urls", f'{{server: "{SERVER}", certificate-authority-data: "_-8="}}'),
    cluster("base64 twice", f'{{server: "{SERVER}", certificate-authority-data: "eA==eA=="}}'),
    cluster("base64 with a space", f'{{server: "{SERVER}", certificate-authority-data: "eH h4"}}'),
    cluster("base64 with loose bits", f'{{server: "{SERVER}", certificate-authority-data: "eB=="}}'),
    one("kind List", config().replace("kind: Config", "kind: List")),
    one("kind alone", config().replace("apiVersion: v1\n", "")),
    one("version alone", config().replace("kind: Config\n", "")),
    one("kind in small letters", config().replace("kind: Config", "kind: config")),
    user("a token file and basic", "{tokenFile: tok, username: u, password: p}", tok="x"),
    user("a password alone", "{password: p}"),
    # several files
    Case("a user of two files", {"a": config(user="{username: a, password: b}", current=""), "b": config(user="{token: z}")}, {}, "@/a:@/b"),
    Case("the context of the second file", {"a": "current-context: other\n", "b": OTHER, "sub/ca.crt": "x", "c.crt": "x", "c.key": "x", "tok": "t"}, {}, "@/a:@/b"),
    Case("a part in each of three", {
        "a": "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n",
        "b": f"clusters: [{{name: k, cluster: {{server: '{SERVER}'}}}}]\n",
        "c": "users: [{name: u, user: {tokenFile: ./none/../tok}}]\n", "tok": "x"}, {}, "@/a:@/b:@/c"),
    Case("a broken second file", {"a": config(), "b": "a: ["}, {}, "@/a:@/b"),
    Case("a folder for the second file", {"a": config(), "d/x": "x"}, {}, "@/a:@/d"),
    Case("a comment for the first file", {"a": "# x", "b": config()}, {}, "@/a:@/b"),
    Case("bad base64 in a cluster that is not used", {"a": config(), "b": "clusters: [{name: z, cluster: {certificate-authority-data: '!'}}]"}, {}, "@/a:@/b"),
    Case("a tilde", {"config": config()}, {}, "~/config"),
    Case("the same file spelled twice", {"config": config()}, {}, "@/config:@/./config"),
    Case("quotes around the name", {"config": config()}, {}, '"@/config"'),
]  # fmt: skip
