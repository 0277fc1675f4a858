"""The kinds that a release is made of, as the API server names them."""

from __future__ import annotations

from kubectl_rollouts.cluster.resources import Resource

ARGO = "argoproj.io"

ROLLOUTS = Resource(ARGO, "v1alpha1", "rollouts", "Rollout")
EXPERIMENTS = Resource(ARGO, "v1alpha1", "experiments", "Experiment")
ANALYSIS_RUNS = Resource(ARGO, "v1alpha1", "analysisruns", "AnalysisRun")
ANALYSIS_TEMPLATES = Resource(ARGO, "v1alpha1", "analysistemplates", "AnalysisTemplate")
CLUSTER_ANALYSIS_TEMPLATES = Resource(ARGO, "v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate", False)
REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
POD_TEMPLATES = Resource("", "v1", "podtemplates", "PodTemplate")
PODS = Resource("", "v1", "pods", "Pod")
