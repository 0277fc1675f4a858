"""The shapes of Kubernetes' own types inside the argoproj.io kinds: metadata, selectors, pod templates, jobs.

As of Kubernetes 1.34, whose types the reference decodes with. Notation and purpose: schema_argo.py. Names in shapes
are of this table.
"""

from __future__ import annotations

from kubectl_rollouts.rollout.schema_lint import LINT

CORE: dict[str, str] = {
    # --- meta/v1 ---------------------------------------------------------------------------------------------------
    "TypeMeta": "kind s, apiVersion s",
    "ObjectMeta": (
        "name s, generateName s, namespace s, selfLink s, uid =types.UID, resourceVersion s, generation l, "
        "creationTimestamp t, deletionTimestamp t, deletionGracePeriodSeconds l, labels {}s, annotations {}s, "
        "ownerReferences []OwnerReference, finalizers []s, managedFields []ManagedFieldsEntry"
    ),
    "OwnerReference": "apiVersion s, kind s, name s, uid =types.UID, controller b, blockOwnerDeletion b",
    "ManagedFieldsEntry": (
        "manager s, operation =v1.ManagedFieldsOperationType, apiVersion s, time t, fieldsType s, fieldsV1 *, "
        "subresource s"
    ),
    "LabelSelector": "matchLabels {}s, matchExpressions []LabelSelectorRequirement",
    "LabelSelectorRequirement": "key s, operator =v1.LabelSelectorOperator, values []s",
    # --- Pods ------------------------------------------------------------------------------------------------------
    "PodTemplateSpec": "metadata ObjectMeta, spec PodSpec",
    "PodSpec": (
        "volumes []Volume, initContainers []Container, containers []Container, "
        "ephemeralContainers []EphemeralContainer, restartPolicy =v1.RestartPolicy, "
        "terminationGracePeriodSeconds l, activeDeadlineSeconds l, dnsPolicy =v1.DNSPolicy, nodeSelector {}s, "
        "serviceAccountName s, serviceAccount s, automountServiceAccountToken b, nodeName s, hostNetwork b, hostPID b, "
        "hostIPC b, shareProcessNamespace b, securityContext PodSecurityContext, "
        "imagePullSecrets []LocalObjectReference, hostname s, subdomain s, affinity Affinity, schedulerName s, "
        "tolerations []Toleration, hostAliases []HostAlias, priorityClassName s, priority i, "
        "dnsConfig PodDNSConfig, readinessGates []PodReadinessGate, runtimeClassName s, enableServiceLinks b, "
        "preemptionPolicy =v1.PreemptionPolicy, overhead ResourceList, "
        "topologySpreadConstraints []TopologySpreadConstraint, setHostnameAsFQDN b, os PodOS, hostUsers b, "
        "schedulingGates []PodSchedulingGate, resourceClaims []PodResourceClaim, resources ResourceRequirements, "
        "hostnameOverride s"
    ),
    "Container": (
        "name s, image s, command []s, args []s, workingDir s, ports []ContainerPort, envFrom []EnvFromSource, "
        "env []EnvVar, resources ResourceRequirements, resizePolicy []ContainerResizePolicy, "
        "restartPolicy =v1.ContainerRestartPolicy, restartPolicyRules []ContainerRestartRule, "
        "volumeMounts []VolumeMount, volumeDevices []VolumeDevice, livenessProbe Probe, readinessProbe Probe, "
        "startupProbe Probe, lifecycle Lifecycle, terminationMessagePath s, "
        "terminationMessagePolicy =v1.TerminationMessagePolicy, imagePullPolicy =v1.PullPolicy, "
        "securityContext SecurityContext, stdin b, stdinOnce b, tty b"
    ),
    "EphemeralContainer": "+EphemeralContainerCommon, targetContainerName s",
    "EphemeralContainerCommon": (
        "name s, image s, command []s, args []s, workingDir s, ports []ContainerPort, envFrom []EnvFromSource, "
        "env []EnvVar, resources ResourceRequirements, resizePolicy []ContainerResizePolicy, "
        "restartPolicy =v1.ContainerRestartPolicy, restartPolicyRules []ContainerRestartRule, "
        "volumeMounts []VolumeMount, volumeDevices []VolumeDevice, livenessProbe Probe, readinessProbe Probe, "
        "startupProbe Probe, lifecycle Lifecycle, terminationMessagePath s, "
        "terminationMessagePolicy =v1.TerminationMessagePolicy, imagePullPolicy =v1.PullPolicy, "
        "securityContext SecurityContext, stdin b, stdinOnce b, tty b"
    ),
    "ContainerPort": "name s, hostPort i, containerPort i, protocol =v1.Protocol, hostIP s",
    "EnvFromSource": "prefix s, configMapRef ConfigMapEnvSource, secretRef SecretEnvSource",
    "ConfigMapEnvSource": "+LocalObjectReference, optional b",
    "SecretEnvSource": "+LocalObjectReference, optional b",
    "LocalObjectReference": "name s",
    "EnvVar": "name s, value s, valueFrom EnvVarSource",
    "EnvVarSource": (
        "fieldRef ObjectFieldSelector, resourceFieldRef ResourceFieldSelector, "
        "configMapKeyRef ConfigMapKeySelector, secretKeyRef SecretKeySelector, fileKeyRef FileKeySelector"
    ),
    "ObjectFieldSelector": "apiVersion s, fieldPath s",
    "ResourceFieldSelector": "containerName s, resource s, divisor q",
    "ConfigMapKeySelector": "+LocalObjectReference, key s, optional b",
    "SecretKeySelector": "+LocalObjectReference, key s, optional b",
    "FileKeySelector": "volumeName s, path s, key s, optional b",
    "ResourceRequirements": "limits ResourceList, requests ResourceList, claims []ResourceClaim",
    "ResourceList": "{}q",
    "ResourceClaim": "name s, request s",
    "ContainerResizePolicy": "resourceName =v1.ResourceName, restartPolicy =v1.ResourceResizeRestartPolicy",
    "ContainerRestartRule": "action =v1.ContainerRestartRuleAction, exitCodes ContainerRestartRuleOnExitCodes",
    "ContainerRestartRuleOnExitCodes": "operator =v1.ContainerRestartRuleOnExitCodesOperator, values []i",
    "VolumeMount": (
        "name s, readOnly b, recursiveReadOnly =v1.RecursiveReadOnlyMode, mountPath s, subPath s, "
        "mountPropagation =v1.MountPropagationMode, subPathExpr s"
    ),
    "VolumeDevice": "name s, devicePath s",
    "Probe": (
        "+ProbeHandler, initialDelaySeconds i, timeoutSeconds i, periodSeconds i, successThreshold i, "
        "failureThreshold i, terminationGracePeriodSeconds l"
    ),
    "ProbeHandler": "exec ExecAction, httpGet HTTPGetAction, tcpSocket TCPSocketAction, grpc GRPCAction",
    "ExecAction": "command []s",
    "HTTPGetAction": "path s, port x, host s, scheme =v1.URIScheme, httpHeaders []HTTPHeader",
    "HTTPHeader": "name s, value s",
    "TCPSocketAction": "port x, host s",
    "GRPCAction": "port i, service s",
    "Lifecycle": "postStart LifecycleHandler, preStop LifecycleHandler, stopSignal =v1.Signal",
    "LifecycleHandler": "exec ExecAction, httpGet HTTPGetAction, tcpSocket TCPSocketAction, sleep SleepAction",
    "SleepAction": "seconds l",
    "SecurityContext": (
        "capabilities Capabilities, privileged b, seLinuxOptions SELinuxOptions, "
        "windowsOptions WindowsSecurityContextOptions, runAsUser l, runAsGroup l, runAsNonRoot b, "
        "readOnlyRootFilesystem b, allowPrivilegeEscalation b, procMount =v1.ProcMountType, "
        "seccompProfile SeccompProfile, appArmorProfile AppArmorProfile"
    ),
    "Capabilities": "add []=v1.Capability, drop []=v1.Capability",
    "SELinuxOptions": "user s, role s, type s, level s",
    "WindowsSecurityContextOptions": "gmsaCredentialSpecName s, gmsaCredentialSpec s, runAsUserName s, hostProcess b",
    "SeccompProfile": "type =v1.SeccompProfileType, localhostProfile s",
    "AppArmorProfile": "type =v1.AppArmorProfileType, localhostProfile s",
    "PodSecurityContext": (
        "seLinuxOptions SELinuxOptions, windowsOptions WindowsSecurityContextOptions, runAsUser l, runAsGroup l, "
        "runAsNonRoot b, supplementalGroups []l, supplementalGroupsPolicy =v1.SupplementalGroupsPolicy, fsGroup l, "
        "sysctls []Sysctl, fsGroupChangePolicy =v1.PodFSGroupChangePolicy, seccompProfile SeccompProfile, "
        "appArmorProfile AppArmorProfile, seLinuxChangePolicy =v1.PodSELinuxChangePolicy"
    ),
    "Sysctl": "name s, value s",
    "Affinity": "nodeAffinity NodeAffinity, podAffinity PodAffinity, podAntiAffinity PodAntiAffinity",
    "NodeAffinity": (
        "requiredDuringSchedulingIgnoredDuringExecution NodeSelector, "
        "preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm"
    ),
    "NodeSelector": "nodeSelectorTerms []NodeSelectorTerm",
    "NodeSelectorTerm": "matchExpressions []NodeSelectorRequirement, matchFields []NodeSelectorRequirement",
    "NodeSelectorRequirement": "key s, operator =v1.NodeSelectorOperator, values []s",
    "PreferredSchedulingTerm": "weight i, preference NodeSelectorTerm",
    "PodAffinity": (
        "requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm, "
        "preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm"
    ),
    "PodAntiAffinity": (
        "requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm, "
        "preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm"
    ),
    "WeightedPodAffinityTerm": "weight i, podAffinityTerm PodAffinityTerm",
    "PodAffinityTerm": (
        "labelSelector LabelSelector, namespaces []s, topologyKey s, namespaceSelector LabelSelector, "
        "matchLabelKeys []s, mismatchLabelKeys []s"
    ),
    "Toleration": "key s, operator =v1.TolerationOperator, value s, effect =v1.TaintEffect, tolerationSeconds l",
    "HostAlias": "ip s, hostnames []s",
    "PodDNSConfig": "nameservers []s, searches []s, options []PodDNSConfigOption",
    "PodDNSConfigOption": "name s, value s",
    "PodReadinessGate": "conditionType =v1.PodConditionType",
    "TopologySpreadConstraint": (
        "maxSkew i, topologyKey s, whenUnsatisfiable =v1.UnsatisfiableConstraintAction, "
        "labelSelector LabelSelector, minDomains i, nodeAffinityPolicy =v1.NodeInclusionPolicy, "
        "nodeTaintsPolicy =v1.NodeInclusionPolicy, matchLabelKeys []s"
    ),
    "PodOS": "name =v1.OSName",
    "PodSchedulingGate": "name s",
    "PodResourceClaim": "name s, resourceClaimName s, resourceClaimTemplateName s",
    # --- Volumes ---------------------------------------------------------------------------------------------------
    "Volume": "name s, +VolumeSource",
    "VolumeSource": (
        "hostPath HostPathVolumeSource, emptyDir EmptyDirVolumeSource, "
        "gcePersistentDisk GCEPersistentDiskVolumeSource, "
        "awsElasticBlockStore AWSElasticBlockStoreVolumeSource, gitRepo GitRepoVolumeSource, "
        "secret SecretVolumeSource, nfs NFSVolumeSource, iscsi ISCSIVolumeSource, "
        "glusterfs GlusterfsVolumeSource, persistentVolumeClaim PersistentVolumeClaimVolumeSource, "
        "rbd RBDVolumeSource, flexVolume FlexVolumeSource, cinder CinderVolumeSource, cephfs CephFSVolumeSource, "
        "flocker FlockerVolumeSource, downwardAPI DownwardAPIVolumeSource, fc FCVolumeSource, "
        "azureFile AzureFileVolumeSource, configMap ConfigMapVolumeSource, "
        "vsphereVolume VsphereVirtualDiskVolumeSource, quobyte QuobyteVolumeSource, "
        "azureDisk AzureDiskVolumeSource, photonPersistentDisk PhotonPersistentDiskVolumeSource, "
        "projected ProjectedVolumeSource, portworxVolume PortworxVolumeSource, scaleIO ScaleIOVolumeSource, "
        "storageos StorageOSVolumeSource, csi CSIVolumeSource, ephemeral EphemeralVolumeSource, "
        "image ImageVolumeSource"
    ),
    "HostPathVolumeSource": "path s, type =v1.HostPathType",
    "EmptyDirVolumeSource": "medium =v1.StorageMedium, sizeLimit q",
    "GCEPersistentDiskVolumeSource": "pdName s, fsType s, partition i, readOnly b",
    "AWSElasticBlockStoreVolumeSource": "volumeID s, fsType s, partition i, readOnly b",
    "GitRepoVolumeSource": "repository s, revision s, directory s",
    "SecretVolumeSource": "secretName s, items []KeyToPath, defaultMode i, optional b",
    "KeyToPath": "key s, path s, mode i",
    "NFSVolumeSource": "server s, path s, readOnly b",
    "ISCSIVolumeSource": (
        "targetPortal s, iqn s, lun i, iscsiInterface s, fsType s, readOnly b, portals []s, chapAuthDiscovery b, "
        "chapAuthSession b, secretRef LocalObjectReference, initiatorName s"
    ),
    "GlusterfsVolumeSource": "endpoints s, path s, readOnly b",
    "PersistentVolumeClaimVolumeSource": "claimName s, readOnly b",
    "RBDVolumeSource": (
        "monitors []s, image s, fsType s, pool s, user s, keyring s, secretRef LocalObjectReference, readOnly b"
    ),
    "FlexVolumeSource": "driver s, fsType s, secretRef LocalObjectReference, readOnly b, options {}s",
    "CinderVolumeSource": "volumeID s, fsType s, readOnly b, secretRef LocalObjectReference",
    "CephFSVolumeSource": ("monitors []s, path s, user s, secretFile s, secretRef LocalObjectReference, readOnly b"),
    "FlockerVolumeSource": "datasetName s, datasetUUID s",
    "DownwardAPIVolumeSource": "items []DownwardAPIVolumeFile, defaultMode i",
    "DownwardAPIVolumeFile": ("path s, fieldRef ObjectFieldSelector, resourceFieldRef ResourceFieldSelector, mode i"),
    "FCVolumeSource": "targetWWNs []s, lun i, fsType s, readOnly b, wwids []s",
    "AzureFileVolumeSource": "secretName s, shareName s, readOnly b",
    "ConfigMapVolumeSource": "+LocalObjectReference, items []KeyToPath, defaultMode i, optional b",
    "VsphereVirtualDiskVolumeSource": "volumePath s, fsType s, storagePolicyName s, storagePolicyID s",
    "QuobyteVolumeSource": "registry s, volume s, readOnly b, user s, group s, tenant s",
    "AzureDiskVolumeSource": (
        "diskName s, diskURI s, cachingMode =v1.AzureDataDiskCachingMode, fsType s, readOnly b, "
        "kind =v1.AzureDataDiskKind"
    ),
    "PhotonPersistentDiskVolumeSource": "pdID s, fsType s",
    "ProjectedVolumeSource": "sources []VolumeProjection, defaultMode i",
    "VolumeProjection": (
        "secret SecretProjection, downwardAPI DownwardAPIProjection, configMap ConfigMapProjection, "
        "serviceAccountToken ServiceAccountTokenProjection, clusterTrustBundle ClusterTrustBundleProjection, "
        "podCertificate PodCertificateProjection"
    ),
    "SecretProjection": "+LocalObjectReference, items []KeyToPath, optional b",
    "ConfigMapProjection": "+LocalObjectReference, items []KeyToPath, optional b",
    "DownwardAPIProjection": "items []DownwardAPIVolumeFile",
    "ServiceAccountTokenProjection": "audience s, expirationSeconds l, path s",
    "ClusterTrustBundleProjection": "name s, signerName s, labelSelector LabelSelector, optional b, path s",
    "PodCertificateProjection": (
        "signerName s, keyType s, maxExpirationSeconds i, credentialBundlePath s, keyPath s, certificateChainPath s"
    ),
    "PortworxVolumeSource": "volumeID s, fsType s, readOnly b",
    "ScaleIOVolumeSource": (
        "gateway s, system s, secretRef LocalObjectReference, sslEnabled b, protectionDomain s, storagePool s, "
        "storageMode s, volumeName s, fsType s, readOnly b"
    ),
    "StorageOSVolumeSource": ("volumeName s, volumeNamespace s, fsType s, readOnly b, secretRef LocalObjectReference"),
    "CSIVolumeSource": (
        "driver s, readOnly b, fsType s, volumeAttributes {}s, nodePublishSecretRef LocalObjectReference"
    ),
    "EphemeralVolumeSource": "volumeClaimTemplate PersistentVolumeClaimTemplate",
    "PersistentVolumeClaimTemplate": "metadata ObjectMeta, spec PersistentVolumeClaimSpec",
    "PersistentVolumeClaimSpec": (
        "accessModes []=v1.PersistentVolumeAccessMode, selector LabelSelector, "
        "resources VolumeResourceRequirements, volumeName s, storageClassName s, "
        "volumeMode =v1.PersistentVolumeMode, dataSource TypedLocalObjectReference, "
        "dataSourceRef TypedObjectReference, volumeAttributesClassName s"
    ),
    "VolumeResourceRequirements": "limits ResourceList, requests ResourceList",
    "TypedLocalObjectReference": "apiGroup s, kind s, name s",
    "TypedObjectReference": "apiGroup s, kind s, name s, namespace s",
    "ImageVolumeSource": "reference s, pullPolicy =v1.PullPolicy",
    # --- batch/v1 --------------------------------------------------------------------------------------------------
    "JobSpec": (
        "parallelism i, completions i, activeDeadlineSeconds l, podFailurePolicy PodFailurePolicy, "
        "successPolicy SuccessPolicy, backoffLimit i, backoffLimitPerIndex i, maxFailedIndexes i, "
        "selector LabelSelector, manualSelector b, template PodTemplateSpec, ttlSecondsAfterFinished i, "
        "completionMode =v1.CompletionMode, suspend b, podReplacementPolicy =v1.PodReplacementPolicy, managedBy s"
    ),
    "PodFailurePolicy": "rules []PodFailurePolicyRule",
    "PodFailurePolicyRule": (
        "action =v1.PodFailurePolicyAction, onExitCodes PodFailurePolicyOnExitCodesRequirement, "
        "onPodConditions []PodFailurePolicyOnPodConditionsPattern"
    ),
    "PodFailurePolicyOnExitCodesRequirement": (
        "containerName s, operator =v1.PodFailurePolicyOnExitCodesOperator, values []i"
    ),
    "PodFailurePolicyOnPodConditionsPattern": "type =v1.PodConditionType, status =v1.ConditionStatus",
    "SuccessPolicy": "rules []SuccessPolicyRule",
    "SuccessPolicyRule": "succeededIndexes s, succeededCount i",
    **LINT,
}
