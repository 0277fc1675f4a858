"""Conditions of Kubernetes' own kinds: a time moves only when the status does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_rollouts.sandbox.objects import Object, time_text


def find_condition(status: Mapping[str, Any], kind: str) -> Object | None:
    """The condition of that type in a status, if any."""
    return next((c for c in status.get("conditions") or () if c.get("type") == kind), None)


def condition(
    status: Mapping[str, Any], kind: str, value: bool, now: float, reason: str = "", message: str = ""
) -> Object:
    """A condition for a status that replaces `status`: `lastTransitionTime` is kept where nothing turned."""
    text = "True" if value else "False"
    old = find_condition(status, kind)
    since = old["lastTransitionTime"] if old and old.get("status") == text else time_text(now)
    made: Object = {"type": kind, "status": text, "lastTransitionTime": since}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    return made
