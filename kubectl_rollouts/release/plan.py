"""Which requests the objects known so far call for: one pure rule, used to fetch a release once and to follow it.

The reference lists whole namespaces. From what the controller guarantees about labels and names, a few narrow requests
show the same (spec/narrowing.md). They depend on each other: a selector gives ReplicaSets, these give hashes, these
give pods, AnalysisRuns and Experiments, and an Experiment again gives hashes and names. `needs()` says what is called
for by the objects held; asking, adding the answers and looking again ends when nothing new is called for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_rollouts.release.answers import not_found
from kubectl_rollouts.release.resources import (
    ANALYSIS_RUNS,
    DEPLOYMENTS,
    EXPERIMENTS,
    PODS,
    REPLICA_SETS,
    ROLLOUTS,
)
from kubectl_rollouts.release.selectors import HASH_LABEL, selector_text
from kubectl_rollouts.rollout.info import (
    ExperimentObjects,
    RolloutObjects,
    experiment_screen_info,
    rollout_info,
)
from kubectl_rollouts.rollout.phase import COMPLETED_ANALYSIS, parse_int

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.resources import Resource
    from kubectl_rollouts.rollout.experiments import ExperimentInfo
    from kubectl_rollouts.rollout.info import RolloutInfo
    from kubectl_rollouts.rollout.objects import (
        AnalysisRun,
        Deployment,
        Experiment,
        LabelSelector,
        Pod,
        ReplicaSet,
        Rollout,
    )

_EARLIER = 20  # so many runs of an analysis, at most, are looked for before the one that its experiment tells of

SECONDARY = (REPLICA_SETS, PODS, ANALYSIS_RUNS, EXPERIMENTS)


def owner_uids(obj: Any) -> list[str]:
    """The uids of an object's owners, in order."""
    return [owner.uid for owner in obj.metadata.owner_references or () if owner is not None and owner.uid]


def hash_of(obj: Any) -> str:
    """The pod template hash that an object is labelled with, or ""."""
    return (obj.metadata.labels or {}).get(HASH_LABEL) or ""


class Needs(NamedTuple):
    """What has to be asked for, by the plural of the kind: single names, selectors ("" = the namespace), hashes."""

    names: set[tuple[Resource, str]]
    selectors: set[tuple[Resource, str]]
    hashes: dict[Resource, set[str]]


