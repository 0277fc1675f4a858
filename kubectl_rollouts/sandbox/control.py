"""The sandbox's own requests (`/sandbox/…`): status, stop, reset, trouble with pods. They need the sandbox's token."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from random import Random

import msgspec

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.cluster import Sandbox
from kubectl_rollouts.sandbox.http import Request, Response, json_response
from kubectl_rollouts.sandbox.kinds import KINDS
from kubectl_rollouts.sandbox.objects import (
    FAIL_ANNOTATION,
    SETTINGS,
    Object,
    deleting,
    name_of,
    namespace_of,
)
from kubectl_rollouts.sandbox.registry import TOKEN_HEADER


class Control:
    """Answers control requests of one sandbox.

    `stop` is called when it is asked to end, None for one that ends with its command; `reload` after a reset.
    """

    def __init__(
        self, sandbox: Sandbox, token: str, facts: Object, stop: Callable[[], None] | None, reload: Callable[[], None]
    ) -> None:
        self._sandbox = sandbox
        self._token = token
        self._facts = facts
        self._stop = stop
        self._reload = reload
        self._since = time.time()

    def __call__(self, request: Request) -> Response:
        """Answer one request; raises ApiStatus."""
        given = request.headers.get(TOKEN_HEADER.lower(), "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise ApiStatus(403, "Forbidden", "this request needs the token of the sandbox")
        body = msgspec.json.decode(request.body) if request.body else {}
        match (request.method, request.path.removeprefix("/sandbox/")):
            case ("GET", "status"):
                return json_response(self._status())
            case ("POST", "stop"):
                if self._stop is None:
                    pid = self._facts["pid"]
                    raise ApiStatus(409, "Conflict", f"this sandbox ends with the command that has it (process {pid})")
                self._stop()
                return json_response({})
            case ("POST", "reset"):
                self._sandbox.reset()
                try:
                    self._reload()
                except Failure as failure:
                    raise ApiStatus(422, "Invalid", str(failure)) from failure
                return json_response({})
            case ("POST", "pods"):
                return json_response(self._pods(body))
        raise ApiStatus(404, "NotFound", "the sandbox has no such request")

    def _status(self) -> Object:
        counts = {kind.plural: len(self._sandbox.store.list(kind.kind)) for kind in KINDS}
        return {**self._facts, "seconds": int(time.time() - self._since), "objects": counts}

    def _pods(self, body: Object) -> Object:
        store = self._sandbox.store
        found: Object = {"failed": []}
        if "slow" in body:
            data = {"podSeconds": str(body["slow"])} if body["slow"] is not None else None
            namespace, name = SETTINGS
            with store.lock:
                if store.get("ConfigMap", namespace, name) is None:
                    metadata = {"namespace": namespace, "name": name}
                    store.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
                store.patch("ConfigMap", namespace, name, {"data": data})
        wanted = body.get("fail") or 0
        if wanted:
            with store.lock:
                healthy = [pod for pod in store.list("Pod") if _can_fail(pod)]
                for pod in Random().sample(healthy, min(wanted, len(healthy))):
                    annotations = {"metadata": {"annotations": {FAIL_ANNOTATION: "true"}}}
                    store.patch("Pod", namespace_of(pod), name_of(pod), annotations)
                    found["failed"].append(f"{namespace_of(pod)}/{name_of(pod)}")
        return found


def _can_fail(pod: Object) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return (
        phase == "Running" and not deleting(pod) and FAIL_ANNOTATION not in (pod["metadata"].get("annotations") or {})
    )
