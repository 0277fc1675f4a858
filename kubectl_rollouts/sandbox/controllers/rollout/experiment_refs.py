"""Experiments of a canary's steps: made, judged and ended here, run elsewhere (controller.md §10)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.names import HASH, REVISION
from kubectl_rollouts.sandbox.controllers.rollout.analysis_refs import COMPLETED, phase_of_run
from kubectl_rollouts.sandbox.controllers.rollout.analysis_spec import arguments_of
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.pauses import INCONCLUSIVE_EXPERIMENT
from kubectl_rollouts.sandbox.controllers.rollout.sizes import hash_of, revision_of
from kubectl_rollouts.sandbox.controllers.rollout.steps import current_step
from kubectl_rollouts.sandbox.objects import (
    Object,
    created_at,
    deleting,
    labels_of,
    name_of,
    owned_by,
    owner_reference,
)

_CAUSE = "Experiment analysis phase is error/failed"


def find_experiment(release: Release) -> None:
    """Look up the experiment that the status names as current, or the newest of the current step."""
    name = (release.status.get("canary") or {}).get("currentExperiment")
    if name:
        release.experiment = release.world.get("Experiment", release.namespace, name)


def reconcile_experiments(release: Release) -> None:
    """Step C7."""
    step, index = current_step(release.rollout)
    wanted = None if step is None or release.aborted or release.promoted else step.get("experiment")
    if release.status.get("promoteFull") or release.in_window:
        wanted = None
    if wanted is None:
        release.experiment = None
    elif release.experiment is None and release.stable_rs is not None and not release.pauses.any:
        release.experiment = _create(release, wanted, index or 0)
    _end_others(release)
    current = release.experiment
    if current is None:
        return
    phase = phase_of_run(current)
    if phase in ("Failed", "Error"):
        message = (current.get("status") or {}).get("message")
        release.pauses.abort(f"{_CAUSE}: {message}" if message else _CAUSE)
    elif phase == "Inconclusive" and not release.pauses.has(INCONCLUSIVE_EXPERIMENT):
        release.pauses.add(INCONCLUSIVE_EXPERIMENT)
    # A paused rollout completes no step: the name must be there when it goes on.
    if phase not in ("Successful", "Failed", "Error") or release.spec.get("paused"):
        release.canary_status["currentExperiment"] = name_of(current)


def _create(release: Release, wanted: Object, index: int) -> Object:
    value, revision = hash_of(release.new_rs), revision_of(release.new_rs or release.rollout)
    base = name = f"{release.name}-{value}-{revision}-{index}"
    number = 0
    while (taken := release.world.get("Experiment", release.namespace, name)) is not None:
        done = phase_of_run(taken) in COMPLETED or (taken.get("spec") or {}).get("terminate")
        if owned_by(taken, release.uid) and not done:
            return taken
        number += 1
        name = f"{base}-{number}"
    experiment: Object = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Experiment",
        "metadata": {
            "name": name,
            "namespace": release.namespace,
            "labels": {**labels_of(release.rollout), HASH: value},
            "annotations": {REVISION: str(revision)},
            "ownerReferences": [owner_reference(release.rollout)],
        },
        "spec": _spec(release, wanted),
    }
    release.create(experiment)
    release.say("ExperimentCreated", f"Created Experiment '{name}'")
    return experiment


def _spec(release: Release, wanted: Object) -> Object:
    spec: Object = {"templates": [_template(release, item) for item in wanted.get("templates") or ()]}
    for key in ("duration", "scaleDownDelaySeconds", "dryRun", "analysisRunMetadata"):
        if wanted.get(key):
            spec[key] = wanted[key]
    deadline = release.spec.get("progressDeadlineSeconds")
    if deadline is not None:
        spec["progressDeadlineSeconds"] = deadline
    analyses = []
    for item in wanted.get("analyses") or ():
        kept = {k: v for k, v in item.items() if k != "args"}
        arguments = arguments_of(release, item.get("args") or ())
        analyses.append({**kept, "args": arguments} if arguments else kept)
    if analyses:
        spec["analyses"] = analyses
    return spec


def _template(release: Release, item: Object) -> Object:
    """A copy of the stable or canary pods' template, with the step's own labels and annotations."""
    source = release.stable_rs if item.get("specRef") == "stable" else release.new_rs
    spec = (source or {}).get("spec") or {}
    template, selector = spec.get("template") or {}, spec.get("selector") or {}
    metadata, extra = template.get("metadata") or {}, item.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), **(extra.get("labels") or {})}
    annotations = {**(metadata.get("annotations") or {}), **(extra.get("annotations") or {})}
    labels.pop(HASH, None)
    match = {**(selector.get("matchLabels") or {}), **(extra.get("labels") or {})}
    match.pop(HASH, None)
    made: Object = {
        "name": item.get("name", ""),
        "template": {
            **template,
            "metadata": {"labels": labels, **({"annotations": annotations} if annotations else {})},
        },
        "selector": item.get("selector") or {**selector, "matchLabels": match},
    }
    if item.get("replicas") is not None:
        made["replicas"] = item["replicas"]
    if spec.get("minReadySeconds"):
        made["minReadySeconds"] = spec["minReadySeconds"]
    if item.get("weight") is not None or item.get("service") is not None:
        made["service"] = item.get("service") or {}
    return made


def _end_others(release: Release) -> None:
    """Terminate the experiments that are not current, and delete old ones beyond the history limits."""
    limits = release.spec.get("analysis") or {}
    good, bad = limits.get("successfulRunHistoryLimit"), limits.get("unsuccessfulRunHistoryLimit")
    left = {True: 5 if good is None else int(good), False: 5 if bad is None else int(bad)}
    hashes = {hash_of(item) for item in release.all_rs}
    current = name_of(release.experiment) if release.experiment is not None else ""
    experiments = sorted(release.world.owned("Experiment", release.uid), key=created_at, reverse=True)
    for item in experiments:
        if name_of(item) == current or deleting(item):
            continue
        phase = phase_of_run(item)
        if phase not in COMPLETED:
            if not (item.get("spec") or {}).get("terminate"):
                release.patch("Experiment", name_of(item), {"spec": {"terminate": True}})
            continue
        left[phase == "Successful"] -= 1
        if left[phase == "Successful"] < 0 or labels_of(item).get(HASH, "") not in hashes:
            release.delete("Experiment", name_of(item))
