"""The shapes of the custom kinds (spec/resources.md), in one line a type.

Notation: `field shape`, separated by blanks and commas; a `!` after the field says that it is required. Shapes are
`str int num bool time intstr quantity bytes any`, the name of a type, `[]shape` for lists, `{}shape` for maps.
`any` is free-form. Types that begin with V1 are Kubernetes' own (builtin.json).
"""

from __future__ import annotations

CUSTOM: dict[str, str] = {
    "Rollout": "apiVersion str, kind str, metadata V1ObjectMeta, spec! RolloutSpec, status RolloutStatus",
    "RolloutSpec": (
        "replicas int, selector V1LabelSelector, template PodTemplate, workloadRef ObjectRef, minReadySeconds int, "
        "rollbackWindow RollbackWindow, strategy RolloutStrategy, revisionHistoryLimit int, paused bool, "
        "progressDeadlineSeconds int, progressDeadlineAbort bool, restartAt time, analysis AnalysisRetention"
    ),
    "ObjectRef": "apiVersion str, kind str, name str, scaleDown str",
    "RollbackWindow": "revisions int",
    "AnalysisRetention": "successfulRunHistoryLimit int, unsuccessfulRunHistoryLimit int",
    "RolloutStrategy": "blueGreen BlueGreenStrategy, canary CanaryStrategy",
    "BlueGreenStrategy": (
        "activeService! str, previewService str, previewReplicaCount int, autoPromotionEnabled bool, "
        "autoPromotionSeconds int, maxUnavailable intstr, scaleDownDelaySeconds int, scaleDownDelayRevisionLimit int, "
        "prePromotionAnalysis RolloutAnalysis, postPromotionAnalysis RolloutAnalysis, antiAffinity AntiAffinity, "
        "previewMetadata PodTemplateMetadata, activeMetadata PodTemplateMetadata, abortScaleDownDelaySeconds int"
    ),
    "CanaryStrategy": (
        "canaryService str, stableService str, steps []CanaryStep, trafficRouting TrafficRouting, "
        "maxUnavailable intstr, maxSurge intstr, analysis RolloutAnalysisBackground, antiAffinity AntiAffinity, "
        "canaryMetadata PodTemplateMetadata, stableMetadata PodTemplateMetadata, scaleDownDelaySeconds int, "
        "scaleDownDelayRevisionLimit int, abortScaleDownDelaySeconds int, dynamicStableScale bool, pingPong PingPong, "
        "minPodsPerReplicaSet int, replicaProgressThreshold ReplicaProgressThreshold"
    ),
    "PingPong": "pingService! str, pongService! str",
    "ReplicaProgressThreshold": "type! str, value! int",
    "AntiAffinity": (
        "preferredDuringSchedulingIgnoredDuringExecution PreferredAntiAffinity, "
        "requiredDuringSchedulingIgnoredDuringExecution RequiredAntiAffinity"
    ),
    "PreferredAntiAffinity": "weight! int",
    "RequiredAntiAffinity": "",
    "PodTemplateMetadata": "labels {}str, annotations {}str",
    "CanaryStep": (
        "setWeight int, pause PauseStep, experiment ExperimentStep, analysis RolloutAnalysis, "
        "setCanaryScale SetCanaryScale, setHeaderRoute SetHeaderRoute, setMirrorRoute SetMirrorRoute, "
        "plugin StepPlugin"
    ),
    "PauseStep": "duration intstr",
    "SetCanaryScale": "weight int, replicas int, matchTrafficWeight bool",
    "SetHeaderRoute": "name str, match []HeaderRoutingMatch",
    "HeaderRoutingMatch": "headerName! str, headerValue! StringMatch",
    "SetMirrorRoute": "name! str, match []RouteMatch, percentage int",
    "RouteMatch": "method StringMatch, path StringMatch, headers {}StringMatch",
    "StringMatch": "exact str, prefix str, regex str",
    "StepPlugin": "name! str, config any",
    "ExperimentStep": (
        "templates! []ExperimentStepTemplate, duration str, analyses []ExperimentStepAnalysis, dryRun []DryRun, "
        "analysisRunMetadata PodTemplateMetadata, scaleDownDelaySeconds int"
    ),
    "ExperimentStepTemplate": (
        "name! str, specRef! str, replicas int, metadata PodTemplateMetadata, selector V1LabelSelector, weight int, "
        "service TemplateService"
    ),
    "TemplateService": "name str",
    "ExperimentStepAnalysis": (
        "name! str, templateName! str, clusterScope bool, args []AnalysisRunArgument, requiredForCompletion bool"
    ),
    "DryRun": "metricName! str",
    "MeasurementRetention": "metricName! str, limit! int",
    "TrafficRouting": (
        "istio Istio, nginx Nginx, alb Alb, smi Smi, ambassador Ambassador, appMesh AppMesh, traefik Traefik, "
        "apisix Apisix, managedRoutes []ManagedRoute, plugins {}any, maxTrafficWeight int"
    ),
    "ManagedRoute": "name! str",
    "Istio": (
        "virtualService IstioVirtualService, virtualServices []IstioVirtualService, "
        "destinationRule IstioDestinationRule"
    ),
    "IstioVirtualService": "name! str, routes []str, tlsRoutes []TlsRoute, tcpRoutes []TcpRoute",
    "TlsRoute": "port int, sniHosts []str",
    "TcpRoute": "port int",
    "IstioDestinationRule": ("name! str, canarySubsetName! str, stableSubsetName! str, additionalSubsetNames []str"),
    "Nginx": (
        "annotationPrefix str, stableIngress str, stableIngresses []str, additionalIngressAnnotations {}str, "
        "canaryIngressAnnotations {}str"
    ),
    "Alb": (
        "ingress str, ingresses []str, servicePort! int, rootService str, annotationPrefix str, "
        "stickinessConfig AlbStickiness"
    ),
    "AlbStickiness": "enabled! bool, durationSeconds! int",
    "Smi": "rootService str, trafficSplitName str",
    "Ambassador": "mappings! []str",
    "AppMesh": "virtualService AppMeshVirtualService, virtualNodeGroup AppMeshNodeGroup",
    "AppMeshVirtualService": "name! str, routes []str",
    "AppMeshNodeGroup": "canaryVirtualNodeRef! Named, stableVirtualNodeRef! Named",
    "Named": "name! str",
    "Traefik": "weightedTraefikServiceName! str",
    "Apisix": "route ApisixRoute",
    "ApisixRoute": "name! str, rules []str",
    "RolloutAnalysis": (
        "templates []TemplateRef, args []AnalysisRunArgument, dryRun []DryRun, "
        "measurementRetention []MeasurementRetention, analysisRunMetadata PodTemplateMetadata"
    ),
    "RolloutAnalysisBackground": (
        "templates []TemplateRef, args []AnalysisRunArgument, dryRun []DryRun, "
        "measurementRetention []MeasurementRetention, analysisRunMetadata PodTemplateMetadata, startingStep int"
    ),
    "TemplateRef": "templateName str, clusterScope bool",
    "AnalysisRunArgument": "name! str, value str, valueFrom ArgumentSource",
    "ArgumentSource": "podTemplateHashValue str, fieldRef FieldRef",
    "FieldRef": "fieldPath! str",
    "RolloutStatus": (
        "abort bool, abortedAt time, pauseConditions []PauseCondition, controllerPause bool, currentPodHash str, "
        "currentStepHash str, currentStepIndex int, replicas int, updatedReplicas int, readyReplicas int, "
        "availableReplicas int, HPAReplicas int, selector str, collisionCount int, observedGeneration str, "
        "workloadObservedGeneration str, conditions []Condition, canary CanaryStatus, blueGreen BlueGreenStatus, "
        "stableRS str, restartedAt time, promoteFull bool, phase str, message str, alb AlbStatus, albs []AlbStatus, "
        "duration RolloutDuration"
    ),
    "PauseCondition": "reason! str, startTime! time",
    "Condition": ("type! str, status! str, lastUpdateTime! time, lastTransitionTime! time, reason! str, message! str"),
    "AlbStatus": "loadBalancer AlbResource, canaryTargetGroup AlbResource, stableTargetGroup AlbResource, ingress str",
    "AlbResource": "name! str, arn! str, fullName str",
    "RolloutDuration": (
        "rolloutStartedAt time, manualPauseStartedAt time, totalManualPauseDurationSeconds int, finishedAt time, "
        "completionStatus str"
    ),
    "CanaryStatus": (
        "currentStepAnalysisRunStatus RunStatus, currentBackgroundAnalysisRunStatus RunStatus, "
        "currentExperiment str, weights TrafficWeights, stablePingPong str, stepPluginStatuses []StepPluginStatus"
    ),
    "RunStatus": "name! str, status! str, message str",
    "TrafficWeights": (
        "canary! WeightDestination, stable! WeightDestination, additional []WeightDestination, verified bool"
    ),
    "WeightDestination": "weight! int, serviceName str, podTemplateHash str",
    "StepPluginStatus": (
        "index! int, name! str, operation! str, phase str, message str, startedAt time, updatedAt time, "
        "finishedAt time, backoff str, executions int, disabled bool, status any"
    ),
    "BlueGreenStatus": (
        "previewSelector str, activeSelector str, scaleUpPreviewCheckPoint bool, "
        "prePromotionAnalysisRunStatus RunStatus, postPromotionAnalysisRunStatus RunStatus"
    ),
    "Experiment": "apiVersion str, kind str, metadata V1ObjectMeta, spec! ExperimentSpec, status ExperimentStatus",
    "ExperimentSpec": (
        "templates! []ExperimentTemplate, duration str, progressDeadlineSeconds int, terminate bool, "
        "analyses []ExperimentAnalysis, scaleDownDelaySeconds int, dryRun []DryRun, "
        "measurementRetention []MeasurementRetention, analysisRunMetadata PodTemplateMetadata"
    ),
    "ExperimentTemplate": (
        "name! str, replicas int, minReadySeconds int, selector! V1LabelSelector, template! PodTemplate, "
        "service TemplateService"
    ),
    "ExperimentAnalysis": (
        "name! str, templateName! str, clusterScope bool, args []Argument, requiredForCompletion bool"
    ),
    "ExperimentStatus": (
        "phase str, message str, templateStatuses []TemplateStatus, availableAt time, conditions []Condition, "
        "analysisRuns []ExperimentRunStatus"
    ),
    "TemplateStatus": (
        "name! str, replicas! int, updatedReplicas! int, readyReplicas! int, availableReplicas! int, "
        "collisionCount int, status str, message str, lastTransitionTime time, serviceName str, podTemplateHash str"
    ),
    "ExperimentRunStatus": "name! str, analysisRun! str, phase! str, message str",
    "AnalysisTemplate": "apiVersion str, kind str, metadata V1ObjectMeta, spec! AnalysisTemplateSpec",
    "ClusterAnalysisTemplate": "apiVersion str, kind str, metadata V1ObjectMeta, spec! AnalysisTemplateSpec",
    "AnalysisTemplateSpec": (
        "metrics []Metric, args []Argument, dryRun []DryRun, measurementRetention []MeasurementRetention, "
        "templates []TemplateRef"
    ),
    "AnalysisRun": "apiVersion str, kind str, metadata V1ObjectMeta, spec! AnalysisRunSpec, status AnalysisRunStatus",
    "AnalysisRunSpec": (
        "metrics! []Metric, args []Argument, terminate bool, dryRun []DryRun, "
        "measurementRetention []MeasurementRetention, ttlStrategy TtlStrategy"
    ),
    "TtlStrategy": "secondsAfterCompletion int, secondsAfterFailure int, secondsAfterSuccess int",
    "AnalysisRunStatus": (
        "phase! str, message str, metricResults []MetricResult, startedAt time, completedAt time, "
        "runSummary Summary, dryRunSummary Summary"
    ),
    "Summary": "count int, successful int, failed int, inconclusive int, error int",
    "MetricResult": (
        "name! str, phase! str, measurements []Measurement, message str, count int, successful int, failed int, "
        "inconclusive int, error int, consecutiveError int, consecutiveSuccess int, dryRun bool, metadata {}str"
    ),
    "Measurement": (
        "phase! str, message str, startedAt time, finishedAt time, resumeAt time, value str, metadata {}str"
    ),
    "Argument": "name! str, value str, valueFrom ValueFrom",
    "ValueFrom": "secretKeyRef SecretKeyRef, fieldRef FieldRef",
    "SecretKeyRef": "name! str, key! str",
    "Metric": (
        "name! str, interval str, initialDelay str, count intstr, successCondition str, failureCondition str, "
        "failureLimit intstr, inconclusiveLimit intstr, consecutiveErrorLimit intstr, "
        "consecutiveSuccessLimit intstr, provider! MetricProvider"
    ),
    "MetricProvider": (
        "prometheus Prometheus, web Web, datadog Datadog, newRelic NewRelic, wavefront AddressQuery, "
        "graphite AddressQuery, influxdb Influxdb, skywalking Skywalking, cloudWatch CloudWatch, kayenta Kayenta, "
        "job JobMetric, plugin {}any"
    ),
    "Prometheus": (
        "address str, query str, authentication Authentication, timeout int, insecure bool, headers []KeyValue, "
        "rangeQuery RangeQuery"
    ),
    "RangeQuery": "start str, end str, step str",
    "KeyValue": "key! str, value! str",
    "Authentication": "sigv4 Sigv4, oauth2 Oauth2, basicAuth BasicAuth",
    "Sigv4": "region str, profile str, roleArn str",
    "Oauth2": "tokenUrl str, clientId str, clientSecret str, scopes []str",
    "BasicAuth": "username str, password str",
    "Web": (
        "method str, url! str, headers []KeyValue, body str, jsonBody any, timeoutSeconds int, jsonPath str, "
        "insecure bool, authentication Authentication"
    ),
    "Datadog": (
        "interval str, query str, queries {}str, formula str, apiVersion str, aggregator str, "
        "secretRef DatadogSecret, requestTimeout str"
    ),
    "DatadogSecret": "name str, namespaced bool",
    "NewRelic": "profile str, query! str, timeout int",
    "AddressQuery": "address str, query str",
    "Influxdb": "profile str, query str",
    "Skywalking": "address str, query str, interval str",
    "CloudWatch": "interval str, metricDataQueries! []CloudWatchQuery",
    "CloudWatchQuery": ("id str, expression str, label str, metricStat CloudWatchStat, period intstr, returnData bool"),
    "CloudWatchStat": "metric CloudWatchMetric, period intstr, stat str, unit str",
    "CloudWatchMetric": "dimensions []CloudWatchDimension, metricName str, namespace str",
    "CloudWatchDimension": "name str, value str",
    "Kayenta": (
        "address! str, application! str, canaryConfigName! str, metricsAccountName! str, "
        "configurationAccountName! str, storageAccountName! str, threshold! KayentaThreshold, "
        "scopes! []KayentaScope, lookback bool"
    ),
    "KayentaThreshold": "pass! int, marginal! int",
    "KayentaScope": "name! str, controlScope! ScopeDetail, experimentScope! ScopeDetail",
    "ScopeDetail": "scope! str, region! str, step! int, start str, end str",
    "JobMetric": "metadata PodTemplateMetadata, spec! JobMetricSpec",
    "PodTemplate": "metadata PodTemplateMetadata, spec PodTemplateSpec",
    "Gateway": "apiVersion str, kind str, metadata V1ObjectMeta, spec! any, status any",
    "HTTPRoute": "apiVersion str, kind str, metadata V1ObjectMeta, spec! any, status any",
    "VirtualService": "apiVersion str, kind str, metadata V1ObjectMeta, spec any, status any",
    "DestinationRule": "apiVersion str, kind str, metadata V1ObjectMeta, spec any, status any",
}

