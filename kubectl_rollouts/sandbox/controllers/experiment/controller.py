"""The Experiment controller: templates, analyses, and the phase that they make (spec/controller.md §10)."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_rollouts.rollout.validation.access import Mapping, flag, mappings, present, text
from kubectl_rollouts.rollout.validation.fields import go_quoted
from kubectl_rollouts.sandbox.controllers.analysis.state import Instants, badness, completed, worse
from kubectl_rollouts.sandbox.controllers.experiment.analyses import analysis_status
from kubectl_rollouts.sandbox.controllers.experiment.templates import template_status
from kubectl_rollouts.sandbox.controllers.experiment.trial import KIND, Trial, entry, spec_problem
from kubectl_rollouts.sandbox.objects import Object, controller_of, deleting, meta, name_of, namespace_of, time_text
from kubectl_rollouts.sandbox.world import Clock, Emit, Key, Outcome, Patch, World

_OWNED = ("ReplicaSet", "AnalysisRun", "Service")
_PHASES = {"Progressing": "Pending", "Running": "Running", "": "Pending"}
_FAILURES = ("Failed", "Error", "Inconclusive")


class ExperimentController:
    """Runs Experiments."""

    kind = KIND

    def __init__(self) -> None:
        self._instants = Instants()

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The experiment itself, or the one that owns what has changed."""
        if kind == KIND:
            return [(namespace_of(obj), name_of(obj))]
        owner = controller_of(obj) if kind in _OWNED else None
        return [(namespace_of(obj), owner["name"])] if owner is not None and owner.get("kind") == KIND else ()

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """One look: bring templates and analyses on, then write what they come to."""
        experiment = world.get(KIND, namespace, name)
        if experiment is None or deleting(experiment):
            return Outcome()
        trial = Trial(experiment, world, clock, self._instants)
        problem = spec_problem(experiment)
        if problem:
            condition = _condition(trial, "InvalidSpec", "True", "InvalidSpec", problem)
            return Outcome(_status_changes(trial, {"conditions": _with(trial, condition)}))
        templates = [template_status(trial, template) for template in mappings(trial.spec, "templates")]
        found = (analysis_status(trial, item, templates) for item in mappings(trial.spec, "analyses"))
        analyses = [item for item in found if item is not None]
        status: Mapping = {"templateStatuses": templates} if templates else {}
        if analyses:
            status["analysisRuns"] = analyses
        _phase(trial, status, templates, analyses)
        status["conditions"] = _with(trial, _progress(trial, text(status, "phase")))
        # events last: a write that is refused is done again, and must not be told twice
        events = [change for change in trial.changes if isinstance(change, Emit)]
        writes = [change for change in trial.changes if not isinstance(change, Emit)]
        return Outcome([*writes, *_status_changes(trial, status), *events], trial.again_in)


# --- Phase ---------------------------------------------------------------------------------------------------------


def _phase(trial: Trial, status: Mapping, templates: list[Mapping], analyses: list[Mapping]) -> None:
    """Put phase, message and availableAt into the new status."""
    old = text(trial.status, "phase")
    if completed(old):
        status["phase"] = old
        return
    if not old:
        status["phase"] = "Pending"
        trial.say("ExperimentPending", "Experiment transitioned from  -> Pending")
        return
    phase, message = _assessed(trial, templates, analyses)
    if phase == "Running" and not present(trial.status, "availableAt"):
        status["availableAt"] = time_text(trial.clock.now)
        trial.instants.remember(trial.uid, "availableAt", status["availableAt"], trial.clock.now)
    status["phase"] = phase
    if message:
        status["message"] = message
    if phase != old:
        kind = "Warning" if phase in ("Failed", "Error") else "Normal"
        trial.say(f"Experiment{phase}", f"Experiment transitioned from {old} -> {phase}", kind)


def _assessed(trial: Trial, templates: list[Mapping], analyses: list[Mapping]) -> tuple[str, str]:
    """The phase of an experiment that runs, and its message: the table of spec/controller.md §10, in order."""
    worst, message = "Successful" if templates else "Running", ""
    for template in templates:
        phase = _PHASES.get(text(template, "status"), text(template, "status"))
        if worse(worst, phase):
            worst, message = phase, text(template, "message")
    if worst in ("Failed", "Error"):
        return worst, message
    wanted = mappings(trial.spec, "analyses")
    failed = [item for item in analyses if text(item, "phase") in _FAILURES]
    if failed:
        item = max(failed, key=lambda run: badness(text(run, "phase")))
        return text(item, "phase"), text(item, "message")
    required = [text(item, "name") for item in wanted if flag(item, "requiredForCompletion")]
    if required and all(_analysis_phase(analyses, name) == "Successful" for name in required):
        return "Successful", "Required AnalysisRuns completed"
    over = worst == "Successful" or (not templates and (trial.ending or trial.duration_over()))
    if not over:
        return worst, ""
    phases = [_analysis_phase(analyses, text(item, "name")) for item in wanted]
    if phases and not trial.spec.get("terminate") and (required or all(completed(phase) for phase in phases)):
        return max(phases, key=badness), ""
    return "Successful", ""


def _analysis_phase(analyses: list[Mapping], name: str) -> str:
    return text(entry(analyses, name) or {}, "phase") or "Pending"


# --- Conditions and the write --------------------------------------------------------------------------------------


def _progress(trial: Trial, phase: str) -> Mapping:
    name = go_quoted(trial.name)
    if completed(phase):
        message = f"Experiment {name} has successfully ran and completed."
        return _condition(trial, "Progressing", "False", "ExperimentCompleted", message)
    if phase == "Running":
        return _condition(trial, "Progressing", "True", "NewReplicaSetAvailable", f"Experiment {name} is running.")
    return _condition(trial, "Progressing", "True", "ReplicaSetUpdated", f"Experiment {name} is progressing.")


def _condition(trial: Trial, kind: str, value: str, reason: str, message: str) -> Mapping:
    now = time_text(trial.clock.now)
    return {
        "type": kind,
        "status": value,
        "reason": reason,
        "message": message,
        "lastUpdateTime": now,
        "lastTransitionTime": now,
    }


def _with(trial: Trial, condition: Mapping) -> list[Mapping]:
    """The conditions with a new one: an equal one stays as it is, a changed one goes to the end of the list."""
    conditions = [item for item in mappings(trial.status, "conditions") if text(item, "type") != "InvalidSpec"]
    if text(condition, "type") == "InvalidSpec":
        conditions = mappings(trial.status, "conditions")
    old = next((item for item in conditions if text(item, "type") == text(condition, "type")), None)
    same = ("status", "reason", "message") if text(condition, "type") == "InvalidSpec" else ("status", "reason")
    if old is not None and all(old.get(key) == condition[key] for key in same):
        return conditions
    if old is not None and old.get("status") == condition["status"]:
        condition = {**condition, "lastTransitionTime": old.get("lastTransitionTime")}
    return [*(item for item in conditions if item is not old), condition]


def _status_changes(trial: Trial, status: Mapping) -> list[Patch]:
    """The patch of what is new in the status; refused when somebody wrote the experiment meanwhile (a retry)."""
    changed = {key: value for key, value in status.items() if trial.status.get(key) != value}
    if not changed:
        return []
    version = meta(trial.experiment).get("resourceVersion")
    return [Patch(KIND, trial.namespace, trial.name, {"status": changed}, resource_version=version)]
