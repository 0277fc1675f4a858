"""Real kubectl against the sandbox: a person's session, line by line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_rollouts.sandbox.cluster import Sandbox
from kubectl_rollouts.sandbox.http import Request, Response

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed here")

Kubectl = Callable[..., str]

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 80}], env: [{name: A, value: b}]}
"""
ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1"}]}
"""


@pytest.fixture
def kubectl(sandbox: Sandbox, kubeconfig: Path, tmp_path: Path) -> Kubectl:
    """`kubectl("get ns")` gives stdout; `fails=…` expects a failure with that text in stderr."""
    (tmp_path / "web.yaml").write_text(DEPLOYMENT)
    (tmp_path / "shop.yaml").write_text(ROLLOUT)
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path)}

    def run(line: str, *more: str, fails: str = "", **variables: str) -> str:
        done = subprocess.run(
            ["kubectl", *line.split(), *more],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if fails:
            assert done.returncode != 0, f"kubectl {line} {more} did not fail: {done.stdout}"
            assert fails in done.stderr
            return done.stderr
        assert done.returncode == 0, f"kubectl {line} {more}: {done.stderr}"
        return done.stdout

    return run


def test_looking_around(kubectl: Kubectl) -> None:
    assert "Server Version: v1.32" in kubectl("version")
    assert "argoproj.io/v1alpha1" in kubectl("api-versions").splitlines()
    assert "rollouts" in kubectl("api-resources --api-group=argoproj.io -o name")
    assert "control-plane" in kubectl("get nodes -o wide")
    assert kubectl("get namespaces -o name").split()[0] == "namespace/default"
    assert "rollouts.argoproj.io" in kubectl("get crd")
    assert kubectl("auth can-i create rollouts").strip() == "yes"
    assert "sandbox-admin" in kubectl("auth whoami")
    assert kubectl("get --raw /readyz") == "ok"
    assert "service/kubernetes" in kubectl("get all")
    assert "Ready" in kubectl("describe node sandbox")
    assert "canary" in kubectl("explain rollout.spec.strategy")
    assert "<[]Container>" in kubectl("explain pod.spec.containers")
    kubectl("get nothing", fails="the server doesn't have a resource type")
    kubectl("get pod missing", fails='pods "missing" not found')


def test_a_deployment(kubectl: Kubectl, tmp_path: Path) -> None:
    assert kubectl("apply -f web.yaml") == "deployment.apps/web created\n"
    assert kubectl("apply -f web.yaml") == "deployment.apps/web unchanged\n"
    assert "successfully rolled out" in kubectl("rollout status deployment/web --timeout=30s")
    assert "2/2" in kubectl("get deployment web")
    assert kubectl("get deploy web -o jsonpath={.spec.strategy.type}") == "RollingUpdate"
    kubectl("scale deployment web --replicas=3")
    kubectl("wait --for=jsonpath={.status.readyReplicas}=3 deployment/web --timeout=30s")
    assert len(kubectl("get pods -l app=web --chunk-size=1 -o name").split()) == 3
    assert kubectl("get pods -l", "app in (web),!x", "--field-selector=status.phase=Running", "-o", "name")
    kubectl("set image deployment/web web=web:2")
    kubectl("rollout status deployment/web --timeout=30s")
    assert "REVISION" in kubectl("rollout history deployment/web")
    kubectl("label deployment web tier=front")
    assert kubectl("get deploy -L tier").splitlines()[1].endswith("front")
    kubectl("annotate deployment web note=here")
    assert "note: here" in kubectl("describe deployment web")
    kubectl("patch deployment web -p", '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:3"}]}}}}')
    kubectl("patch deployment web --type=json -p", '[{"op":"replace","path":"/spec/replicas","value":1}]')
    kubectl("patch deployment web --type=merge -p", '{"metadata":{"labels":{"tier":null}}}')
    web = json.loads(kubectl("get deployment web -o json"))
    container = web["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"], web["spec"]["replicas"]) == (
        "web:3",
        [{"name": "A", "value": "b"}],
        1,
    )
    assert "tier" not in web["metadata"]["labels"]
    kubectl("edit deployment web", EDITOR="sed -i s/web:3/web:4/")
    assert kubectl("get deploy web -o jsonpath={..image}") == "web:4"
    assert kubectl("replace -f web.yaml") == "deployment.apps/web replaced\n"
    assert kubectl("diff -f web.yaml") == ""
    kubectl("create -f web.yaml", fails="AlreadyExists")
    assert "server dry run" in kubectl("delete deployment web --dry-run=server")
    assert "deleted" in kubectl("delete deployment web --cascade=foreground --timeout=30s")
    kubectl("wait --for=delete pod -l app=web --timeout=30s")
    assert kubectl("get replicasets,pods -o name") == ""


def test_a_rollout(kubectl: Kubectl, tmp_path: Path) -> None:
    assert kubectl("apply -f shop.yaml --dry-run=server") == "rollout.argoproj.io/shop created (server dry run)\n"
    assert kubectl("create -f shop.yaml") == "rollout.argoproj.io/shop created\n"
    kubectl("wait --for=jsonpath={.status.phase}=Healthy rollout/shop --timeout=30s")
    assert kubectl("get ro").split()[:6] == ["NAME", "DESIRED", "CURRENT", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert "RolloutCompleted" in kubectl("get events --sort-by=.lastTimestamp")
    assert "Events:" in kubectl("describe rollout shop")
    pod = kubectl("get pods -l app=shop -o name").split()[0]
    assert "QoS Class:" in kubectl(f"describe {pod}")
    assert kubectl(f"logs {pod}")
    assert "10.244." in kubectl("get pods -o wide")
    kubectl(f"delete {pod} --grace-period=1 --timeout=20s")
    kubectl("scale rollout shop --replicas=1")
    assert kubectl("get rollout shop -o jsonpath={.spec.replicas}") == "1"
    kubectl("patch rollout shop --type=merge -p", '{"spec":{"paused":true}}')
    kubectl("patch rollout shop -p {}", fails="strategic-merge-patch+json is not supported")
    (tmp_path / "odd.yaml").write_text(ROLLOUT.replace("replicas: 2", "replica: 2"))
    kubectl("apply -f odd.yaml", fails='unknown field "spec.replica"')
    kubectl("apply --validate=warn -f odd.yaml")
    (tmp_path / "wrong.yaml").write_text(ROLLOUT.replace("replicas: 2", "replicas: two"))
    kubectl("apply -f wrong.yaml", fails="must be of type integer")
    kubectl("delete rollout shop --cascade=orphan")
    assert kubectl("get replicasets -o name").startswith("replicaset.apps/shop-")


def test_what_describe_says_of_services_and_pods(kubectl: Kubectl) -> None:
    kubectl("apply -f web.yaml")
    kubectl("expose deployment web --port=80")
    kubectl("create ingress front --rule=front.example/*=web:80")
    kubectl("rollout status deployment/web --timeout=30s")
    kubectl("wait --for=jsonpath={.endpoints[1].conditions.ready}=true endpointslice -l kubernetes.io/service-name=web")
    [endpoints] = (line for line in kubectl("describe service web").splitlines() if line.startswith("Endpoints:"))
    assert endpoints.count("10.244.") == 2
    assert "web:80 (10.244." in kubectl("describe ingress front")
    assert "IPv4" in kubectl("get endpointslices")
    assert re.search(r"IPs:\n  IP: +10\.244\.", kubectl("describe pods -l app=web"))
    assert "HolderIdentity:  sandbox" in kubectl("describe node sandbox")
    kubectl("delete service web")
    kubectl("wait --for=delete endpointslice -l kubernetes.io/service-name=web --timeout=20s")


def test_there_are_no_containers_to_reach(kubectl: Kubectl) -> None:
    kubectl("run web --image=web:1")
    kubectl("wait --for=condition=Ready pod/web --timeout=20s")
    for line in ("exec web -- ls", "attach web", "port-forward web 0:80", "debug web --image=web:1"):
        kubectl(line, fails="the sandbox runs no containers")


def test_server_side_apply(kubectl: Kubectl, tmp_path: Path) -> None:
    assert kubectl("apply --server-side -f web.yaml") == "deployment.apps/web serverside-applied\n"
    (tmp_path / "other.yaml").write_text(DEPLOYMENT.replace("replicas: 2", "replicas: 4"))
    other = "apply --server-side --field-manager=other -f other.yaml"
    kubectl(other, fails='conflict with "kubectl": .spec.replicas')
    kubectl(f"{other} --force-conflicts")
    assert kubectl("get deploy web -o jsonpath={.spec.replicas}") == "4"
    assert "manager: other" in kubectl("get deploy web -o yaml --show-managed-fields")
    kubectl("apply --server-side -f shop.yaml")
    kubectl("apply --server-side -f shop.yaml")
    (tmp_path / "odd.yaml").write_text(ROLLOUT.replace("replicas: 2", "replica: 2"))
    kubectl("apply --server-side -f odd.yaml", fails="field not declared in schema")


def test_what_kubectl_makes_itself(kubectl: Kubectl) -> None:
    kubectl("create namespace demo")
    kubectl("create deployment api --image=api:1 --port=80 --replicas=1")
    kubectl("expose deployment api --port=80")
    kubectl("create configmap settings --from-literal=a=b")
    assert kubectl("get configmap settings -o jsonpath={.data.a}") == "b"
    kubectl("create secret generic hidden --from-literal=a=b")
    assert kubectl("get secret hidden -o jsonpath={.data.a}") == "Yg=="
    kubectl("create serviceaccount robot")
    kubectl("create role reader --verb=get --resource=pods")
    kubectl("create rolebinding readers --role=reader --serviceaccount=default:robot")
    kubectl("create ingress front --rule=a.example/=api:80")
    kubectl("create job once --image=busybox:1 -- true")
    kubectl("wait --for=condition=complete job/once --timeout=30s")
    kubectl("run single --image=single:1")
    kubectl("wait --for=condition=ready pod/single --timeout=30s")
    kubectl("delete pod single --now")
    assert "ClusterIP" in kubectl("get service api")
    assert "a.example" in kubectl("get ingress")
    kubectl("create configmap -n demo inner --from-literal=a=b")
    kubectl("delete namespace demo --timeout=30s")
    kubectl("get namespace demo", fails="NotFound")
    kubectl("create configmap -n demo inner", fails='namespaces "demo" not found')


def test_watching(kubectl: Kubectl, sandbox: Sandbox, kubeconfig: Path) -> None:
    sandbox_paths: list[str] = []
    answer = sandbox.server._handler

    def noting(request: Request) -> Response:
        response = answer(request)
        sandbox_paths.append(request.path + "?" + "&".join(f"{k}={v}" for k, v in request.query.items()))
        return response

    sandbox.server._handler = noting
    command = ["kubectl", "get", "configmaps", "-w", "--watch-only", "--output-watch-events"]
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watcher:
        try:
            deadline = time.monotonic() + 20
            while not any("watch=true" in path for path in sandbox_paths):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            kubectl("create configmap seen --from-literal=a=b")
            kubectl("delete configmap seen")
            assert watcher.stdout is not None
            lines = [watcher.stdout.readline().split() for _ in range(3)]
            assert lines[0][:2] == ["EVENT", "NAME"]
            assert [line[:2] for line in lines[1:]] == [["ADDED", "seen"], ["DELETED", "seen"]]
        finally:
            watcher.terminate()


def test_a_list_in_a_file(kubectl: Kubectl, tmp_path: Path) -> None:
    """For this kubectl reads the oldest form of the API's description; the items are checked by the server."""
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {}} for name in "ab"]
    many = {"apiVersion": "v1", "kind": "List", "items": items}
    (tmp_path / "many.json").write_text(json.dumps(many))
    assert kubectl("create -f many.json") == "configmap/a created\nconfigmap/b created\n"
    (tmp_path / "kept.yaml").write_text(kubectl("get configmaps a b -o yaml"))
    kubectl("delete -f many.json")
    assert kubectl("apply -f kept.yaml") == "configmap/a created\nconfigmap/b created\n"
    items[1]["dota"] = {"x": "1"}
    (tmp_path / "bad.json").write_text(json.dumps(many))
    kubectl("apply -f bad.json", fails='strict decoding error: unknown field "dota"')
