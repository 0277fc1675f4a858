"""What `kubectl logs` shows of pods that run nothing: a line for what has happened to each container."""

from __future__ import annotations

from kubectl_rollouts.sandbox.apistatus import bad_request
from kubectl_rollouts.sandbox.objects import Object, name_of


def log_text(pod: Object, query: dict[str, str]) -> str:
    """The log of a container of a pod; raises ApiStatus 400 when it has not begun, or for an unknown container."""
    names = [item.get("name") or "" for item in (pod.get("spec") or {}).get("containers") or ()]
    wanted = query.get("container") or (names[0] if names else "")
    if wanted not in names:
        raise bad_request(f"container {wanted} is not valid for pod {name_of(pod)}")
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    status: Object = next((item for item in statuses if item.get("name") == wanted), {})
    state = status.get("state") or {}
    waiting = state.get("waiting")
    if not state or (waiting and not status.get("restartCount")):
        reason = (waiting or {}).get("reason") or "ContainerCreating"
        why = "trying and failing to pull image" if "Pull" in reason else reason
        raise bad_request(f'container "{wanted}" in pod "{name_of(pod)}" is waiting to start: {why}')
    lines = [f"The sandbox runs no containers; {wanted} of {name_of(pod)} is a story."]
    started = (state.get("running") or state.get("terminated") or {}).get("startedAt")
    if started:
        lines.append(f"{started} {status.get('image', '')} started")
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if ended:
        lines.append(f"{ended.get('finishedAt', '')} ended with exit code {ended.get('exitCode', 0)}")
    tail = query.get("tailLines", "")
    if tail.isdecimal():
        lines = lines[-int(tail) :] if int(tail) else []
    return "".join(line + "\n" for line in lines)
