"""`lint` over whole files: decoding, which references belong to which Rollout, the rules between them (lint.md)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.cli.main import main
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.validation.lint import lint_errors
from kubectl_rollouts.rollout.validation.manifests import read_documents

DECODING = "error unmarshaling JSON: while decoding JSON: "


def found(text: str) -> list[str]:
    return [str(error) for error in lint_errors(read_documents(text.encode()))]


def failure(text: str) -> str:
    with pytest.raises(Failure) as caught:
        found(text)
    return str(caught.value)


def rollout(strategy: str, *, name: str = "web", extra: str = "") -> str:
    return f"""---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: web, image: nginx}}]}}
  strategy: {strategy}
{extra}
"""


def service(name: str, app: str = "web") -> str:
    return f"---\nkind: Service\napiVersion: v1\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {app}}}}}\n"


def ingress(name: str, backend: str, annotation: str = "") -> str:
    marked = f", annotations: {{argo-rollouts.argoproj.io/managed-by-rollouts: {annotation}}}" if annotation else ""
    return f"""---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}{marked}}}
spec: {{rules: [{{http: {{paths: [{{path: /, backend: {{service: {{name: {backend}}}}}}}]}}}}]}}
"""


def virtual_service(name: str, http: str) -> str:
    head = "---\napiVersion: networking.istio.io/v1alpha3\nkind: VirtualService\n"
    return f"{head}metadata: {{name: {name}}}\nspec: {{http: {http}}}\n"


SERVICES = "canaryService: c, stableService: s"
ISTIO = f"{{canary: {{{SERVICES}, trafficRouting: {{istio: {{virtualService: {{name: v, routes: [primary]}}}}}}}}}}"
BOTH = "[{name: primary, route: [{destination: {host: c}, weight: 0}, {destination: {host: s.ns}, weight: 100}]}]"
INVALID = 'spec.strategy.canary.trafficRouting.istio.virtualService.name: Invalid value: "v": '


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---\n---\nnull\n",
        rollout("{canary: {steps: [{setWeight: 10}, {pause: {duration: 10s}}]}}") + "---\n",
        "kind: List\nitems: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout}]\n",
        "apiVersion: argoproj.io\nkind: Rollout\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Experiment\nspec: {anything: 1}\n",
        rollout("{canary: {}}", extra="  replicas: 3\n  replicas: 4"),
        rollout("{canary: {}}").replace("spec:", "Spec:", 1),
        rollout("{canary: {maxSurge: 1, maxUnavailable: null}}", extra="  replicas: 3.0"),
        rollout("{blueGreen: {activeService: a, previewService: p}}")
        + service("a")
        + service("p")
        + service("x", "other"),
        rollout(ISTIO) + service("c") + service("s") + virtual_service("v", BOTH) + virtual_service("w", "[]"),
        rollout(f"{{canary: {{{SERVICES}, trafficRouting: {{nginx: {{stableIngress: i}}}}}}}}") + ingress("i", "root"),
    ],
)
def test_what_is_fine(text: str) -> None:
    assert found(text) == []


def test_labels_of_services_are_compared_with_the_pods() -> None:
    text = rollout(f"{{canary: {{{SERVICES}}}}}") + service("c", "other") + service("s", "other")
    assert found(text) == [
        'spec.strategy.canary.canaryService: Invalid value: "c": Service "c" has unmatch label "app" in rollout',
        'spec.strategy.canary.stableService: Invalid value: "s": Service "s" has unmatch label "app" in rollout',
    ]


def test_a_later_rollout_takes_a_service_over() -> None:
    text = rollout("{canary: {canaryService: c}}") + rollout("{canary: {stableService: c}}", name="two") + service("c")
    assert found(text) == [
        'spec.strategy.canary.stableService: Invalid value: "c": Service "c" has unmatch label "app" in rollout'
    ]


def test_an_ingress_is_looked_at_only_when_it_is_marked() -> None:
    strategy = f"{{canary: {{{SERVICES}, trafficRouting: {{nginx: {{stableIngress: i}}}}}}}}"
    assert found(rollout(strategy) + ingress("i", "root", "web")) == [
        'spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: "i": ingress `i` has no rules using '
        "service s backend"
    ]


@pytest.mark.parametrize(
    ("http", "detail"),
    [
        ("nothing", "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"),
        ("[{name: other}]", "HTTP Route 'primary' is not found in the defined Virtual Service."),
        ("[{name: primary, route: [{destination: {host: s}}]}]", "Canary Service 'c' not found in route"),
        ("[{name: primary, route: [{destination: {host: c}}]}]", "Stable Service 's' not found in route"),
    ],
)
def test_virtual_services_route_to_both_services(http: str, detail: str) -> None:
    text = detail if detail.startswith("Unable") else f"Istio VirtualService has invalid HTTP routes. Error: {detail}"
    assert found(rollout(ISTIO) + virtual_service("v", http)) == [INVALID + text]


def test_an_empty_rollout_and_virtual_service() -> None:
    text = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n" + virtual_service("", "[]").replace("metadata", "x-meta")
    assert found(text)[-1] == (
        'spec.strategy.canary.trafficRouting.istio: Invalid value: "": '
        "Rollout object is not configured with Istio traffic routing"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("just words\n", f"{DECODING}json: cannot unmarshal string into Go value of type map[string]interface {{}}"),
        ("- 1\n", f"{DECODING}json: cannot unmarshal array into Go value of type map[string]interface {{}}"),
        ("b: 1\na: {d: x, c: <}\n", DECODING + 'Object \'Kind\' is missing in \'{"a":{"c":"\\u003c","d":"x"},"b":1}\''),
        (rollout("{canary: {}}", extra="  nope: 1"), f'{DECODING}json: unknown field "nope"'),
        (
            rollout("{canary: {}}", extra='  replicas: "3"'),
            f"{DECODING}json: cannot unmarshal string into Go struct field RolloutSpec.spec.replicas of type int32",
        ),
        (
            rollout("{canary: {maxSurge: true}}", extra="  aaa: 1"),
            f"{DECODING}json: cannot unmarshal bool into Go struct field CanaryStrategy.spec.strategy.canary.maxSurge "
            "of type int32",
        ),
        (
            service("a").replace("selector: {app: web}", "ports: 5"),
            f"{DECODING}json: cannot unmarshal number into Go struct field ServiceSpec.spec.ports of type "
            "[]v1.ServicePort",
        ),
        (
            ingress("i", "s").replace("k8s.io/v1", "k8s.io/v1beta1"),
            f'{DECODING}json: unknown field "service"',
        ),
        (
            ingress("i", "s").replace("networking.k8s.io/v1", "extensions/v1beta1").replace("rules: [{", "rules: 1 #"),
            "yaml: ",
        ),
        ("a: [\n", "yaml: line 1: did not find expected node content"),
        ("kind: A\nx: .inf\n", "error converting YAML to JSON: json: unsupported value: +Inf"),
        ("a: *b\n", "yaml: unknown anchor 'b' referenced"),
    ],
)
def test_what_cannot_be_decoded(text: str, message: str) -> None:
    said = failure(text)
    assert said == message or (message == "yaml: " and said.startswith(message))


def test_a_later_document_that_cannot_be_decoded_stops_everything() -> None:
    text = rollout("{canary: {maxSurge: 0, maxUnavailable: 0}}") + rollout("{canary: {nope: 1}}")
    assert failure(text) == f'{DECODING}json: unknown field "nope"'


def test_scalars_become_text_where_text_is_expected() -> None:
    label = "{matchLabels: {app: 1.10}}"
    text = (
        rollout("{canary: {}}")
        .replace("{matchLabels: {app: web}}", label)
        .replace("{labels: {app: web}}", "{labels: {app: '1.1'}}")
    )
    assert found(text) == []


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        lint_errors(read_documents(data))
    except Failure as error:
        assert str(error)


def test_the_command_prints_bodies_and_fails_with_the_first(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rollout.yml"
    path.write_text(rollout("{canary: {maxSurge: 0, maxUnavailable: 0, steps: [{setWeight: 101}]}}"))
    assert main(["kubectl-argo-rollouts", "lint", "-f", str(path)]) == 1
    out, err = capfd.readouterr()
    body = "Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero"
    assert out == f"{body}\nInvalid value: 101: SetWeight needs to be between 0 and 100\n"
    assert err == f"Error: spec.strategy.maxSurge: {body}\n"


def test_the_command_is_silent_when_all_is_well(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rollout.yml"
    path.write_text(rollout("{canary: {}}"))
    assert main(["kubectl-argo-rollouts", "lint", "--filename", str(path)]) == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "text"), [("gone.yml", "open {}: no such file or directory"), ("", "read {}: is a directory")]
)
def test_files_that_cannot_be_read(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, text: str) -> None:
    path = tmp_path / name if name else tmp_path
    assert main(["kubectl-argo-rollouts", "lint", "-f", str(path)]) == 1
    assert capfd.readouterr().err == f"Error: {text.format(path)}\n"
