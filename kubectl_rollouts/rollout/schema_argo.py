"""The shapes of the argoproj.io/v1alpha1 kinds, as the reference's Go types declare them (spec/resources.md §2-§5).

A line a type: its fields with their shapes, blanks and commas between. Names of types are the Go names, because error
texts show them (spec/lint.md §3.4). Shapes:

    s string  b bool  i int32  l int64  t time  q quantity  x int-or-string  * free-form
    =Name     a string type of that name
    Name      a type of this table; core.Name one of schema_core.py
    []shape   a list          {}shape   a map with string keys
    +Name     (instead of a field) the fields of another type, embedded
"""

from __future__ import annotations

ARGO: dict[str, str] = {
    # --- Rollout ---------------------------------------------------------------------------------------------------
    "Rollout": "+core.TypeMeta, metadata core.ObjectMeta, spec RolloutSpec, status RolloutStatus",
    "RolloutSpec": (
        "replicas i, selector core.LabelSelector, template core.PodTemplateSpec, workloadRef ObjectRef, "
        "minReadySeconds i, rollbackWindow RollbackWindowSpec, strategy RolloutStrategy, revisionHistoryLimit i, "
        "paused b, progressDeadlineSeconds i, progressDeadlineAbort b, restartAt t, analysis AnalysisRunStrategy"
    ),
    "ObjectRef": "apiVersion s, kind s, name s, scaleDown s",
    "RollbackWindowSpec": "revisions i",
    "AnalysisRunStrategy": "successfulRunHistoryLimit i, unsuccessfulRunHistoryLimit i",
    "RolloutStrategy": "blueGreen BlueGreenStrategy, canary CanaryStrategy",
    "BlueGreenStrategy": (
        "activeService s, previewService s, previewReplicaCount i, autoPromotionEnabled b, autoPromotionSeconds i, "
        "maxUnavailable x, scaleDownDelaySeconds i, scaleDownDelayRevisionLimit i, "
        "prePromotionAnalysis RolloutAnalysis, antiAffinity AntiAffinity, postPromotionAnalysis RolloutAnalysis, "
        "previewMetadata PodTemplateMetadata, activeMetadata PodTemplateMetadata, abortScaleDownDelaySeconds i"
    ),
    "CanaryStrategy": (
        "canaryService s, stableService s, steps []CanaryStep, trafficRouting RolloutTrafficRouting, "
        "maxUnavailable x, maxSurge x, analysis RolloutAnalysisBackground, antiAffinity AntiAffinity, "
        "canaryMetadata PodTemplateMetadata, stableMetadata PodTemplateMetadata, scaleDownDelaySeconds i, "
        "scaleDownDelayRevisionLimit i, abortScaleDownDelaySeconds i, dynamicStableScale b, pingPong PingPongSpec, "
        "minPodsPerReplicaSet i, replicaProgressThreshold ReplicaProgressThreshold"
    ),
    "PingPongSpec": "pingService s, pongService s",
    "ReplicaProgressThreshold": "type =ProgressType, value i",
    "AntiAffinity": (
        "preferredDuringSchedulingIgnoredDuringExecution PreferredDuringSchedulingIgnoredDuringExecution, "
        "requiredDuringSchedulingIgnoredDuringExecution RequiredDuringSchedulingIgnoredDuringExecution"
    ),
    "PreferredDuringSchedulingIgnoredDuringExecution": "weight i",
    "RequiredDuringSchedulingIgnoredDuringExecution": "",
    "PodTemplateMetadata": "labels {}s, annotations {}s",
    # --- Canary steps ----------------------------------------------------------------------------------------------
    "CanaryStep": (
        "setWeight i, pause RolloutPause, experiment RolloutExperimentStep, analysis RolloutAnalysis, "
        "setCanaryScale SetCanaryScale, setHeaderRoute SetHeaderRoute, setMirrorRoute SetMirrorRoute, "
        "plugin PluginStep"
    ),
    "RolloutPause": "duration x",
    "PluginStep": "name s, config *",
    "SetCanaryScale": "weight i, replicas i, matchTrafficWeight b",
    "SetHeaderRoute": "name s, match []HeaderRoutingMatch",
    "HeaderRoutingMatch": "headerName s, headerValue StringMatch",
    "SetMirrorRoute": "name s, match []RouteMatch, percentage i",
    "RouteMatch": "method StringMatch, path StringMatch, headers {}StringMatch",
    "StringMatch": "exact s, prefix s, regex s",
    "RolloutExperimentStep": (
        "templates []RolloutExperimentTemplate, duration =DurationString, "
        "analyses []RolloutExperimentStepAnalysisTemplateRef, dryRun []DryRun, "
        "analysisRunMetadata AnalysisRunMetadata, scaleDownDelaySeconds i"
    ),
    "RolloutExperimentTemplate": (
        "name s, specRef =ReplicaSetSpecRef, replicas i, metadata PodTemplateMetadata, "
        "selector core.LabelSelector, weight i, service TemplateService"
    ),
    "TemplateService": "name s",
    "RolloutExperimentStepAnalysisTemplateRef": (
        "name s, templateName s, clusterScope b, args []AnalysisRunArgument, requiredForCompletion b"
    ),
    # --- Traffic routing -------------------------------------------------------------------------------------------
    "RolloutTrafficRouting": (
        "istio IstioTrafficRouting, nginx NginxTrafficRouting, alb ALBTrafficRouting, smi SMITrafficRouting, "
        "ambassador AmbassadorTrafficRouting, appMesh AppMeshTrafficRouting, traefik TraefikTrafficRouting, "
        "managedRoutes []MangedRoutes, apisix ApisixTrafficRouting, plugins {}*, maxTrafficWeight i"
    ),
    "MangedRoutes": "name s",
    "IstioTrafficRouting": (
        "virtualService IstioVirtualService, destinationRule IstioDestinationRule, "
        "virtualServices []IstioVirtualService"
    ),
    "IstioVirtualService": "name s, routes []s, tlsRoutes []TLSRoute, tcpRoutes []TCPRoute",
    "TLSRoute": "port l, sniHosts []s",
    "TCPRoute": "port l",
    "IstioDestinationRule": "name s, canarySubsetName s, stableSubsetName s, additionalSubsetNames []s",
    "NginxTrafficRouting": (
        "annotationPrefix s, stableIngress s, additionalIngressAnnotations {}s, stableIngresses []s, "
        "canaryIngressAnnotations {}s"
    ),
    "ALBTrafficRouting": (
        "ingress s, servicePort i, rootService s, annotationPrefix s, stickinessConfig StickinessConfig, ingresses []s"
    ),
    "StickinessConfig": "enabled b, durationSeconds l",
    "SMITrafficRouting": "rootService s, trafficSplitName s",
    "AmbassadorTrafficRouting": "mappings []s",
    "AppMeshTrafficRouting": "virtualService AppMeshVirtualService, virtualNodeGroup AppMeshVirtualNodeGroup",
    "AppMeshVirtualService": "name s, routes []s",
    "AppMeshVirtualNodeGroup": (
        "canaryVirtualNodeRef AppMeshVirtualNodeReference, stableVirtualNodeRef AppMeshVirtualNodeReference"
    ),
    "AppMeshVirtualNodeReference": "name s",
    "TraefikTrafficRouting": "weightedTraefikServiceName s",
    "ApisixTrafficRouting": "route ApisixRoute",
    "ApisixRoute": "name s, rules []s",
    # --- Analysis as rollouts refer to it --------------------------------------------------------------------------
    "RolloutAnalysisBackground": "+RolloutAnalysis, startingStep i",
    "RolloutAnalysis": (
        "templates []AnalysisTemplateRef, args []AnalysisRunArgument, dryRun []DryRun, "
        "measurementRetention []MeasurementRetention, analysisRunMetadata AnalysisRunMetadata"
    ),
    "AnalysisTemplateRef": "templateName s, clusterScope b",
    "AnalysisRunArgument": "name s, value s, valueFrom ArgumentValueFrom",
    "ArgumentValueFrom": "podTemplateHashValue =ValueFromPodTemplateHash, fieldRef FieldRef",
    "FieldRef": "fieldPath s",
    "DryRun": "metricName s",
    "MeasurementRetention": "metricName s, limit i",
    "AnalysisRunMetadata": "labels {}s, annotations {}s",
    # --- Rollout status --------------------------------------------------------------------------------------------
    "RolloutStatus": (
        "abort b, pauseConditions []PauseCondition, controllerPause b, abortedAt t, currentPodHash s, "
        "currentStepHash s, replicas i, updatedReplicas i, readyReplicas i, availableReplicas i, currentStepIndex i, "
        "collisionCount i, observedGeneration s, conditions []RolloutCondition, canary CanaryStatus, "
        "blueGreen BlueGreenStatus, HPAReplicas i, selector s, stableRS s, restartedAt t, promoteFull b, "
        "phase =RolloutPhase, message s, workloadObservedGeneration s, alb ALBStatus, albs []ALBStatus, "
        "duration RolloutDurationStatus"
    ),
    "PauseCondition": "reason =PauseReason, startTime t",
    "RolloutCondition": (
        "type =RolloutConditionType, status =v1.ConditionStatus, lastUpdateTime t, lastTransitionTime t, reason s, "
        "message s"
    ),
    "RolloutDurationStatus": (
        "rolloutStartedAt t, manualPauseStartedAt t, totalManualPauseDurationSeconds l, finishedAt t, "
        "completionStatus =CompletionStatus"
    ),
    "ALBStatus": (
        "loadBalancer AwsResourceRef, canaryTargetGroup AwsResourceRef, stableTargetGroup AwsResourceRef, ingress s"
    ),
    "AwsResourceRef": "name s, arn s, fullName s",
    "CanaryStatus": (
        "currentStepAnalysisRunStatus RolloutAnalysisRunStatus, "
        "currentBackgroundAnalysisRunStatus RolloutAnalysisRunStatus, currentExperiment s, weights TrafficWeights, "
        "stablePingPong =PingPongType, stepPluginStatuses []StepPluginStatus"
    ),
    "RolloutAnalysisRunStatus": "name s, status =AnalysisPhase, message s",
    "TrafficWeights": (
        "canary WeightDestination, stable WeightDestination, additional []WeightDestination, verified b"
    ),
    "WeightDestination": "weight i, serviceName s, podTemplateHash s",
    "StepPluginStatus": (
        "index i, name s, message s, phase =StepPluginPhase, startedAt t, updatedAt t, finishedAt t, "
        "backoff =DurationString, executions i, operation =StepPluginOperation, disabled b, status *"
    ),
    "BlueGreenStatus": (
        "previewSelector s, activeSelector s, scaleUpPreviewCheckPoint b, "
        "prePromotionAnalysisRunStatus RolloutAnalysisRunStatus, "
        "postPromotionAnalysisRunStatus RolloutAnalysisRunStatus"
    ),
    # --- Experiment ------------------------------------------------------------------------------------------------
    "Experiment": "+core.TypeMeta, metadata core.ObjectMeta, spec ExperimentSpec, status ExperimentStatus",
    "ExperimentSpec": (
        "templates []TemplateSpec, duration =DurationString, progressDeadlineSeconds i, terminate b, "
        "analyses []ExperimentAnalysisTemplateRef, scaleDownDelaySeconds i, dryRun []DryRun, "
        "measurementRetention []MeasurementRetention, analysisRunMetadata AnalysisRunMetadata"
    ),
    "TemplateSpec": (
        "name s, replicas i, minReadySeconds i, selector core.LabelSelector, template core.PodTemplateSpec, "
        "service TemplateService"
    ),
    "ExperimentAnalysisTemplateRef": "name s, templateName s, clusterScope b, args []Argument, requiredForCompletion b",
    "ExperimentStatus": (
        "phase =AnalysisPhase, message s, templateStatuses []TemplateStatus, availableAt t, "
        "conditions []ExperimentCondition, analysisRuns []ExperimentAnalysisRunStatus"
    ),
    "TemplateStatus": (
        "name s, replicas i, updatedReplicas i, readyReplicas i, availableReplicas i, collisionCount i, "
        "status =TemplateStatusCode, message s, lastTransitionTime t, serviceName s, podTemplateHash s"
    ),
    "ExperimentCondition": (
        "type =ExperimentConditionType, status =v1.ConditionStatus, lastUpdateTime t, lastTransitionTime t, reason s, "
        "message s"
    ),
    "ExperimentAnalysisRunStatus": "name s, analysisRun s, phase =AnalysisPhase, message s",
    # --- Analysis --------------------------------------------------------------------------------------------------
    "AnalysisTemplate": "+core.TypeMeta, metadata core.ObjectMeta, spec AnalysisTemplateSpec",
    "ClusterAnalysisTemplate": "+core.TypeMeta, metadata core.ObjectMeta, spec AnalysisTemplateSpec",
    "AnalysisTemplateSpec": (
        "metrics []Metric, args []Argument, dryRun []DryRun, measurementRetention []MeasurementRetention, "
        "templates []AnalysisTemplateRef"
    ),
    "AnalysisRun": "+core.TypeMeta, metadata core.ObjectMeta, spec AnalysisRunSpec, status AnalysisRunStatus",
    "AnalysisRunSpec": (
        "metrics []Metric, args []Argument, terminate b, dryRun []DryRun, "
        "measurementRetention []MeasurementRetention, ttlStrategy TTLStrategy"
    ),
    "TTLStrategy": "secondsAfterCompletion i, secondsAfterFailure i, secondsAfterSuccess i",
    "AnalysisRunStatus": (
        "phase =AnalysisPhase, message s, metricResults []MetricResult, startedAt t, completedAt t, "
        "runSummary RunSummary, dryRunSummary RunSummary"
    ),
    "RunSummary": "count i, successful i, failed i, inconclusive i, error i",
    "MetricResult": (
        "name s, phase =AnalysisPhase, measurements []Measurement, message s, count i, successful i, failed i, "
        "inconclusive i, error i, consecutiveError i, dryRun b, metadata {}s, consecutiveSuccess i"
    ),
    "Measurement": ("phase =AnalysisPhase, message s, startedAt t, finishedAt t, value s, metadata {}s, resumeAt t"),
    "Argument": "name s, value s, valueFrom ValueFrom",
    "ValueFrom": "secretKeyRef SecretKeyRef, fieldRef FieldRef",
    "SecretKeyRef": "name s, key s",
    "Metric": (
        "name s, interval =DurationString, initialDelay =DurationString, count x, successCondition s, "
        "failureCondition s, failureLimit x, inconclusiveLimit x, consecutiveErrorLimit x, "
        "consecutiveSuccessLimit x, provider MetricProvider"
    ),
    "MetricProvider": (
        "prometheus PrometheusMetric, kayenta KayentaMetric, web WebMetric, datadog DatadogMetric, "
        "wavefront WavefrontMetric, newRelic NewRelicMetric, job JobMetric, cloudWatch CloudWatchMetric, "
        "graphite GraphiteMetric, influxdb InfluxdbMetric, skywalking SkyWalkingMetric, plugin {}*"
    ),
    "PrometheusMetric": (
        "address s, query s, authentication Authentication, timeout l, insecure b, headers []WebMetricHeader, "
        "rangeQuery PrometheusRangeQueryArgs"
    ),
    "PrometheusRangeQueryArgs": "start s, end s, step =DurationString",
    "Authentication": "sigv4 Sigv4Config, oauth2 OAuth2Config, basicAuth BasicAuthConfig",
    "Sigv4Config": "region s, profile s, roleArn s",
    "OAuth2Config": "tokenUrl s, clientId s, clientSecret s, scopes []s",
    "BasicAuthConfig": "username s, password s",
    "WebMetricHeader": "key s, value s",
    "WebMetric": (
        "method =WebMetricMethod, url s, headers []WebMetricHeader, body s, timeoutSeconds l, jsonPath s, "
        "insecure b, jsonBody *, authentication Authentication"
    ),
    "DatadogMetric": (
        "interval =DurationString, query s, queries {}s, formula s, apiVersion s, aggregator s, secretRef SecretRef, "
        "requestTimeout =DurationString"
    ),
    "SecretRef": "name s, namespaced b",
    "NewRelicMetric": "profile s, query s, timeout l",
    "WavefrontMetric": "address s, query s",
    "GraphiteMetric": "address s, query s",
    "InfluxdbMetric": "profile s, query s",
    "SkyWalkingMetric": "address s, query s, interval =DurationString",
    "CloudWatchMetric": "interval =DurationString, metricDataQueries []CloudWatchMetricDataQuery",
    "CloudWatchMetricDataQuery": (
        "id s, expression s, label s, metricStat CloudWatchMetricStat, period x, returnData b"
    ),
    "CloudWatchMetricStat": "metric CloudWatchMetricStatMetric, period x, stat s, unit s",
    "CloudWatchMetricStatMetric": "dimensions []CloudWatchMetricStatMetricDimension, metricName s, namespace s",
    "CloudWatchMetricStatMetricDimension": "name s, value s",
    "KayentaMetric": (
        "address s, application s, canaryConfigName s, metricsAccountName s, configurationAccountName s, "
        "storageAccountName s, threshold KayentaThreshold, scopes []KayentaScope, lookback b"
    ),
    "KayentaThreshold": "pass l, marginal l",
    "KayentaScope": "name s, controlScope ScopeDetail, experimentScope ScopeDetail",
    "ScopeDetail": "scope s, region s, step l, start s, end s",
    "JobMetric": "metadata core.ObjectMeta, spec core.JobSpec",
}
