from __future__ import annotations

import pytest

from kubectl_rollouts.cluster.errors import generic_error
from kubectl_rollouts.cluster.resources import Resource
from kubectl_rollouts.cluster.urls import Url, query_string, quote, split_url, unquote
from kubectl_rollouts.errors import Failure

WIDGETS = Resource("example.com", "v1", "widgets", "Widget")
PODS = Resource("", "v1", "pods", "Pod")
CLUSTER_WIDE = Resource("example.com", "v1", "gadgets", "Gadget", namespaced=False)


def test_paths() -> None:
    assert WIDGETS.path("ns") == "/apis/example.com/v1/namespaces/ns/widgets"
    assert WIDGETS.path("") == "/apis/example.com/v1/widgets"
    assert WIDGETS.path("ns", "a", "status") == "/apis/example.com/v1/namespaces/ns/widgets/a/status"
    assert PODS.path("ns", "a b?") == "/api/v1/namespaces/ns/pods/a%20b%3F"
    assert CLUSTER_WIDE.path("ns", "a") == "/apis/example.com/v1/gadgets/a"
    assert (WIDGETS.group_resource, PODS.group_resource) == ("widgets.example.com", "pods")
    assert (WIDGETS.api_version, PODS.api_version) == ("example.com/v1", "v1")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "resource name may not be empty"),
        (".", "invalid resource name \".\": [may not be '.']"),
        ("..", "invalid resource name \"..\": [may not be '..']"),
        ("a/b", "invalid resource name \"a/b\": [may not contain '/']"),
        ("a%b", "invalid resource name \"a%b\": [may not contain '%']"),
        ("/%", "invalid resource name \"/%\": [may not contain '/' may not contain '%']"),
    ],
)
def test_names_that_cannot_be(name: str, text: str) -> None:
    with pytest.raises(Failure) as caught:
        PODS.path("ns", name)
    assert str(caught.value) == text


def test_a_namespace_cannot_leave_its_place() -> None:
    with pytest.raises(Failure):
        PODS.path("../../secrets", "a")


@pytest.mark.parametrize(
    ("code", "method", "body", "text"),
    [
        (400, "PATCH", "x", "the server rejected our request for an unknown reason"),
        (
            400,
            "GET",
            "Client sent an HTTP request to an HTTPS server.\n",
            "the server speaks TLS, and the kubeconfig says http://: use https://",
        ),
        (401, "GET", "x", "the server has asked for the client to provide credentials"),
        (403, "GET", " no way \n", "no way"),
        (403, "GET", "", "forbidden, the server does not say why"),
        (404, "GET", "x", "the server could not find the requested resource"),
        (409, "PATCH", "x", "the server reported a conflict"),
        (415, "PATCH", "what?", "what?"),
        (418, "GET", "x", "the server responded with the status code 418 but did not return more information"),
        (429, "GET", "", "the server has received too many requests and has asked us to try again later"),
        (500, "GET", 'a "b"', 'an error on the server ("a \\"b\\"") has prevented the request from succeeding'),
        (502, "GET", "", 'an error on the server ("unknown") has prevented the request from succeeding'),
        (503, "GET", "x", "the server is currently unable to handle the request"),
    ],
)
def test_errors_without_a_status_object(code: int, method: str, body: str, text: str) -> None:
    assert str(generic_error(code, method, body)) == text
    named = generic_error(code, method, body, group_resource="widgets.example.com", name="w")
    assert str(named) == f"{text} ({method.lower()} widgets.example.com w)"
    assert str(generic_error(code, method, body, group_resource="pods")) == f"{text} ({method.lower()} pods)"


def test_reasons() -> None:
    assert generic_error(404, "GET", "").not_found
    assert generic_error(403, "GET", "").forbidden
    assert generic_error(401, "GET", "").unauthorized
    assert generic_error(429, "GET", "").too_many
    assert generic_error(409, "PATCH", "").conflict
    assert generic_error(409, "POST", "").already_exists
    assert not generic_error(409, "POST", "").conflict
    assert generic_error(410, "GET", "").gone


def test_urls() -> None:
    assert split_url("https://[::1]:6443/k8s/clusters/c?x#y") == Url("https", "::1", 6443, "/k8s/clusters/c")
    assert split_url("HTTP://a.b").port == 80
    assert split_url("https://u:p@h").userinfo == "u:p"
    assert split_url("https://[::1]:6443").origin == "https://[::1]:6443"
    assert split_url("https://h:443").origin == "https://h"
    for bad in ("", "h:80", "https://", "https://h:x", "https://h:99999", "https://[::1", "https://a b", "//h"):
        with pytest.raises(ValueError, match=r"\w"):
            split_url(bad)


def test_quoting() -> None:
    assert quote("a/b c=é") == "a%2Fb%20c%3D%C3%A9"
    assert unquote("a%2Fb%20%C3%A9%zz%") == "a/b é%zz%"
    assert query_string({"b": "x in (1,2)", "a": ""}) == "?a=&b=x+in+%281%2C2%29"
    assert query_string({}) == ""
