"""The AnalysisRun controller: one look at a run measures what is due, counts, assesses (spec/controller.md §9.5)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from kubectl_rollouts.rollout.templates import TemplateError, provider_names, resolved
from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.rollout.validation.access import (
    Mapping,
    at,
    integer,
    mapping,
    mappings,
    present,
    string_map,
    text,
)
from kubectl_rollouts.rollout.validation.metrics import check_metrics, matched_metrics
from kubectl_rollouts.sandbox.controllers.analysis.assess import Assessment, assess_run
from kubectl_rollouts.sandbox.controllers.analysis.job_provider import JobProvider, discarded_jobs
from kubectl_rollouts.sandbox.controllers.analysis.measurement import (
    Answer,
    Provider,
    Question,
    counted,
    error,
    recorded,
)
from kubectl_rollouts.sandbox.controllers.analysis.schedule import Task, due, next_look
from kubectl_rollouts.sandbox.controllers.analysis.scripted import ScriptedProvider
from kubectl_rollouts.sandbox.controllers.analysis.state import (
    Instants,
    completed,
    result_of,
    terminating,
)
from kubectl_rollouts.sandbox.controllers.analysis.web_provider import WebProvider
from kubectl_rollouts.sandbox.objects import (
    Object,
    controller_of,
    deleting,
    name_of,
    namespace_of,
    time_text,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Change, Clock, Delete, Emit, Key, Outcome, Patch, World

KIND = "AnalysisRun"
_KEPT = 10
_WARNINGS = ("Failed", "Error")
_SERVICES = ("prometheus", "datadog", "newRelic", "wavefront", "kayenta", "cloudWatch", "graphite")
_SCRIPTED = (*_SERVICES, "influxdb", "skywalking", "plugin")
_QUERIES = {"prometheus": "ResolvedPrometheusQuery", "newRelic": "ResolvedNewRelicQuery"}
# while an HTTP request is under way, in real seconds
_ASK_AGAIN = 0.05


class AnalysisRunController:
    """Measures the metrics of AnalysisRuns."""

    kind = KIND

    def __init__(self) -> None:
        self._instants = Instants()
        self._providers: dict[str, Provider] = {"job": JobProvider(), "web": WebProvider()}
        self._providers.update({name: ScriptedProvider(name) for name in _SCRIPTED})

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The run itself; the run whose Job has changed; for a pod that cannot start, the run of its Job."""
        if kind == KIND:
            return [(namespace_of(obj), name_of(obj))]
        if kind == "Job":
            return _run_of(obj)
        if kind == "Pod":
            owner = controller_of(obj)
            if owner is not None and owner.get("kind") == "Job":
                job = world.get("Job", namespace_of(obj), owner["name"])
                return _run_of(job) if job is not None else ()
        return ()

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """Take the measurements that are due and write what they come to."""
        run = world.get(KIND, namespace, name)
        if run is None or deleting(run):
            return Outcome()
        if completed(text(run, "status", "phase")):
            return _expired(run, clock)
        try:
            metrics, dry, kept = _checked(run)
        except TemplateError as problem:
            return _ended(run, f"{problem}", clock)
        tasks = due(run, metrics, clock, self._instants)
        try:
            answers = [self._ask(run, task, world, clock) for task in tasks]
        except TemplateError as problem:
            return _ended(run, f"Unable to resolve metric arguments: {problem}", clock)
        if any(answer is None for answer in answers):
            # as in the reference, a look writes nothing before every provider has answered
            return Outcome(again_in=_ASK_AGAIN)
        changes: list[Change] = []
        measured = run
        for task, answer in zip(tasks, answers, strict=True):
            assert answer is not None
            changes += answer.changes
            measured = self._noted(measured, task, answer, text(task.metric, "name") in dry, clock)
        found = assess_run(measured, metrics, dry)
        return self._written(run, found, metrics, kept, changes, clock)

    # --- Measuring ---------------------------------------------------------------------------------------------

    def _ask(self, run: Object, task: Task, world: World, clock: Clock) -> Answer | None:
        """What the provider of a metric says now. Raises TemplateError when an argument has no value."""
        name = text(task.metric, "name")
        raw = next(metric for metric in mappings(run, "spec", "metrics") if text(metric, "name") == name)
        arguments = _arguments(run, world)
        metric = resolved(raw, arguments)
        result = result_of(mapping(run, "status"), name)
        done = (integer(result, "count") or 0) + (integer(result, "error") or 0)
        question = Question(run, metric, done, world, clock)
        kinds = provider_names(metric)
        provider = self._providers.get(kinds[0]) if len(kinds) == 1 else None
        if provider is None:
            return error(f"no valid provider in metric '{name}'")
        if task.unfinished is None:
            answer = provider.begin(question)
        elif terminating(run):
            answer = provider.stop(question, task.unfinished)
        else:
            answer = provider.resume(question, task.unfinished)
        return None if answer is None else _discreet(answer, run, arguments)

    def _noted(self, run: Object, task: Task, answer: Answer, dry: bool, clock: Clock) -> Object:
        """The run with a measurement added to its results."""
        name, status = text(task.metric, "name"), mapping(run, "status")
        result = result_of(status, name)
        if result is None:
            result = {"name": name, "phase": "Running", **({"dryRun": True} if dry else {})}
            kind = provider_names(task.metric)[0]
            if query := text(task.metric, "provider", kind, "query") if kind in _QUERIES else "":
                result["metadata"] = {_QUERIES[kind]: query}
        measurement = recorded(answer, task.unfinished, clock.now)
        if "finishedAt" in measurement:
            self._instants.remember(uid_of(run), name, measurement["finishedAt"], clock.now)
        result = counted(result, measurement, goes_on=task.unfinished is not None)
        others = [item for item in mappings(status, "metricResults") if text(item, "name") != name]
        order = [text(metric, "name") for metric in mappings(run, "spec", "metrics")]
        results = sorted([*others, result], key=lambda item: _place(order, text(item, "name")))
        return {**run, "status": {**status, "metricResults": results}}

    # --- Writing -----------------------------------------------------------------------------------------------

    def _written(
        self,
        run: Object,
        found: Assessment,
        metrics: list[Mapping],
        kept: dict[str, Mapping],
        changes: list[Change],
        clock: Clock,
    ) -> Outcome:
        """The changes that bring the run's status to what was found, and when to look again."""
        old = mapping(run, "status")
        results, dropped = _retained(found.results, kept)
        status: Mapping = {
            "phase": found.phase,
            "metricResults": results,
            "runSummary": found.summary,
            "dryRunSummary": found.dry_run_summary,
        }
        if not present(old, "startedAt"):
            status["startedAt"] = time_text(clock.now)
            self._instants.remember(uid_of(run), "", status["startedAt"], clock.now)
        if found.phase != text(old, "phase"):
            if found.message:
                status["message"] = found.message
            if completed(found.phase):
                status["completedAt"] = time_text(clock.now)
        changed = {key: value for key, value in status.items() if old.get(key) != value}
        out = list(changes)
        if changed:
            out.append(_status_patch(run, changed))
        out += [_metric_event(run, name, phase) for name, phase in found.ended]
        if found.phase != text(old, "phase") and completed(found.phase):
            out.append(_run_event(run, found.phase))
        out += discarded_jobs(run, dropped)
        after = {**run, "status": {**old, **status}}
        if completed(found.phase):
            return Outcome(out, _expired(after, clock).again_in)
        return Outcome(out, next_look(after, metrics, clock, self._instants))


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _run_of(job: Object) -> Iterable[Key]:
    owner = controller_of(job)
    return [(namespace_of(job), owner["name"])] if owner is not None and owner.get("kind") == KIND else ()


