"""The shapes of Services and Ingresses, which `lint` decodes beside Rollouts (lint.md §2). Notation: schema_argo.py.

Types of `extensions/v1beta1` end in `V1beta1` here; their Go names do not.
"""

from __future__ import annotations

LINT: dict[str, str] = {
    "Service": "+TypeMeta, metadata ObjectMeta, spec ServiceSpec, status ServiceStatus",
    "ServiceSpec": (
        "ports []ServicePort, selector {}s, clusterIP s, clusterIPs []s, type =v1.ServiceType, externalIPs []s, "
        "sessionAffinity =v1.ServiceAffinity, loadBalancerIP s, loadBalancerSourceRanges []s, externalName s, "
        "externalTrafficPolicy =v1.ServiceExternalTrafficPolicy, healthCheckNodePort i, publishNotReadyAddresses b, "
        "sessionAffinityConfig SessionAffinityConfig, ipFamilies []=v1.IPFamily, ipFamilyPolicy =v1.IPFamilyPolicy, "
        "allocateLoadBalancerNodePorts b, loadBalancerClass s, "
        "internalTrafficPolicy =v1.ServiceInternalTrafficPolicy, trafficDistribution s"
    ),
    "ServicePort": "name s, protocol =v1.Protocol, appProtocol s, port i, targetPort x, nodePort i",
    "SessionAffinityConfig": "clientIP ClientIPConfig",
    "ClientIPConfig": "timeoutSeconds i",
    "ServiceStatus": "loadBalancer LoadBalancerStatus, conditions []Condition",
    "LoadBalancerStatus": "ingress []LoadBalancerIngress",
    "LoadBalancerIngress": "ip s, hostname s, ipMode =v1.LoadBalancerIPMode, ports []PortStatus",
    "PortStatus": "port i, protocol =v1.Protocol, error s",
    "Condition": "type s, status =v1.ConditionStatus, observedGeneration l, lastTransitionTime t, reason s, message s",
    "Ingress": "+TypeMeta, metadata ObjectMeta, spec IngressSpec, status IngressStatus",
    "IngressSpec": "ingressClassName s, defaultBackend IngressBackend, tls []IngressTLS, rules []IngressRule",
    "IngressBackend": "service IngressServiceBackend, resource TypedLocalObjectReference",
    "IngressServiceBackend": "name s, port ServiceBackendPort",
    "ServiceBackendPort": "name s, number i",
    "IngressTLS": "hosts []s, secretName s",
    "IngressRule": "host s, +IngressRuleValue",
    "IngressRuleValue": "http HTTPIngressRuleValue",
    "HTTPIngressRuleValue": "paths []HTTPIngressPath",
    "HTTPIngressPath": "path s, pathType =v1.PathType, backend IngressBackend",
    "IngressStatus": "loadBalancer IngressLoadBalancerStatus",
    "IngressLoadBalancerStatus": "ingress []IngressLoadBalancerIngress",
    "IngressLoadBalancerIngress": "ip s, hostname s, ports []IngressPortStatus",
    "IngressPortStatus": "port i, protocol =v1.Protocol, error s",
    "IngressV1beta1": "+TypeMeta, metadata ObjectMeta, spec IngressSpecV1beta1, status IngressStatus",
    "IngressSpecV1beta1": (
        "ingressClassName s, backend IngressBackendV1beta1, tls []IngressTLS, rules []IngressRuleV1beta1"
    ),
    "IngressBackendV1beta1": "serviceName s, servicePort x, resource TypedLocalObjectReference",
    "IngressRuleV1beta1": "host s, +IngressRuleValueV1beta1",
    "IngressRuleValueV1beta1": "http HTTPIngressRuleValueV1beta1",
    "HTTPIngressRuleValueV1beta1": "paths []HTTPIngressPathV1beta1",
    "HTTPIngressPathV1beta1": "path s, pathType =v1beta1.PathType, backend IngressBackendV1beta1",
}
