"""The rollout's side of analysis: which runs exist, what their results mean (controller.md §9.1 to §9.4).

This module creates AnalysisRuns, asks them to terminate (`spec.terminate`), deletes old ones and reads
`status.phase` and `status.message`; the AnalysisRun controller runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from kubectl_rollouts.sandbox.controllers.names import HASH, INSTANCE_ID, REVISION, ROLLOUT_TYPE, STEP_INDEX
from kubectl_rollouts.sandbox.controllers.rollout.analysis_spec import run_spec
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.pauses import INCONCLUSIVE_RUN
from kubectl_rollouts.sandbox.controllers.rollout.sizes import (
    available,
    hash_of,
    is_saturated,
    revision_of,
    spec_replicas,
)
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

COMPLETED = ("Successful", "Failed", "Error", "Inconclusive")


class _Kind(NamedTuple):
    """One of the four uses of analysis."""

    field: str  # where its state is in status.canary or status.blueGreen
    label: str  # the label `rollout-type`, and the type in events
    cause: str  # how its failure is named in the abort message


STEP = _Kind("currentStepAnalysisRunStatus", "Step", "Step-based analysis phase error/failed")
BACKGROUND = _Kind("currentBackgroundAnalysisRunStatus", "Background", "Background analysis phase error/failed")
PRE = _Kind("prePromotionAnalysisRunStatus", "PrePromotion", "Blue/green pre-promotion analysis phase error/failed")
POST = _Kind("postPromotionAnalysisRunStatus", "PostPromotion", "Blue/green post-promotion analysis phase error/failed")


def find_runs(release: Release) -> None:
    """Look up the runs that the status names as current; a retry makes new ones (controller.md §6.4)."""
    if release.status.get("abortedAt") and not release.status.get("abort"):
        return
    for kind in (STEP, BACKGROUND) if release.blue_green is None else (PRE, POST):
        name = _recorded(release, kind).get("name")
        run = release.world.get("AnalysisRun", release.namespace, name) if name else None
        if run is not None:
            release.runs[kind.field] = run


def reconcile_runs(release: Release) -> None:
    """Step C8 and B9: create, judge and end runs; write what the status says of them."""
    status = release.status
    skipped = (
        release.promoted
        or release.aborted
        or bool(status.get("promoteFull"))
        or release.fast_rollback
        or release.in_window
        or not status.get("stableRS")
    )
    if skipped:
        _terminate(release, keep=())
        if release.blue_green is None:  # blue-green keeps showing its runs until the next update
            release.runs.clear()
    else:
        current = dict(release.runs)
        release.runs = {}
        for kind, wanted in _uses(release):
            run = wanted(release, current.get(kind.field))
            if run is not None:
                release.runs[kind.field] = run
                _judge(release, kind, run)
        _terminate(release, keep={name_of(run) for run in release.runs.values()})
        _forget(release)
    _note(release)


def pre_promotion_done(release: Release) -> bool:
    """Whether no pre-promotion analysis stands in the way of the switch."""
    if (release.blue_green or {}).get("prePromotionAnalysis") is None:
        return True
    return phase_of_run(release.runs.get(PRE.field)) == "Successful"


def post_promotion_done(release: Release) -> bool:
    """Whether no post-promotion analysis stands in the way of the new stable version."""
    if (release.blue_green or {}).get("postPromotionAnalysis") is None:
        return True
    return phase_of_run(release.runs.get(POST.field)) == "Successful"


def phase_of_run(run: Object | None) -> str:
    """`status.phase` of an AnalysisRun or Experiment, "" before its first reconcile."""
    return str(((run or {}).get("status") or {}).get("phase") or "")


# -- which run is wanted -----------------------------------------------------------------------------------------

_Wanted = Callable[[Release, Object | None], Object | None]


def _uses(release: Release) -> list[tuple[_Kind, _Wanted]]:
    if release.blue_green is None:
        return [(STEP, _step_run), (BACKGROUND, _background_run)]
    return [(PRE, _pre_run), (POST, _post_run)]


def _step_run(release: Release, current: Object | None) -> Object | None:
    step, index = current_step(release.rollout)
    if release.pauses.any:
        return current
    if step is None or step.get("analysis") is None:
        return None
    if _needs_new(release, current):
        labels = {ROLLOUT_TYPE: STEP.label, STEP_INDEX: str(index)}
        return _create(release, step["analysis"], f"-{index}", labels)
    return current


def _background_run(release: Release, current: Object | None) -> Object | None:
    analysis = (release.canary or {}).get("analysis") or {}
    if not analysis.get("templates"):
        return None
    _, index = current_step(release.rollout)
    starting = analysis.get("startingStep")
    if starting is not None and (index or 0) < int(starting):
        return None
    if release.pauses.any and current is not None:
        return current
    if _needs_new(release, current):
        return _create(release, analysis, "", {ROLLOUT_TYPE: BACKGROUND.label})
    return current


def _pre_run(release: Release, current: Object | None) -> Object | None:
    analysis = (release.blue_green or {}).get("prePromotionAnalysis")
    if analysis is None:
        return None
    active = (release.status.get("blueGreen") or {}).get("activeSelector") or ""
    if not active or active == hash_of(release.new_rs):
        return current
    if current is None and not _preview_is_up(release):
        return None
    if not release.pauses.any and _needs_new(release, current):
        return _create(release, analysis, "-pre", {ROLLOUT_TYPE: PRE.label})
    return current


def _post_run(release: Release, current: Object | None) -> Object | None:
    analysis = (release.blue_green or {}).get("postPromotionAnalysis")
    active = (release.status.get("blueGreen") or {}).get("activeSelector") or ""
    if analysis is None or active != hash_of(release.new_rs):
        return None
    if current is None and not is_saturated(release.new_rs, release.replicas):
        return None
    if not release.pauses.any and _needs_new(release, current):
        return _create(release, analysis, "-post", {ROLLOUT_TYPE: POST.label})
    return current


def _preview_is_up(release: Release) -> bool:
    if is_saturated(release.new_rs, release.replicas):
        return True
    preview = (release.blue_green or {}).get("previewReplicaCount")
    return preview is not None and spec_replicas(release.new_rs) == int(preview) == available(release.new_rs)


def _needs_new(release: Release, current: Object | None) -> bool:
    """No run yet, or an inconclusive one after which the user went on."""
    if current is None:
        return True
    return (
        phase_of_run(current) == "Inconclusive"
        and bool(release.status.get("controllerPause"))
        and not release.pauses.has(INCONCLUSIVE_RUN)
    )


def _create(release: Release, analysis: Object, suffix: str, labels: dict[str, str]) -> Object:
    """A new run, or one of ours of the same contents that is not done yet (controller.md §9.2)."""
    value, revision = hash_of(release.new_rs), revision_of(release.new_rs or release.rollout)
    metadata = analysis.get("analysisRunMetadata") or {}
    selector = (release.spec.get("selector") or {}).get("matchLabels") or {}
    instance = labels_of(release.rollout).get(INSTANCE_ID)
    spec = run_spec(release, analysis)
    base = name = f"{release.name}-{value}-{revision}{suffix}"
    number = 0
    while (taken := release.world.get("AnalysisRun", release.namespace, name)) is not None:
        same = owned_by(taken, release.uid) and taken.get("spec", {}).get("metrics") == spec["metrics"]
        same = same and (taken["spec"].get("args") or []) == (spec.get("args") or [])
        if same and phase_of_run(taken) not in COMPLETED and not taken["spec"].get("terminate"):
            return taken
        number += 1
        name = f"{base}.{number}"
    run: Object = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {
            "name": name,
            "namespace": release.namespace,
            "labels": {
                **(metadata.get("labels") or {}),
                **selector,
                **({INSTANCE_ID: instance} if instance else {}),
                **labels,
                HASH: value,
            },
            "annotations": {**(metadata.get("annotations") or {}), REVISION: str(revision)},
            "ownerReferences": [owner_reference(release.rollout)],
        },
        "spec": spec,
    }
    release.create(run)
    return run


# -- results -----------------------------------------------------------------------------------------------------


def _judge(release: Release, kind: _Kind, run: Object) -> None:
    phase = phase_of_run(run)
    if phase == "Inconclusive":
        if not release.pauses.has(INCONCLUSIVE_RUN):
            release.pauses.add(INCONCLUSIVE_RUN)
    elif phase in ("Failed", "Error"):
        message = (run.get("status") or {}).get("message")
        release.pauses.abort(f"{kind.cause}: {message}" if message else kind.cause)


def _note(release: Release) -> None:
    """The status fields, and an event for each run whose phase is new to the status."""
    for kind in (STEP, BACKGROUND) if release.blue_green is None else (PRE, POST):
        run = release.runs.get(kind.field)
        if run is None:
            continue
        phase = phase_of_run(run)
        said: Object = {"name": name_of(run), "status": phase}
        if (run.get("status") or {}).get("message"):
            said["message"] = run["status"]["message"]
        target = release.canary_status if release.blue_green is None else release.blue_green_status
        if release.blue_green is None and release.aborted:
            target = {}
        target[kind.field] = said
        before = _recorded(release, kind)
        was = before.get("status") if before.get("name") == said["name"] else None
        if phase and was != phase:
            text = f"{kind.label} Analysis Run '{said['name']}' Status New: '{phase}' "
            text += f"Previous: '{was or 'NoPreviousStatus'}'"
            release.announce(f"AnalysisRun{phase}", text, "Warning" if phase in ("Failed", "Error") else "Normal")


def _recorded(release: Release, kind: _Kind) -> Object:
    strategy = "canary" if release.blue_green is None else "blueGreen"
    return (release.status.get(strategy) or {}).get(kind.field) or {}


def _terminate(release: Release, keep: Collection[str]) -> None:
    for run in release.world.owned("AnalysisRun", release.uid):
        done = phase_of_run(run) in COMPLETED or (run.get("spec") or {}).get("terminate")
        if not done and not deleting(run) and name_of(run) not in keep:
            release.patch("AnalysisRun", name_of(run), {"spec": {"terminate": True}})


def _forget(release: Release) -> None:
    """Delete runs beyond the history limits, and those whose ReplicaSet is gone (controller.md §9.3)."""
    limits = release.spec.get("analysis") or {}
    good = limits.get("successfulRunHistoryLimit")
    bad = limits.get("unsuccessfulRunHistoryLimit")
    left = {True: 5 if good is None else int(good), False: 5 if bad is None else int(bad)}
    hashes = {hash_of(item) for item in release.all_rs}
    current = {name_of(run) for run in release.runs.values()}
    runs = sorted(release.world.owned("AnalysisRun", release.uid), key=created_at, reverse=True)
    for run in runs:
        phase = phase_of_run(run)
        if name_of(run) in current or deleting(run) or phase not in COMPLETED:
            continue
        successful = phase == "Successful"
        left[successful] -= 1
        if left[successful] < 0 or labels_of(run).get(HASH, "") not in hashes:
            release.delete("AnalysisRun", name_of(run))