# --- The spec ------------------------------------------------------------------------------------------------------


def _checked(run: Object) -> tuple[list[Mapping], dict[str, Mapping], dict[str, Mapping]]:
    """The metrics without secrets, the dry-run ones, the ones with a retention of their own.

    Raises TemplateError with the message of the run when the spec is not valid.
    """
    arguments = []
    for argument in mappings(run, "spec", "args"):
        if present(argument, "valueFrom", "secretKeyRef"):
            arguments.append({"name": text(argument, "name"), "value": "temp-for-secret"})
        else:
            arguments.append(argument)
    try:
        metrics: list[Mapping] = [resolved(metric, arguments) for metric in mappings(run, "spec", "metrics")]
    except TemplateError as problem:
        raise TemplateError(f"Unable to resolve metric arguments: {problem}") from None
    try:
        check_metrics(metrics)
        dry = matched_metrics(mappings(run, "spec", "dryRun"), metrics, "dryRun")
        retention = mappings(run, "spec", "measurementRetention")
        kept = matched_metrics(retention, metrics, "measurementRetention")
    except TemplateError as problem:
        raise TemplateError(f"Analysis spec invalid: {problem}") from None
    return metrics, dry, kept


def _arguments(run: Object, world: World) -> list[Mapping]:
    """The arguments with the values of their Secrets. Raises TemplateError for a Secret or key that is not there."""
    out: list[Mapping] = []
    for argument in mappings(run, "spec", "args"):
        reference = mapping(argument, "valueFrom", "secretKeyRef")
        if not present(argument, "valueFrom", "secretKeyRef"):
            out.append(argument)
            continue
        if present(argument, "value"):
            raise TemplateError(f"arg '{text(argument, 'name')}' has both Value and ValueFrom fields")
        name, key = text(reference, "name"), text(reference, "key")
        secret = world.get("Secret", namespace_of(run), name)
        if secret is None:
            raise TemplateError(f'secrets "{name}" not found')
        out.append({"name": text(argument, "name"), "value": _secret_value(secret, name, key)})
    return out