class Held:
    """The objects held of one release: what was answered, by kind and name, unfiltered.

    `root` is the Rollout or Experiment shown; `absent` names what was asked for by name and is not there;
    `unread` holds the kinds of which a list failed.
    """

    def __init__(self, root: Resource, name: str) -> None:
        self.root = root
        self.name = name
        self.objects: dict[Resource, dict[str, Any]] = {
            kind: {} for kind in (ROLLOUTS, DEPLOYMENTS, REPLICA_SETS, PODS, EXPERIMENTS, ANALYSIS_RUNS)
        }
        self.absent: set[tuple[Resource, str]] = set()
        self.read: set[Resource] = set()
        self.unread: set[Resource] = set()

    def add(self, kind: Resource, obj: Any) -> None:
        """Hold the object, in place of an older one of its name."""
        name = obj.metadata.name or ""
        self.objects[kind][name] = obj
        self.absent.discard((kind, name))

    def drop(self, kind: Resource, name: str) -> None:
        """Hold the object no longer."""
        self.objects[kind].pop(name, None)

    @property
    def rollout(self) -> Rollout | None:
        """The rollout shown, if one is shown and it is there."""
        found: Rollout | None = self.objects[ROLLOUTS].get(self.name) if self.root is ROLLOUTS else None
        return found

    @property
    def deployment(self) -> Deployment | None:
        """The Deployment that the rollout takes its template from, if it is there."""
        name = self.deployment_name
        found: Deployment | None = self.objects[DEPLOYMENTS].get(name) if name else None
        return found

    @property
    def deployment_name(self) -> str:
        """The name in spec.workloadRef when that is a Deployment's, else "" (view.md Q32)."""
        rollout = self.rollout
        reference = rollout.spec.workload_ref if rollout is not None and rollout.spec is not None else None
        return reference.name or "" if reference is not None and reference.kind == "Deployment" else ""

    @property
    def root_uid(self) -> str:
        """The uid of the Rollout or Experiment shown, "" when it is not there."""
        root = self.objects[self.root].get(self.name)
        return (root.metadata.uid or "") if root is not None else ""

    def experiments(self) -> list[Experiment]:
        """The experiment shown, or those that the rollout owns."""
        if self.root is EXPERIMENTS:
            root = self.objects[EXPERIMENTS].get(self.name)
            return [root] if root is not None else []
        uid = self.root_uid
        return [obj for obj in self.objects[EXPERIMENTS].values() if uid and uid in owner_uids(obj)]

    def _owned(self, kind: Resource, owners: set[str]) -> list[Any]:
        return [obj for obj in self.objects[kind].values() if not owners.isdisjoint(owner_uids(obj))]

    def owners(self) -> set[str]:
        """The uids of what is shown and of its experiments."""
        uids = {experiment.metadata.uid or "" for experiment in self.experiments()} | {self.root_uid}
        return uids - {""}

    def replica_sets(self) -> list[ReplicaSet]:
        """The ReplicaSets of the rollout and of the experiments."""
        return self._owned(REPLICA_SETS, self.owners())

    def analysis_runs(self) -> list[AnalysisRun]:
        """The AnalysisRuns of the rollout and of the experiments."""
        return self._owned(ANALYSIS_RUNS, self.owners())

    def pods(self) -> list[Pod]:
        """The pods of the ReplicaSets."""
        return self._owned(PODS, {obj.metadata.uid or "" for obj in self.replica_sets()} - {""})

    def info(self) -> RolloutInfo | ExperimentInfo:
        """The facts to show. Raises Failure when what is shown is not there, or an object makes no sense."""
        root = self.objects[self.root].get(self.name)
        if root is None or (self.deployment_name and (DEPLOYMENTS, self.deployment_name) in self.absent):
            raise not_found(*((self.root, self.name) if root is None else (DEPLOYMENTS, self.deployment_name)))
        sets, pods, runs = self.replica_sets(), self.pods(), self.analysis_runs()
        if self.root is EXPERIMENTS:
            return experiment_screen_info(ExperimentObjects(root, sets, pods, runs))
        return rollout_info(RolloutObjects(root, sets, pods, self.experiments(), runs, self.deployment))


def needs(held: Held) -> Needs:
    """What the objects held call for. Asking for it and adding the answers may call for more."""
    asked = Needs(set(), set(), {})
    if held.root is ROLLOUTS and not _rollout_needs(held, asked):
        return asked
    _experiment_needs(held, asked)
    return asked


def _rollout_needs(held: Held, asked: Needs) -> bool:
    """Add what a rollout calls for; False when lists of the namespace, or nothing yet, cover its experiments."""
    rollout = held.rollout
    if rollout is None:
        return False
    name = held.deployment_name
    if name:
        asked.names.add((DEPLOYMENTS, name))
    selector = selector_text(rollout.spec.selector if rollout.spec is not None else None)
    if not selector and name:
        deployment = held.deployment
        if deployment is not None:
            selector = selector_text(deployment.spec.selector if deployment.spec is not None else None)
        elif (DEPLOYMENTS, name) not in held.absent and DEPLOYMENTS not in held.unread:
            return False
    if not selector:
        asked.selectors.update((kind, "") for kind in SECONDARY)
        return False
    asked.selectors.add((REPLICA_SETS, selector))
    if REPLICA_SETS in held.unread:
        hashes = _hashes_in_status(rollout)  # no pod can be placed in the tree, the rest can
    elif REPLICA_SETS not in held.read:
        return False
    else:
        uid = held.root_uid
        own = [obj for obj in held.objects[REPLICA_SETS].values() if uid in owner_uids(obj)]
        hashes = {hash_of(obj) for obj in own}
        if "" in hashes:
            hashes.discard("")
            asked.selectors.add((PODS, selector))
        _add(asked, PODS, hashes)
    _add(asked, ANALYSIS_RUNS, hashes)
    _add(asked, EXPERIMENTS, hashes)
    return True


