"""What the kubeconfig and the cluster offer to complete with, and in a few words how each of it is doing.

A cluster is given two seconds in all. Whatever goes wrong, there is nothing to offer, and nothing is said: the
person is in the middle of a line.
"""

from __future__ import annotations

import _thread
import contextlib
import os

from kubectl_rollouts.cli.session import config_flags
from kubectl_rollouts.errors import Failure

TYPE_CHECKING = False  # as in `typing`, whose import costs 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from kubectl_rollouts.cli.complete import Candidate
    from kubectl_rollouts.cli.pflag import Parsed
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.kubeconfig_files import Kubeconfig
    from kubectl_rollouts.rollout.objects import ReplicaSet, Rollout

    T = TypeVar("T")

PATIENCE = 2.0
"""Seconds that a cluster is waited for."""

_ABOUT = 60  # characters of a description taken from a message


def candidates(what: str, given: Parsed) -> list[Candidate] | None:
    """Return candidates of a kind, unfiltered, in the order to offer them; None when they could not be had."""
    known: dict[str, Callable[[Parsed], list[Candidate]]] = {
        "contexts": _contexts,
        "clusters": _clusters,
        "users": _users,
    }
    if what in known:
        return _outcome(lambda: known[what](given))
    sources: dict[str, Callable[[Client, Parsed], list[Candidate]]] = {
        "namespaces": _namespaces,
        "rollouts": _rollouts,
        "experiments": _experiments,
        "analysisruns": _analysis_runs,
        "analysis templates": _analysis_templates,
        "containers": _containers,
        "revisions": _revisions,
    }

    def ask() -> list[Candidate]:
        with _client(given) as client:
            return sources[what](client, given)

    with _quiet():
        return _in_time(lambda: _outcome(ask))


def _outcome(source: Callable[[], list[Candidate]]) -> list[Candidate] | None:
    """Return what a source offers, without what cannot be a word on a command line; None when it fails."""
    try:
        return [each for each in source() if each[0] and each[0].isprintable()]
    except (Failure, OSError, ValueError):
        return None


