"""The kinds that the sandbox serves: names, scope, subresources (spec/controller.md §0, spec/resources.md §1)."""

from __future__ import annotations

from typing import NamedTuple

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class Kind(NamedTuple):
    """One kind of object.

    `status` says that `/status` is a subresource and that the main resource ignores the status; `counts` what raises
    `metadata.generation`: "spec" (anything outside metadata and status), "all" (anything outside metadata), "never".
    `custom` marks custom resources: no strategic merge patch, unknown fields pruned by their schema. `simulated` is
    False for kinds that are only stored: nothing happens because of them. `type_name` names the schema.
    """

    kind: str
    group: str
    version: str
    plural: str
    short: tuple[str, ...] = ()
    namespaced: bool = True
    status: bool = False
    scale: bool = False
    counts: str = "never"
    custom: bool = False
    simulated: bool = True
    categories: tuple[str, ...] = ()
    type_name: str = ""

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """The singular name of the resource."""
        return self.kind.lower()

    @property
    def list_kind(self) -> str:
        """The kind of a list of these."""
        return f"{self.kind}List"

    @property
    def group_resource(self) -> str:
        """`deployments.apps`, or `pods` for the core group: how error texts name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


ARGO = "argoproj.io"
ISTIO = "networking.istio.io"
GATEWAY = "gateway.networking.k8s.io"

KINDS: tuple[Kind, ...] = (
    Kind("Rollout", ARGO, "v1alpha1", "rollouts", ("ro",), status=True, scale=True, counts="spec", custom=True),
    Kind("Experiment", ARGO, "v1alpha1", "experiments", ("exp",), counts="all", custom=True),
    Kind("AnalysisRun", ARGO, "v1alpha1", "analysisruns", ("ar",), counts="all", custom=True),
    Kind("AnalysisTemplate", ARGO, "v1alpha1", "analysistemplates", ("at",), counts="all", custom=True),
    Kind(
        "ClusterAnalysisTemplate",
        ARGO,
        "v1alpha1",
        "clusteranalysistemplates",
        ("cat",),
        namespaced=False,
        counts="all",
        custom=True,
    ),
    Kind(
        "ReplicaSet",
        "apps",
        "v1",
        "replicasets",
        ("rs",),
        status=True,
        scale=True,
        counts="spec",
        categories=("all",),
        type_name="V1ReplicaSet",
    ),
    Kind(
        "Deployment",
        "apps",
        "v1",
        "deployments",
        ("deploy",),
        status=True,
        scale=True,
        counts="spec",
        categories=("all",),
        type_name="V1Deployment",
    ),
    Kind("Pod", "", "v1", "pods", ("po",), status=True, categories=("all",), type_name="V1Pod"),
    Kind("PodTemplate", "", "v1", "podtemplates", counts="spec", type_name="V1PodTemplate"),
    Kind("Job", "batch", "v1", "jobs", status=True, counts="spec", categories=("all",), type_name="V1Job"),
    Kind("Namespace", "", "v1", "namespaces", ("ns",), namespaced=False, status=True, type_name="V1Namespace"),
    Kind("Service", "", "v1", "services", ("svc",), status=True, categories=("all",), type_name="V1Service"),
    Kind("Endpoints", "", "v1", "endpoints", ("ep",), type_name="V1Endpoints"),
    Kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices", counts="spec", type_name="V1EndpointSlice"),
    Kind("Lease", "coordination.k8s.io", "v1", "leases", simulated=False, type_name="V1Lease"),
    Kind("ConfigMap", "", "v1", "configmaps", ("cm",), type_name="V1ConfigMap"),
    Kind("Secret", "", "v1", "secrets", type_name="V1Secret"),
    Kind("Event", "", "v1", "events", ("ev",), type_name="CoreV1Event"),
    Kind("ServiceAccount", "", "v1", "serviceaccounts", ("sa",), type_name="V1ServiceAccount"),
    Kind("Node", "", "v1", "nodes", ("no",), namespaced=False, status=True, type_name="V1Node"),
    Kind(
        "Ingress",
        "networking.k8s.io",
        "v1",
        "ingresses",
        ("ing",),
        status=True,
        counts="spec",
        type_name="V1Ingress",
    ),
    Kind(
        "HorizontalPodAutoscaler",
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        ("hpa",),
        status=True,
        categories=("all",),
        simulated=False,
        type_name="V2HorizontalPodAutoscaler",
    ),
    Kind(
        "PodDisruptionBudget",
        "policy",
        "v1",
        "poddisruptionbudgets",
        ("pdb",),
        status=True,
        counts="spec",
        type_name="V1PodDisruptionBudget",
    ),
    Kind("Gateway", GATEWAY, "v1", "gateways", ("gtw",), status=True, counts="spec", custom=True, simulated=False),
    Kind("HTTPRoute", GATEWAY, "v1", "httproutes", status=True, counts="spec", custom=True),
    Kind("VirtualService", ISTIO, "v1", "virtualservices", ("vs",), status=True, counts="spec", custom=True),
    Kind("DestinationRule", ISTIO, "v1", "destinationrules", ("dr",), status=True, counts="spec", custom=True),
    Kind(
        "StatefulSet",
        "apps",
        "v1",
        "statefulsets",
        ("sts",),
        status=True,
        scale=True,
        counts="spec",
        categories=("all",),
        simulated=False,
        type_name="V1StatefulSet",
    ),
    Kind(
        "DaemonSet",
        "apps",
        "v1",
        "daemonsets",
        ("ds",),
        status=True,
        counts="spec",
        categories=("all",),
        simulated=False,
        type_name="V1DaemonSet",
    ),
    Kind(
        "CronJob",
        "batch",
        "v1",
        "cronjobs",
        ("cj",),
        status=True,
        counts="spec",
        categories=("all",),
        simulated=False,
        type_name="V1CronJob",
    ),
    Kind(
        "PersistentVolumeClaim",
        "",
        "v1",
        "persistentvolumeclaims",
        ("pvc",),
        status=True,
        simulated=False,
        type_name="V1PersistentVolumeClaim",
    ),
    Kind(
        "NetworkPolicy",
        "networking.k8s.io",
        "v1",
        "networkpolicies",
        ("netpol",),
        counts="spec",
        simulated=False,
        type_name="V1NetworkPolicy",
    ),
    Kind("Role", "rbac.authorization.k8s.io", "v1", "roles", simulated=False, type_name="V1Role"),
    Kind("RoleBinding", "rbac.authorization.k8s.io", "v1", "rolebindings", simulated=False, type_name="V1RoleBinding"),
    Kind(
        "ClusterRole",
        "rbac.authorization.k8s.io",
        "v1",
        "clusterroles",
        namespaced=False,
        simulated=False,
        type_name="V1ClusterRole",
    ),
    Kind(
        "ClusterRoleBinding",
        "rbac.authorization.k8s.io",
        "v1",
        "clusterrolebindings",
        namespaced=False,
        simulated=False,
        type_name="V1ClusterRoleBinding",
    ),
    Kind(
        "CustomResourceDefinition",
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        ("crd", "crds"),
        namespaced=False,
        status=True,
        counts="spec",
        categories=("api-extensions",),
        type_name="V1CustomResourceDefinition",
    ),
)

BY_KIND = {kind.kind: kind for kind in KINDS}
BY_PATH = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}


def kind_of(name: str) -> Kind:
    """The kind with that name; raises KeyError when the sandbox does not serve it."""
    return BY_KIND[name]
