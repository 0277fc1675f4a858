"""kubectl-rollouts: a kubectl plugin for Argo Rollouts."""

__version__ = "0.1.0"