DERIVED: dict[str, tuple[str, dict[str, str]]] = {
    # Pod templates in custom resources: as Kubernetes' own, but volumes and resources take anything.
    "PodTemplateSpec": (
        "V1PodSpec",
        {"volumes": "any", "containers!": "[]TemplateContainer", "initContainers": "[]TemplateContainer"},
    ),
    "TemplateContainer": ("V1Container", {"resources": "TemplateResources"}),
    "TemplateResources": ("V1ResourceRequirements", {"limits": "any", "requests": "any"}),
    "JobMetricSpec": ("V1JobSpec", {"template!": "PodTemplate"}),
}
"""Types that are another type with some fields changed."""

DEFAULTS: dict[tuple[str, str], object] = {
    ("V1ContainerPort", "protocol"): "TCP",
    ("V1ConfigMapKeySelector", "name"): "",
    ("V1SecretKeySelector", "name"): "",
    ("V1ConfigMapEnvSource", "name"): "",
    ("V1SecretEnvSource", "name"): "",
    ("V1LocalObjectReference", "name"): "",
    ("V1GRPCAction", "service"): "",
    ("Datadog", "interval"): "5m",
    ("Datadog", "apiVersion"): "v1",
    ("Datadog", "requestTimeout"): "10s",
}
"""What the schemas of custom resources fill in (spec/controller.md §0, spec/resources.md §5)."""

ENUMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Datadog", "apiVersion"): ("v1", "v2"),
    ("Datadog", "aggregator"): ("avg", "min", "max", "sum", "last", "percentile", "mean", "l2norm", "area"),
}

DESCRIPTIONS: dict[str, str] = {
    "Rollout": "A workload that releases new versions step by step (canary) or side by side (blue-green).",
    "Experiment": "ReplicaSets that run for a while beside each other, to be compared by analysis runs.",
    "AnalysisRun": "One measurement of a release: metrics, taken until they say pass or fail.",
    "AnalysisTemplate": "Metrics to measure releases by, with arguments.",
    "ClusterAnalysisTemplate": "An AnalysisTemplate for all namespaces.",
    "RolloutSpec.replicas": "How many pods are wanted; 1 when absent.",
    "RolloutSpec.selector": "The labels of the managed pods; never changed; workloadRef can supply them.",
    "RolloutSpec.template": "The pod template; a change of it is a release.",
    "RolloutSpec.workloadRef": "Take template and selector from another object.",
    "RolloutSpec.minReadySeconds": "How long a pod must be ready before it counts as available.",
    "RolloutSpec.rollbackWindow": "Going back within the last revisions skips the steps.",
    "RolloutSpec.strategy": "How releases go: exactly one of canary and blueGreen.",
    "RolloutSpec.revisionHistoryLimit": "How many old ReplicaSets are kept; 10 when absent.",
    "RolloutSpec.paused": "Set by a user to hold the release.",
    "RolloutSpec.progressDeadlineSeconds": "Without progress for so long the release counts as stuck; 600 when absent.",
    "RolloutSpec.progressDeadlineAbort": "Abort the release when that deadline passes.",
    "RolloutSpec.restartAt": "Pods that are older than this are replaced.",
    "RolloutSpec.analysis": "How many finished analysis runs and experiments are kept.",
    "RolloutStrategy.blueGreen": "Old and new version side by side, switched at once.",
    "RolloutStrategy.canary": "The new version grows step by step.",
    "BlueGreenStrategy.activeService": "The Service that carries production traffic.",
    "BlueGreenStrategy.previewService": "The Service of the new version before the switch.",
    "BlueGreenStrategy.autoPromotionEnabled": "False: wait for a person before the switch.",
    "CanaryStrategy.steps": "What happens in which order.",
    "CanaryStrategy.canaryService": "The Service of the canary pods.",
    "CanaryStrategy.stableService": "The Service of the stable pods.",
    "CanaryStrategy.trafficRouting": "Who splits the traffic; without it the numbers of pods do.",
    "CanaryStrategy.maxSurge": "How many pods more than wanted there may be; 25% when absent.",
    "CanaryStrategy.maxUnavailable": "How many pods less than wanted there may be; 25% when absent.",
    "CanaryStep.setWeight": "The share of the canary, in percent.",
    "CanaryStep.pause": "Wait for a time, or for a person when no duration is given.",
    "CanaryStep.analysis": "Measure, and go on only if that passes.",
    "CanaryStep.experiment": "Run an Experiment, and go on when it is done.",
    "PauseStep.duration": "Seconds, or a text such as 10m; absent means until somebody promotes.",
}
"""What `kubectl explain` says, by kind and by TYPE.FIELD."""
