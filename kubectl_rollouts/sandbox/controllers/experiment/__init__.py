"""Experiments: ReplicaSets side by side for a while, analyses beside them (spec/controller.md §10)."""