def _secret_value(secret: Object, name: str, key: str) -> str:
    plain = string_map(secret, "stringData")
    if key in plain:
        return plain[key]
    data: Any = at(secret, "data", key)
    if data is None:
        raise TemplateError(f"key '{key}' does not exist in secret '{name}'")
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError, TypeError):
        raise TemplateError(f"key '{key}' of secret '{name}' is not base64 text") from None


def _discreet(answer: Answer, run: Object, arguments: list[Mapping]) -> Answer:
    """The answer without the values of Secrets that its texts may quote (a URL, a body)."""
    secret = {
        text(argument, "name")
        for argument in mappings(run, "spec", "args")
        if present(argument, "valueFrom", "secretKeyRef")
    }
    for argument in arguments:
        hidden = text(argument, "value")
        if text(argument, "name") in secret and hidden:
            message, value = (said.replace(hidden, "*****") for said in (answer.message, answer.value))
            answer = answer._replace(message=message, value=value)
    return answer


# --- Ends ----------------------------------------------------------------------------------------------------------


def _ended(run: Object, message: str, clock: Clock) -> Outcome:
    """The run cannot be executed: Error."""
    status = {"phase": "Error", "message": message, "completedAt": time_text(clock.now)}
    if not present(run, "status", "startedAt"):
        status["startedAt"] = time_text(clock.now)
    return Outcome([_status_patch(run, status), _run_event(run, "Error")])


def _expired(run: Object, clock: Clock) -> Outcome:
    """Delete a run whose time to live is over."""
    strategy = mapping(run, "spec", "ttlStrategy")
    seconds = integer(strategy, "secondsAfterCompletion")
    special = {"Successful": "secondsAfterSuccess", "Failed": "secondsAfterFailure"}.get(text(run, "status", "phase"))
    if special is not None and integer(strategy, special) is not None:
        seconds = integer(strategy, special)
    ended = text(run, "status", "completedAt")
    if seconds is None or not ended:
        return Outcome()
    left = clock.left(parse_time(ended), float(seconds))
    if left > 0:
        return Outcome(again_in=left)
    return Outcome([Delete(KIND, namespace_of(run), name_of(run), uid=uid_of(run))])


def _retained(results: list[Mapping], kept: dict[str, Mapping]) -> tuple[list[Mapping], list[Mapping]]:
    """The results with their newest measurements only, and the measurements that go."""
    out, dropped = [], []
    for result in results:
        rule = kept.get(text(result, "name"))
        limit = max(integer(rule, "limit") or 0, 1) if rule is not None else _KEPT
        measurements = mappings(result, "measurements")
        if len(measurements) > limit:
            dropped += measurements[:-limit]
            result = {**result, "measurements": measurements[-limit:]}
        out.append(result)
    return out, dropped


def _status_patch(run: Object, status: Mapping) -> Patch:
    return Patch(KIND, namespace_of(run), name_of(run), {"status": status})


def _metric_event(run: Object, name: str, phase: str) -> Emit:
    kind = "Warning" if phase in _WARNINGS else "Normal"
    return Emit(run, kind, f"Metric{phase}", f"Metric '{name}' Completed. Result: {phase}")


def _run_event(run: Object, phase: str) -> Emit:
    kind = "Warning" if phase in _WARNINGS else "Normal"
    return Emit(run, kind, f"AnalysisRun{phase}", f"Analysis Completed. Result: {phase}")
