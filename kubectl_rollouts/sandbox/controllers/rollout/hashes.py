"""Pod template hashes and step hashes, byte for byte as a real cluster shows them (controller.md §1.3).

The hash is FNV-1a over the JSON that Go writes for the typed template: keys in struct order, zero values left
out unless the field is a pointer, maps sorted, quantities canonical.  `_FIELDS` names those orders.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import msgspec

from kubectl_rollouts.rollout.quantities import canonical_quantity

# Per Go type its fields in order: `name`, `name*` (a pointer: zero values are written too), `name!` (always
# written), then `:Type` of the value, `:[Type]` of a list's items, `:Quantity` or `:{Quantity}`.
# Types that are not named here keep their values whole, keys sorted: their structs are rare in templates.
_FIELDS: dict[str, str] = {
    "PodTemplate": "metadata!:Metadata spec!:PodSpec",
    "Metadata": "name generateName namespace labels annotations",
    "PodSpec": "volumes:[Volume] initContainers:[Container] containers!:[Container] ephemeralContainers:[Container] "
    "restartPolicy terminationGracePeriodSeconds* activeDeadlineSeconds* dnsPolicy nodeSelector serviceAccountName "
    "serviceAccount automountServiceAccountToken* nodeName hostNetwork hostPID hostIPC shareProcessNamespace* "
    "securityContext*:PodSecurity imagePullSecrets:[LocalReference] hostname subdomain affinity*:Affinity "
    "schedulerName tolerations:[Toleration] hostAliases:[HostAlias] priorityClassName priority* dnsConfig*:DnsConfig "
    "readinessGates runtimeClassName* enableServiceLinks* preemptionPolicy* overhead:{Quantity} "
    "topologySpreadConstraints:[Spread] setHostnameAsFQDN* os* hostUsers* schedulingGates resourceClaims resources*",
    "Container": "name image command args workingDir ports:[ContainerPort] envFrom:[EnvFrom] env:[EnvVar] "
    "resources!:Resources resizePolicy restartPolicy* volumeMounts:[VolumeMount] volumeDevices livenessProbe*:Probe "
    "readinessProbe*:Probe startupProbe*:Probe lifecycle*:Lifecycle terminationMessagePath terminationMessagePolicy "
    "imagePullPolicy securityContext*:Security stdin stdinOnce tty",
    "ContainerPort": "name hostPort containerPort! protocol hostIP",
    "Resources": "limits:{Quantity} requests:{Quantity} claims",
    "EnvVar": "name! value valueFrom*:EnvSource",
    "EnvSource": "fieldRef*:FieldRef resourceFieldRef*:ResourceField configMapKeyRef*:KeyRef secretKeyRef*:KeyRef",
    "FieldRef": "apiVersion fieldPath!",
    "ResourceField": "containerName resource! divisor!:Quantity",
    "KeyRef": "name key! optional*",
    "EnvFrom": "prefix configMapRef*:OptionalReference secretRef*:OptionalReference",
    "OptionalReference": "name optional*",
    "LocalReference": "name",
    "VolumeMount": "name! readOnly recursiveReadOnly* mountPath! subPath mountPropagation* subPathExpr",
    "Probe": "exec*:Exec httpGet*:HttpGet tcpSocket*:Tcp grpc*:Grpc initialDelaySeconds timeoutSeconds "
    "periodSeconds successThreshold failureThreshold terminationGracePeriodSeconds*",
    "Lifecycle": "postStart*:Handler preStop*:Handler stopSignal*",
    "Handler": "exec*:Exec httpGet*:HttpGet tcpSocket*:Tcp sleep*",
    "Exec": "command",
    "HttpGet": "path port! host scheme httpHeaders:[Header]",
    "Header": "name! value!",
    "Tcp": "port! host",
    "Grpc": "port! service*",
    "PodSecurity": "seLinuxOptions*:SeLinux windowsOptions* runAsUser* runAsGroup* runAsNonRoot* supplementalGroups "
    "supplementalGroupsPolicy* fsGroup* sysctls:[Header] fsGroupChangePolicy* seccompProfile*:Seccomp "
    "appArmorProfile*:Seccomp seLinuxChangePolicy*",
    "Security": "capabilities*:Capabilities privileged* seLinuxOptions*:SeLinux windowsOptions* runAsUser* runAsGroup* "
    "runAsNonRoot* readOnlyRootFilesystem* allowPrivilegeEscalation* procMount* seccompProfile*:Seccomp "
    "appArmorProfile*:Seccomp",
    "SeLinux": "user role type level",
    "Seccomp": "type! localhostProfile*",
    "Capabilities": "add drop",
    "Toleration": "key operator value effect tolerationSeconds*",
    "HostAlias": "ip! hostnames",
    "DnsConfig": "nameservers searches options:[DnsOption]",
    "DnsOption": "name value*",
    "Spread": "maxSkew! topologyKey! whenUnsatisfiable! labelSelector*:Selector minDomains* nodeAffinityPolicy* "
    "nodeTaintsPolicy* matchLabelKeys",
    "Selector": "matchLabels matchExpressions:[Requirement]",
    "Requirement": "key! operator! values",
    "Affinity": "nodeAffinity*:NodeAffinity podAffinity*:PodAffinity podAntiAffinity*:PodAffinity",
    "NodeAffinity": "requiredDuringSchedulingIgnoredDuringExecution*:NodeSelector "
    "preferredDuringSchedulingIgnoredDuringExecution:[PreferredNode]",
    "NodeSelector": "nodeSelectorTerms!:[NodeTerm]",
    "NodeTerm": "matchExpressions:[Requirement] matchFields:[Requirement]",
    "PreferredNode": "weight! preference!:NodeTerm",
    "PodAffinity": "requiredDuringSchedulingIgnoredDuringExecution:[PodTerm] "
    "preferredDuringSchedulingIgnoredDuringExecution:[PreferredPod]",
    "PreferredPod": "weight! podAffinityTerm!:PodTerm",
    "PodTerm": "labelSelector*:Selector namespaces topologyKey! namespaceSelector*:Selector matchLabelKeys "
    "mismatchLabelKeys",
    "Volume": "name! hostPath*:HostPath emptyDir*:EmptyDir gcePersistentDisk* awsElasticBlockStore* gitRepo* "
    "secret*:SecretVolume nfs*:Nfs iscsi* glusterfs* persistentVolumeClaim*:Claim rbd* flexVolume* cinder* cephfs* "
    "flocker* downwardAPI*:DownwardVolume fc* azureFile* configMap*:ConfigMapVolume vsphereVolume* quobyte* azureDisk* "
    "photonPersistentDisk* projected*:Projected portworxVolume* scaleIO* storageos* csi*:Csi ephemeral* image*",
    "HostPath": "path! type*",
    "EmptyDir": "medium sizeLimit*:Quantity",
    "SecretVolume": "secretName items:[KeyPath] defaultMode* optional*",
    "KeyPath": "key! path! mode*",
    "Nfs": "server! path! readOnly",
    "Claim": "claimName! readOnly",
    "DownwardVolume": "items:[DownwardFile] defaultMode*",
    "DownwardFile": "path! fieldRef*:FieldRef resourceFieldRef*:ResourceField mode*",
    "ConfigMapVolume": "name items:[KeyPath] defaultMode* optional*",
    "Projected": "sources!:[Projection] defaultMode*",
    "Projection": "secret*:ProjectedSecret downwardAPI*:DownwardVolume configMap*:ProjectedSecret "
    "serviceAccountToken*:TokenProjection clusterTrustBundle*",
    "ProjectedSecret": "name items:[KeyPath] optional*",
    "TokenProjection": "audience expirationSeconds* path!",
    "Csi": "driver! readOnly* fsType* volumeAttributes nodePublishSecretRef*:LocalReference",
    "Step": "setWeight* pause*:Pause experiment*:StepExperiment analysis*:StepAnalysis setCanaryScale*:CanaryScale "
    "setHeaderRoute*:HeaderRoute setMirrorRoute*:MirrorRoute plugin*:StepPlugin",
    "Pause": "duration*",
    "StepExperiment": "templates!:[ExperimentTemplate] duration analyses:[ExperimentAnalysis] "
    "scaleDownDelaySeconds* dryRun:[DryRun] analysisRunMetadata!:StepMetadata",
    "ExperimentTemplate": "name! specRef! replicas* metadata!:StepMetadata selector*:Selector weight* service*",
    "ExperimentAnalysis": "name! templateName! clusterScope args:[Argument] requiredForCompletion",
    "StepAnalysis": "templates:[TemplateReference] args:[Argument] dryRun:[DryRun] measurementRetention:[Retention] "
    "analysisRunMetadata*:StepMetadata",
    "TemplateReference": "templateName! clusterScope",
    "Argument": "name! value valueFrom*:ArgumentSource",
    "ArgumentSource": "podTemplateHashValue* fieldRef*:ArgumentField",
    "ArgumentField": "fieldPath!",
    "DryRun": "metricName!",
    "Retention": "metricName! limit!",
    "StepMetadata": "labels annotations",
    "CanaryScale": "weight* replicas* matchTrafficWeight",
    "HeaderRoute": "name match:[HeaderMatch]",
    "HeaderMatch": "headerName! headerValue*:StringMatch",
    "StringMatch": "exact prefix regex",
    "MirrorRoute": "name! match:[RouteMatch] percentage*",
    "RouteMatch": "method*:StringMatch path*:StringMatch headers",
    "StepPlugin": "name! config",
}

_DIGITS = str.maketrans("0123456789", "456789bcdf")
_parsed: dict[str, list[tuple[str, bool, bool, str]]] = {}


def _fields(kind: str) -> list[tuple[str, bool, bool, str]]:
    """The fields of a type: (name, is a pointer, is always written, type of the value)."""
    known = _parsed.get(kind)
    if known is None:
        known = []
        for word in _FIELDS.get(kind, "").split():
            name, _, value_kind = word.partition(":")
            known.append((name.rstrip("*!"), name.endswith("*"), name.endswith("!"), value_kind))
        _parsed[kind] = known
    return known


def _as_go(value: Any, kind: str) -> Any:
    """`value` as Go would write it for a field of the type `kind`: ordered keys, no zero values."""
    if kind == "Quantity":
        try:
            return canonical_quantity(value)
        except (TypeError, ValueError):  # the API server would not have let it in
            return value
    if kind.startswith("[") and isinstance(value, list):
        return [_as_go(item, kind[1:-1]) for item in value]
    if not isinstance(value, dict):
        return value
    if kind.startswith("{"):
        return {key: _as_go(value[key], kind[1:-1]) for key in sorted(value)}
    if kind not in _FIELDS:
        return {key: _as_go(value[key], "") for key in sorted(value)}
    out: dict[str, Any] = {}
    for name, pointer, always, value_kind in _fields(kind):
        item = value.get(name)
        if item is None and always:
            item = {} if value_kind[:1].isupper() and value_kind != "Quantity" else None
            out[name] = _as_go(item, value_kind) if item is not None else _zero(value_kind)
        elif item is None or (not pointer and not always and not item and item is not None):
            continue
        else:
            out[name] = _as_go(item, value_kind)
    known = {name for name, *_ in _fields(kind)}
    for name in sorted(set(value) - known):
        if value[name] is not None and kind != "Metadata":
            out[name] = _as_go(value[name], "")
    return out


def _zero(kind: str) -> Any:
    return "0" if kind == "Quantity" else None if kind.startswith("[") else ""


def _go_json(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        if char in text:
            text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode()


@lru_cache(maxsize=4096)
def safe_hash(data: bytes, collision_count: int | None = None) -> str:
    """FNV-1a (32 bit) of `data` in the ten characters that spell no words."""
    if collision_count is not None:
        data += collision_count.to_bytes(4, "little") + bytes(4)
    value = 2166136261
    for byte in data:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return str(value).translate(_DIGITS)


@lru_cache(maxsize=1024)
def _written(encoded: bytes, kind: str) -> bytes:
    return _go_json(_as_go(msgspec.json.decode(encoded), kind))


def _text(value: Any, kind: str) -> bytes:
    """The JSON that Go writes for a value. Reconciles ask for the same few again and again."""
    return _written(msgspec.json.encode(value), kind)


def pod_template_hash(template: dict[str, Any] | None, collision_count: int | None = None) -> str:
    """The value of label `rollouts-pod-template-hash` for a pod template."""
    return safe_hash(_text(template or {}, "PodTemplate"), collision_count)


def deployment_hash(template: dict[str, Any] | None, collision_count: int | None = None) -> str:
    """The value of a Deployment's label `pod-template-hash`.

    Kubernetes hashes a dump of its own structures. Here it only has to differ from what a rollout makes of the same
    template: a rollout that refers to a Deployment of its name would find the names of its ReplicaSets taken.
    """
    return safe_hash(b"Deployment" + _text(template or {}, "PodTemplate"), collision_count)


def step_hash(steps: list[dict[str, Any]] | None) -> str:
    """`status.currentStepHash` of a canary's steps; no steps hash as JSON `null`."""
    return safe_hash(_text(steps, "[Step]") if steps else b"null")
