"""Objects made from their declarations: every field that the program reads is there, and every text in it is known."""

from __future__ import annotations

import copy
import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from kubectl_rollouts.rollout import objects
from tests.support.releases import full, simple

Path = tuple[Any, ...]

TYPES: dict[str, Any] = {
    kind: getattr(objects, kind) for kind in ("Rollout", "ReplicaSet", "Pod", "AnalysisRun", "Experiment", "Deployment")
}
TIME = "2026-01-01T00:00:00Z"


def specimen(kind: str) -> dict[str, Any]:
    """An object of a kind with a value in every declared field."""
    made: dict[str, Any] = _value(TYPES[kind])
    made["kind"] = kind
    return made


def _value(type_: Any) -> Any:
    origin = typing.get_origin(type_)
    if origin in (typing.Union, types.UnionType):
        return _value(next(part for part in typing.get_args(type_) if part is not type(None)))
    if origin is list:
        return [_value(typing.get_args(type_)[0])]
    if origin is dict:
        return {"a": _value(typing.get_args(type_)[1])}
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        hints = typing.get_type_hints(type_)
        return {
            field.encode_name: TIME if _is_time(field.name) else _value(hints[field.name])
            for field in msgspec.structs.fields(type_)
        }
    return {str: "text", int: 1, bool: True, float: 1.0}.get(type_, {})


def _is_time(name: str) -> bool:
    return name.endswith(("_at", "_timestamp", "_time"))


def texts(value: Any, path: Path = ()) -> Iterator[Path]:
    """The places of all texts in a document; keys of mappings count as well, as (…, key, KEY)."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))
    elif isinstance(value, str):
        yield path


def at(value: Any, path: Path) -> Any:
    """What stands at a place."""
    for step in path:
        value = value[step]
    return value


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy with something else at a place; what is not on the way there is shared."""
    if not path:
        return new
    made = copy.copy(value)
    made[path[0]] = replaced(value[path[0]], path[1:], new)
    return made


def release() -> list[dict[str, Any]]:
    """A whole release with an experiment and analysis, all of its conditions and messages filled in."""
    made = full()
    for obj in made:
        status = obj["status"]
        meta = obj["metadata"]
        meta["uid"] = f"uid-{obj['kind']}-{meta['name']}"
        meta["resourceVersion"] = "1"
        meta.setdefault("labels", {})
        meta.setdefault("annotations", {})
        if obj["kind"] in ("Rollout", "AnalysisRun", "Experiment"):
            status["message"] = "a message"
        if obj["kind"] in ("Rollout", "ReplicaSet"):
            status["conditions"] = [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "text"}
            ]
        if obj["kind"] == "Rollout":
            status["pauseConditions"] = [{"reason": "CanaryPauseStep", "startTime": TIME}]
        if obj["kind"] == "Pod":
            status["reason"] = "Because"
            status["initContainerStatuses"] = [
                {"name": "i", "ready": False, "restartCount": 1, "state": {"waiting": {"reason": "PodInitializing"}}}
            ]
        if obj["kind"] == "AnalysisRun":
            status["metricResults"].append(
                {
                    "name": "job",
                    "phase": "Running",
                    "measurements": [
                        {"phase": "Running", "startedAt": TIME, "metadata": {"job-name": "job-1"}, "message": "text"}
                    ],
                }
            )
    return made


def small_release() -> list[dict[str, Any]]:
    """One object of each kind that a release owns."""
    kinds = ("Rollout", "ReplicaSet", "Pod", "AnalysisRun", "Experiment")
    made = [*simple("web", ("aaaa",), 1), *release()]
    return [next(obj for obj in made if obj["kind"] == kind) for kind in kinds]
