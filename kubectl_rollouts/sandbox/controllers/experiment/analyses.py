"""The AnalysisRuns of an Experiment (spec/controller.md §10)."""

from __future__ import annotations

from kubectl_rollouts.rollout.templates import TemplateError, merged_spec, substituted
from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.rollout.validation.access import Mapping, flag, mapping, mappings, string_map, text
from kubectl_rollouts.sandbox.controllers.analysis.state import completed, seconds
from kubectl_rollouts.sandbox.controllers.experiment.trial import Trial, entry
from kubectl_rollouts.sandbox.controllers.names import INSTANCE_ID
from kubectl_rollouts.sandbox.objects import (
    Object,
    controller_of,
    labels_of,
    name_of,
    owned_by,
    owner_reference,
    time_text,
)
from kubectl_rollouts.sandbox.world import Create, Emit, Patch

_RUN = "AnalysisRun"


def analysis_status(trial: Trial, analysis: Mapping, templates: list[Mapping]) -> Mapping | None:
    """Start, follow or end the run of an analysis; return its new status, None while there is none.

    `templates` are the new statuses of the experiment's templates, which arguments may quote.
    """
    name = text(analysis, "name")
    old = entry(mappings(trial.status, "analysisRuns"), name)
    status: Mapping = dict(old or {"name": name, "analysisRun": "", "phase": ""})
    if not completed(text(status, "phase")):
        _bring_on(trial, analysis, status, templates)
    if status == old or (old is None and not text(status, "phase")):
        return old
    before, after = text(old or {}, "phase"), text(status, "phase")
    if before != after:
        _announce(trial, name, before, after)
    return status


def _bring_on(trial: Trial, analysis: Mapping, status: Mapping, templates: list[Mapping]) -> None:
    name = text(analysis, "name")
    if not text(status, "analysisRun"):
        if trial.ending:
            return
        try:
            found = _templates(trial, analysis)
        except TemplateError as problem:
            status["phase"] = "Error"
            status["message"] = f"AnalysisTemplate verification failed for analysis '{name}': {problem}"
            return
        if not text(trial.status, "availableAt"):
            status["phase"] = "Pending"
            return
        try:
            status["analysisRun"] = _create(trial, analysis, found, templates)
            status["phase"] = "Pending"
        except TemplateError as problem:
            status["phase"] = "Error"
            status["message"] = f"Failed to create AnalysisRun for analysis '{name}': {problem}"
        return
    run = trial.world.get(_RUN, trial.namespace, text(status, "analysisRun"))
    if run is None:
        missing = f'analysisruns.argoproj.io "{text(status, "analysisRun")}" not found'
        status["phase"] = "Error"
        status["message"] = f"Failed to retrieve AnalysisRun for analysis '{name}': {missing}"
        return
    phase = text(run, "status", "phase")
    if trial.ending and not completed(phase) and not flag(run, "spec", "terminate"):
        trial.changes.append(Patch(_RUN, trial.namespace, name_of(run), {"spec": {"terminate": True}}))
        trial.say("AnalysisRunTerminating", f"Terminating AnalysisRun '{name_of(run)}'")
    status["phase"] = phase or text(status, "phase")
    message = text(run, "status", "message")
    if message:
        status["message"] = message
    else:
        status.pop("message", None)


def _templates(trial: Trial, analysis: Mapping) -> list[Object]:
    """The template of an analysis and the ones nested in it. Raises TemplateError when one is missing."""
    found: list[Object] = []
    waiting = [{"templateName": text(analysis, "templateName"), "clusterScope": flag(analysis, "clusterScope")}]
    seen = set()
    while waiting:
        reference = waiting.pop(0)
        cluster, name = flag(reference, "clusterScope"), text(reference, "templateName")
        kind = "ClusterAnalysisTemplate" if cluster else "AnalysisTemplate"
        if (kind, name) in seen:
            continue
        seen.add((kind, name))
        template = trial.world.get(kind, "" if cluster else trial.namespace, name)
        if template is None:
            raise TemplateError(f'{kind.lower()}.argoproj.io "{name}" not found')
        found.append(template)
        waiting += mappings(template, "spec", "templates")
    return found


def _create(trial: Trial, analysis: Mapping, found: list[Object], templates: list[Mapping]) -> str:
    """Create the run of an analysis, or find the one that is there; return its name."""
    arguments: list[Mapping] = substituted(mappings(analysis, "args"), _quotable(trial, templates), partly=True)
    rules, kept = mappings(trial.spec, "dryRun"), mappings(trial.spec, "measurementRetention")
    spec = merged_spec(found, arguments, rules, kept)
    metadata = mapping(trial.spec, "analysisRunMetadata")
    labels = string_map(metadata, "labels")
    if INSTANCE_ID in labels_of(trial.experiment):
        labels[INSTANCE_ID] = labels_of(trial.experiment)[INSTANCE_ID]
    base = name = f"{trial.name}-{text(analysis, 'name')}"
    number = 0
    while (taken := trial.world.get(_RUN, trial.namespace, name)) is not None:
        if owned_by(taken, trial.uid) and not completed(text(taken, "status", "phase")):
            return name
        number += 1
        name = f"{base}.{number}"
    made: Object = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": _RUN,
        "metadata": {
            "name": name,
            "namespace": trial.namespace,
            **({"labels": labels} if labels else {}),
            **({"annotations": string_map(metadata, "annotations")} if mapping(metadata, "annotations") else {}),
            "ownerReferences": [owner_reference(trial.experiment)],
        },
        "spec": spec,
    }
    trial.changes.append(Create(made))
    return name


def _quotable(trial: Trial, templates: list[Mapping]) -> dict[str, str | None]:
    """What `{{…}}` in the arguments of an experiment's analyses may quote."""
    known: dict[str, str | None] = {}
    for template in templates:
        name = text(template, "name")
        known[f"templates.{name}.podTemplateHash"] = text(template, "podTemplateHash")
        known[f"templates.{name}.replicaset.name"] = f"{trial.name}-{name}"
    available, duration = text(trial.status, "availableAt"), text(trial.spec, "duration")
    if available:
        known["experiment.availableAt"] = available
        if duration:
            known["experiment.finishedAt"] = time_text(parse_time(available) + seconds(duration))
    return known


def _announce(trial: Trial, name: str, before: str, after: str) -> None:
    """The event of a new phase: on the experiment, and as a warning on the rollout that owns it."""
    kind = "Warning" if after in ("Failed", "Error") else "Normal"
    message = f"AnalysisRun '{name}' transitioned from {before} -> {after}"
    trial.say(f"AnalysisRun{after}", message, kind)
    owner = controller_of(trial.experiment)
    if owner is not None and owner.get("kind") == "Rollout":
        rollout = trial.world.get("Rollout", trial.namespace, owner["name"])
        if rollout is not None:
            trial.changes.append(Emit(rollout, "Warning", f"AnalysisRun{after}", message))
