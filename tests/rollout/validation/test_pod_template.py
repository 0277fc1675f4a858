"""Rules of the pod template (spec/lint.md §5): each case adds to a good pod what one rule refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_rollouts.rollout.validation.names import DNS_LABEL, DNS_SUBDOMAIN, ENV_NAME, LABEL_VALUE
from tests.rollout.validation.test_rollout import GOOD, errors

C = "containers[0]"
HOSTS = [{"containerPort": 1, "hostPort": 80}, {"containerPort": 2, "hostPort": 80}]
SEVERAL = "may not have more than one field specified at a time"
SOURCES = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
ENV_FIELDS = (
    '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", '
    '"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"'
)


def pod(**spec: Any) -> dict[str, Any]:
    made = copy.deepcopy(GOOD)
    made["spec"]["template"]["spec"].update(spec)
    return made


def container(**fields: Any) -> dict[str, Any]:
    return pod(containers=[{"name": "web", "image": "hello:1", **fields}])


CONTAINER_CASES = [
    ({"name": ""}, [f"{C}.name: Required value"]),
    ({"name": "A"}, [f'{C}.name: Invalid value: "A": {DNS_LABEL}']),
    ({"name": "a.b"}, [f'{C}.name: Invalid value: "a.b": must not contain dots']),
    ({"name": "a" * 64}, [f'{C}.name: Invalid value: "{"a" * 64}": must be no more than 63 characters']),
    ({"image": ""}, [f"{C}.image: Required value"]),
    (
        {"imagePullPolicy": "Often"},
        [f'{C}.imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"'],
    ),
    ({"ports": [{}]}, [f"{C}.ports[0].containerPort: Required value"]),
    (
        {"ports": [{"containerPort": 70000}]},
        [f"{C}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"],
    ),
    (
        {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]},
        [f'{C}.ports[1].name: Duplicate value: "a"'],
    ),
    ({"ports": HOSTS}, [f'{C}.ports[1].hostPort: Duplicate value: "TCP//80"']),
    (
        {"ports": [{"containerPort": 1, "protocol": "tcp"}]},
        [f'{C}.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
    ),
    ({"env": [{"name": "1"}]}, [f'{C}.env[0].name: Invalid value: "1": {ENV_NAME}']),
    (
        {"env": [{"name": "a", "valueFrom": {}}]},
        [f'{C}.env[0].valueFrom: Invalid value: "": must specify one of: {SOURCES}'],
    ),
    (
        {"env": [{"name": "a", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
        [f'{C}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ),
    (
        {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}}]},
        [
            f'{C}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": '
            f"supported values: {ENV_FIELDS}"
        ],
    ),
    (
        {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "nope"}}}]},
        [
            f'{C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "nope": error converting fieldPath: '
            "field label not supported: nope"
        ],
    ),
    (
        {"env": [{"name": "a", "valueFrom": {"secretKeyRef": {"name": "s", "key": ""}}}]},
        [f"{C}.env[0].valueFrom.secretKeyRef.key: Required value"],
    ),
    ({"envFrom": [{}]}, [f'{C}.envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']),
    (
        {"envFrom": [{"configMapRef": {"name": "a"}, "secretRef": {"name": "b"}}]},
        [f'{C}.envFrom: Invalid value: "": {SEVERAL}'],
    ),
    (
        {"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
        [f'{C}.volumeMounts[0].name: Not found: "v"'],
    ),
    (
        {"resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "500m"}}},
        [f'{C}.resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m'],
    ),
    (
        {"resources": {"limits": {"memory": "-1"}}},
        [f'{C}.resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0'],
    ),
    (
        {"resources": {"limits": {"example.com/gpu": "1500m"}}},
        [f'{C}.resources.limits[example.com/gpu]: Invalid value: "1500m": must be an integer'],
    ),
    (
        {"resources": {"limits": {"hugepages-2Mi": "2Mi"}}},
        [f"{C}.resources: Forbidden: HugePages require cpu or memory"],
    ),
    ({"readinessProbe": {}}, [f"{C}.readinessProbe: Required value: must specify a handler type"]),
    (
        {"livenessProbe": {"exec": {"command": ["a"]}, "httpGet": {"port": 80}}},
        [f"{C}.livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type"],
    ),
    (
        {"livenessProbe": {"tcpSocket": {"port": 80}, "successThreshold": 2}},
        [f"{C}.livenessProbe.successThreshold: Invalid value: 2: must be 1"],
    ),
    (
        {"readinessProbe": {"httpGet": {"port": 80}, "terminationGracePeriodSeconds": 3}},
        [f"{C}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set for readinessProbes"],
    ),
    ({"lifecycle": {"preStop": {}}}, [f"{C}.lifecycle.preStop: Required value: must specify a handler type"]),
    ({"restartPolicy": "Always"}, [f"{C}.restartPolicy: Forbidden: may not be set for non-init containers"]),
]

POD_CASES = [
    (pod(containers=[]), ["containers: Required value"]),
    (
        pod(restartPolicy="Never"),
        ['restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ),
    (
        pod(activeDeadlineSeconds=5),
        ["activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"],
    ),
    (
        pod(dnsPolicy="None"),
        ["dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"],
    ),
    (
        pod(initContainers=[{"name": "web", "image": "x"}]),
        ['initContainers[0].name: Duplicate value: "web"'],
    ),
    (
        pod(initContainers=[{"name": "i", "image": "x", "lifecycle": {}}]),
        ["initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always"],
    ),
    (pod(volumes=[{"name": "a"}, {"name": "a"}]), ['volumes[1].name: Duplicate value: "a"']),
    (
        pod(volumes=[{"name": "a", "emptyDir": {}, "hostPath": {"path": "/x"}}]),
        ["volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
    ),
    (pod(volumes=[{"name": "a", "configMap": {}}]), ["volumes[0].configMap.name: Required value"]),
    (pod(nodeSelector={"a": "b c"}), [f'nodeSelector: Invalid value: "b c": {LABEL_VALUE}']),
    (pod(serviceAccountName="A"), [f'serviceAccountName: Invalid value: "A": {DNS_SUBDOMAIN}']),
    (
        pod(tolerations=[{"operator": "Exists", "value": "x"}]),
        [
            'tolerations[0].operator: Invalid value: {"Key":"","Operator":"Exists","Value":"x","Effect":"",'
            "\"TolerationSeconds\":null}: value must be empty when `operator` is 'Exists'"
        ],
    ),
    (
        pod(topologySpreadConstraints=[{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]),
        ["topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero"],
    ),
    (
        pod(hostAliases=[{"ip": "1.2.3"}]),
        ['hostAliases[0].ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ),
    (
        pod(ephemeralContainers=[{"name": "e"}]),
        ["ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"],
    ),
]


@pytest.mark.parametrize(
    ("obj", "expected"), [(container(**fields), lines) for fields, lines in CONTAINER_CASES] + POD_CASES
)
def test_one_broken_rule_is_one_error(obj: dict[str, Any], expected: list[str]) -> None:
    assert errors(obj) == [f"spec.template.spec.{line}" for line in expected]


def test_a_port_name_tells_all_that_is_wrong_with_it() -> None:
    found = errors(container(ports=[{"containerPort": 1, "name": "-1--1234567890123"}]))
    assert [line.rpartition(": ")[2] for line in found] == [
        "must be no more than 15 characters",
        "must contain at least one letter (a-z)",
        "must not contain consecutive hyphens",
        "must not begin or end with a hyphen",
    ]


def test_labels_must_match_the_selector() -> None:
    obj = copy.deepcopy(GOOD)
    obj["spec"]["template"]["metadata"]["labels"] = {"b": "2", "a": "1"}
    assert errors(obj) == [
        'spec.template.metadata.labels: Invalid value: {"a":"1","b":"2"}: `selector` does not match template `labels`'
    ]


def test_a_volume_with_an_error_is_unknown_to_mounts() -> None:
    obj = container(volumeMounts=[{"name": "v", "mountPath": "/v"}])
    obj["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "secret": {}}]
    assert errors(obj) == [
        "spec.template.spec.volumes[0].secret.secretName: Required value",
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ]


def test_privileged_and_host_network_take_no_part() -> None:
    obj = container(securityContext={"privileged": True, "allowPrivilegeEscalation": False})
    obj["spec"]["template"]["spec"]["hostNetwork"] = True
    assert errors(obj) == []