def _experiment_needs(held: Held, asked: Needs) -> None:
    """Add what the experiments call for: ReplicaSets by hash or name, their pods, AnalysisRuns by name."""
    for experiment in held.experiments():
        uid, name = experiment.metadata.uid or "", experiment.metadata.name or ""
        sets = {obj.metadata.name: obj for obj in held.objects[REPLICA_SETS].values() if uid in owner_uids(obj)}
        hashes = {hash_of(obj) for obj in sets.values()}
        status, spec = experiment.status, experiment.spec
        ended = status is not None and status.phase in COMPLETED_ANALYSIS
        unmade = status is None or status.phase in (None, "", "Pending")
        # By name: the selector, and whether the status tells of pods.
        templates = {
            template.name: (template.selector, False)
            for template in (spec.templates if spec else None) or ()
            if template and template.name
        }
        for told in (status.template_statuses if status else None) or ():
            if told is None or not told.name:
                continue
            selector = templates.pop(told.name, (None, False))[0]
            if told.pod_template_hash:
                hashes.add(told.pod_template_hash)
            else:
                templates[told.name] = selector, bool(told.replicas)
        for template, (selector, has_pods) in templates.items():
            replica_set = f"{name}-{template}"
            absent = (REPLICA_SETS, replica_set) in held.absent
            if (replica_set not in sets or not hash_of(sets[replica_set])) and not (absent and ended):
                asked.names.add((REPLICA_SETS, replica_set))
            if absent and (has_pods or not unmade) and not _named_like(sets, replica_set):
                # Older controllers added the hash to the name, and told no hash. Where pods are told of, it is there.
                asked.selectors.add((REPLICA_SETS, "" if has_pods else _own_selector(selector)))
        if "" in hashes:
            asked.selectors.add((PODS, ""))  # nothing says which of the namespace's pods are of a set without hash
            hashes.discard("")
        _add(asked, REPLICA_SETS, hashes)
        if REPLICA_SETS not in held.unread:
            _add(asked, PODS, hashes)
        for run in (status.analysis_runs if status else None) or ():
            if run is None or not run.analysis_run:
                continue
            if not (ended and (ANALYSIS_RUNS, run.analysis_run) in held.absent):
                asked.names.add((ANALYSIS_RUNS, run.analysis_run))
            asked.names.update(
                (ANALYSIS_RUNS, earlier)
                for earlier in _earlier_runs(f"{name}-{run.name or ''}", run.analysis_run)
                if (ANALYSIS_RUNS, earlier) not in held.absent
            )


def _earlier_runs(first: str, latest: str) -> list[str]:
    """The names of the runs that an experiment's analysis had before it was retried: `first`, then `.1`, `.2`, …

    They stay, but the experiment's status tells of the latest only (spec/controller.md §9.2).
    """
    mark, suffix = latest[len(first) : len(first) + 1], latest[len(first) + 1 :]
    number = parse_int(suffix) if latest.startswith(first) and mark in (".", "-") else None
    if number is None or number < 1:
        return []
    return [first, *(f"{first}{mark}{one}" for one in range(max(1, number - _EARLIER), number))]


def _named_like(sets: dict[str | None, ReplicaSet], prefix: str) -> bool:
    return any(name is not None and name.startswith(f"{prefix}-") for name in sets)


def _own_selector(selector: LabelSelector | None) -> str:
    """The labelSelector for the ReplicaSets of an experiment's template; "" where the template says another hash."""
    text = selector_text(selector)
    return "" if HASH_LABEL in text else text


def _add(asked: Needs, kind: Resource, hashes: set[str]) -> None:
    if hashes:
        asked.hashes.setdefault(kind, set()).update(hashes)


def _hashes_in_status(rollout: Rollout) -> set[str]:
    status = rollout.status
    if status is None:
        return set()
    blue_green = status.blue_green
    hashes = {status.current_pod_hash, status.stable_rs}
    if blue_green is not None:
        hashes |= {blue_green.active_selector, blue_green.preview_selector}
    return {value for value in hashes if value}