def _in_time(work: Callable[[], list[Candidate] | None]) -> list[Candidate] | None:
    """Return what the work comes to, or None when it takes too long; it then goes on, unheard."""
    done = _thread.allocate_lock()
    done.acquire()
    found: list[list[Candidate] | None] = [None]

    def run() -> None:
        try:
            found[0] = work()
        finally:
            done.release()

    _thread.start_new_thread(run, ())
    done.acquire(timeout=PATIENCE)
    return found[0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep credential plugins from the person's terminal: nothing to read from, nowhere to complain to."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    saved = []
    for stream in (0, 2):
        with contextlib.suppress(OSError):
            saved.append((stream, os.dup(stream)))
            os.dup2(nowhere, stream)
    os.close(nowhere)
    try:
        yield
    finally:
        for stream, copy in saved:
            os.dup2(copy, stream)
            os.close(copy)


def _client(given: Parsed) -> Client:
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.kubeconfig import load_config
    from kubectl_rollouts.cluster.requestlog import RequestLog
    from kubectl_rollouts.cluster.transport import Timeouts

    return Client(
        load_config(config_flags(given)),
        timeouts=Timeouts(connect=PATIENCE, first_byte=PATIENCE, between_bytes=PATIENCE),
        log=RequestLog(warn=lambda _: None),
    )


def _shown(*parts: str) -> str:
    """Join the parts that say something; what a terminal would obey is shown, a long text cut."""
    from kubectl_rollouts.view.escape import visible

    text = visible(", ".join(part for part in parts if part).partition("\n")[0])
    return text if len(text) <= _ABOUT else text[: _ABOUT - 1] + "…"


# --- The kubeconfig ------------------------------------------------------------------------------------------------


def _contexts(given: Parsed) -> list[Candidate]:
    kubeconfig = _kubeconfig(given)
    return [
        (
            name,
            _shown(
                "current" if name == kubeconfig.current_context else "",
                f"cluster {context.cluster}" if context.cluster else "",
                f"namespace {context.namespace}" if context.namespace else "",
            ),
        )
        for name, context in kubeconfig.contexts.items()
    ]


def _clusters(given: Parsed) -> list[Candidate]:
    return [(name, _shown(cluster.server or "")) for name, cluster in _kubeconfig(given).clusters.items()]


def _users(given: Parsed) -> list[Candidate]:
    return [(name, "") for name in _kubeconfig(given).users]


def _kubeconfig(given: Parsed) -> Kubeconfig:
    from kubectl_rollouts.cluster.kubeconfig_files import load_files

    return load_files(config_flags(given).kubeconfig, os.environ)


# --- The cluster ---------------------------------------------------------------------------------------------------


def _namespaces(client: Client, given: Parsed) -> list[Candidate]:
    """Offer the cluster's namespaces; where they may not be listed, those of the kubeconfig's contexts."""
    from kubectl_rollouts.cluster.errors import ApiError
    from kubectl_rollouts.cluster.resources import Resource

    try:
        found = client.list(Resource("", "v1", "namespaces", "Namespace", False), "", dict)
    except ApiError:
        contexts = _kubeconfig(given).contexts.values()
        return [(name, "") for name in sorted({context.namespace for context in contexts if context.namespace})]
    return [(_name(each), "terminating" if _at(each, "metadata", "deletionTimestamp") else "") for each in found.items]


def _rollouts(client: Client, given: Parsed) -> list[Candidate]:
    from kubectl_rollouts.release.resources import ROLLOUTS
    from kubectl_rollouts.rollout.objects import Rollout

    found = client.list(ROLLOUTS, client.namespace, Rollout).items
    return [(each.metadata.name or "", _about(about_rollout, each)) for each in found]


def _experiments(client: Client, given: Parsed) -> list[Candidate]:
    from kubectl_rollouts.release.resources import EXPERIMENTS

    return [(_name(each), _about(_about_run, each)) for each in client.list(EXPERIMENTS, client.namespace, dict).items]


def _analysis_runs(client: Client, given: Parsed) -> list[Candidate]:
    from kubectl_rollouts.release.resources import ANALYSIS_RUNS

    return [
        (_name(each), _about(_about_run, each)) for each in client.list(ANALYSIS_RUNS, client.namespace, dict).items
    ]


def _analysis_templates(client: Client, given: Parsed) -> list[Candidate]:
    from kubectl_rollouts.release.resources import ANALYSIS_TEMPLATES, CLUSTER_ANALYSIS_TEMPLATES

    everywhere = given.value("global") is True
    resource = CLUSTER_ANALYSIS_TEMPLATES if everywhere else ANALYSIS_TEMPLATES
    found = client.list(resource, "" if everywhere else client.namespace, dict).items
    return [
        (_name(each), _shown(*(str(_at(metric, "name") or "") for metric in _list_at(each, "spec", "metrics"))))
        for each in found
    ]


def _containers(client: Client, given: Parsed) -> list[Candidate]:
    """Offer `CONTAINER=` for each container of the rollout's template (of its Deployment's, where it has one)."""
    from kubectl_rollouts.release.resources import DEPLOYMENTS, ROLLOUTS

    found = client.get(ROLLOUTS, client.namespace, given.operands[0], dict)
    workload = _at(found, "spec", "workloadRef", "name")
    if workload and _at(found, "spec", "workloadRef", "kind") in (None, "Deployment"):
        found = client.get(DEPLOYMENTS, client.namespace, str(workload), dict)
    offered: dict[str, str] = {}
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in _list_at(found, "spec", "template", "spec", field):
            offered.setdefault(
                f"{_at(container, 'name') or ''}=", _shown(f"now {_at(container, 'image') or 'without image'}")
            )
    return list(offered.items())


def _revisions(client: Client, given: Parsed) -> list[Candidate]:
    """Offer the revisions that a rollout can go back to, newest first, with their images."""
    from kubectl_rollouts.release.resources import REPLICA_SETS, ROLLOUTS
    from kubectl_rollouts.release.selectors import selector_text
    from kubectl_rollouts.rollout.objects import ReplicaSet, Rollout
    from kubectl_rollouts.rollout.owners import owner_uids, revision

    if not given.operands:
        return []
    rollout = client.get(ROLLOUTS, client.namespace, given.operands[0], Rollout)
    selector = selector_text(rollout.spec.selector if rollout.spec else None)
    found: dict[int, str] = {}
    for each in client.list(REPLICA_SETS, client.namespace, ReplicaSet, label_selector=selector).items:
        number = revision(each.metadata)
        if number > 0 and (rollout.metadata.uid or "") in owner_uids(each.metadata.owner_references or ()):
            pods = each.spec.template.spec if each.spec and each.spec.template else None
            images = [container.image or "" for container in (pods.containers if pods else None) or () if container]
            found[number] = _shown(*_tags(rollout, each), *images)
    return [(str(number), found[number]) for number in sorted(found, reverse=True)]


def _tags(rollout: Rollout, replica_set: ReplicaSet) -> list[str]:
    status = rollout.status
    pod_hash = (replica_set.metadata.labels or {}).get("rollouts-pod-template-hash")
    if status is None or not pod_hash:
        return []
    tags = (("current", status.current_pod_hash), ("stable", status.stable_rs))
    return [tag for tag, value in tags if value == pod_hash]


# --- How it is doing -----------------------------------------------------------------------------------------------


def _about(describe: Callable[[T], str], thing: T) -> str:
    """Describe a thing; an odd one is offered without a description."""
    try:
        return describe(thing)
    except Failure:
        return ""


def about_rollout(rollout: Rollout) -> str:
    """Return how a rollout is doing in a few words: "paused at step 2/5, weight 20"."""
    from kubectl_rollouts.rollout.phase import phase
    from kubectl_rollouts.rollout.weights import current_step_index, set_weight, step_text

    state = phase(rollout)
    words = state.status.lower()
    if current_step_index(rollout) is not None and state.status in ("Paused", "Progressing"):
        return _shown(f"{words} at step {step_text(rollout)}", f"weight {set_weight(rollout)}")
    if state.status == "Degraded" and state.message:
        return _shown(f"{words}: {state.message}")
    return _shown(words)


def _about_run(run: dict[str, object]) -> str:
    """Return the phase of an experiment or an analysis run, with its message."""
    phase, message = _at(run, "status", "phase"), _at(run, "status", "message")
    words = phase.lower() if isinstance(phase, str) else ""
    return _shown(f"{words}: {message}" if words and isinstance(message, str) and message else words)


# --- Objects as decoded, of any shape ------------------------------------------------------------------------------


def _at(value: object, *path: str) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list_at(value: object, *path: str) -> list[object]:
    found = _at(value, *path)
    return found if isinstance(found, list) else []


def _name(value: object) -> str:
    name = _at(value, "metadata", "name")
    return name if isinstance(name, str) else ""
