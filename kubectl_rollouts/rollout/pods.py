"""What a pod is doing, as kubectl says it (spec/view.md §6.6)."""

from __future__ import annotations

from msgspec import Struct

from kubectl_rollouts.rollout.objects import ContainerState, ContainerStatus, Pod, PodSpec, PodStatus
from kubectl_rollouts.rollout.owners import created

_ICONS = {
    "Pending": "◌",
    "Terminating": "◌",
    "ContainerCreating": "◌",
    "Running": "✔",
    "Completed": "✔",
    "Failed": "✖",
    "InvalidImageName": "✖",
    "CrashLoopBackOff": "✖",
    "ImagePullBackOff": "⚠",
    "RegistryUnavailable": "⚠",
    "Unknown": "?",
}
_NO_SPEC = PodSpec()
_NO_STATUS = PodStatus()
_NO_CONTAINER = ContainerStatus()
_NO_STATE = ContainerState()


class PodInfo(Struct, frozen=True, gc=False):
    """A pod: `created` in epoch seconds (None: not said), `ready` of `total` containers, `restarts` of them all."""

    name: str
    created: float | None
    status: str
    icon: str
    ready: int
    total: int
    restarts: int


def pod_info(pod: Pod) -> PodInfo:
    """The facts of one pod. Raises Failure when its creation time is no time."""
    meta, spec, status = pod.metadata, pod.spec or _NO_SPEC, pod.status or _NO_STATUS
    reason, ready, restarts = status.reason or status.phase or "", 0, 0
    initializing = None
    if status.init_container_statuses:
        initializing, restarts = _initializing(status.init_container_statuses, spec)
    if initializing is None:
        # QUIRK 8: from here on the restarts of init containers do not count.
        reason, ready, restarts = _running(reason, status.container_statuses or ())
    else:
        reason = initializing
    if meta.deletion_timestamp is not None:
        reason = "Unknown" if status.reason == "NodeLost" else "Terminating"
    return PodInfo(
        name=meta.name or "",
        created=created(meta, "Pod"),
        status=reason,
        icon=pod_icon(reason),
        ready=ready,
        total=len(spec.containers or ()),
        restarts=restarts,
    )


def pod_icon(status: str) -> str:
    """The icon of a pod's status; a space when none fits (QUIRK 7)."""
    if status.startswith("Init:"):
        return "◌"
    if status.startswith(("Signal:", "ExitCode:")):
        return "✖"
    if status.endswith("Error") or status.startswith("Err"):
        return "⚠"
    return _ICONS.get(status, " ")


def _initializing(statuses: list[ContainerStatus | None], spec: PodSpec) -> tuple[str | None, int]:
    """What an initializing pod waits for (None: it is done, or a sidecar is to get ready), and the restarts so far."""
    restarts = 0
    declared = {(one.name or "") if one else "": one for one in spec.init_containers or ()}
    for index, item in enumerate(statuses):
        container = item or _NO_CONTAINER
        restarts += container.restart_count or 0
        state = container.state or _NO_STATE
        terminated, waiting = state.terminated, state.waiting
        if terminated is not None:
            if not terminated.exit_code:
                continue
            if terminated.reason:
                return f"Init:{terminated.reason}", restarts
            if terminated.signal:
                return f"Init:Signal:{terminated.signal}", restarts
            return f"Init:ExitCode:{terminated.exit_code}", restarts
        declaration = declared.get(container.name or "")
        if declaration is not None and declaration.restart_policy == "Always" and container.started:
            if container.ready:
                continue
            return None, restarts
        if waiting is not None and waiting.reason and waiting.reason != "PodInitializing":
            return f"Init:{waiting.reason}", restarts
        return f"Init:{index}/{len(spec.init_containers or ())}", restarts
    return None, restarts


def _running(reason: str, statuses: list[ContainerStatus | None] | tuple[()]) -> tuple[str, int, int]:
    """Reason, ready containers and restarts of an initialized pod: the first container in trouble has the word."""
    ready = restarts = 0
    for item in reversed(statuses):
        container = item or _NO_CONTAINER
        restarts += container.restart_count or 0
        state = container.state or _NO_STATE
        terminated, waiting = state.terminated, state.waiting
        if waiting is not None and waiting.reason:
            reason = waiting.reason
        elif terminated is not None:
            if terminated.reason:
                reason = terminated.reason
            elif terminated.signal:
                reason = f"Signal:{terminated.signal}"
            else:
                reason = f"ExitCode:{terminated.exit_code or 0}"
        elif container.ready and state.running is not None:
            ready += 1
    if reason == "Completed" and ready:
        reason = "Running"
    return reason, ready, restarts
