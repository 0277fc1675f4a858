"""Go templates: Go's own template engine is asked, by way of kubectl.

`kubectl patch --local` prints an object that it is given, without a cluster or a kubeconfig. Where the value is not
one that it takes as it is (a list, an event), it is wrapped, and the template is applied to what is in the wrapping.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.jsonpath.gojson import go_json

_SECONDS = 60.0


def go_template(template: str, value: Any) -> str:
    """What a Go template makes of a JSON value. Raises Failure: no kubectl, a template that cannot be carried out."""
    kubectl = _kubectl()
    if _is_object(value):
        return _carried_out(kubectl, template, value)
    wrapped = {"apiVersion": "v1", "kind": "Wrapped", "metadata": {"name": "wrapped"}, "value": value}
    wrapping = f'{{{{define "kubectl-rollouts"}}}}{template}{{{{end}}}}{{{{template "kubectl-rollouts" .value}}}}'
    try:
        return _carried_out(kubectl, wrapping, wrapped)
    except Failure as failure:
        if "error parsing template" not in str(failure):
            raise
        _carried_out(kubectl, template, wrapped)  # fails in the words that are about the template itself
        raise Failure("the template cannot be applied to a list: {{define}} goes with a single object") from None


def check_template(template: str) -> None:
    """Find out before anything is changed that a template cannot be carried out on any object. Raises Failure."""
    try:
        _carried_out(_kubectl(), template, {"apiVersion": "v1", "kind": "Some", "metadata": {"name": "some"}})
    except Failure as failure:
        if "error parsing template" in str(failure) or "kubectl" in str(failure):
            raise


def _kubectl() -> str:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise Failure("-o go-template needs kubectl, which is not on the PATH; -o jsonpath and custom-columns do not")
    return kubectl


def _carried_out(kubectl: str, template: str, value: Any) -> str:
    words = [kubectl, "patch", "--local", "--type=merge", "-p", "{}", "-f", "-", "-o", f"go-template={template}"]
    try:
        done = subprocess.run(
            words, input=go_json(value).encode(), capture_output=True, timeout=_SECONDS, env=_environment(), check=False
        )
    except subprocess.TimeoutExpired:
        raise Failure("kubectl did not carry out the template within a minute") from None
    except OSError as error:
        raise Failure(f"cannot run kubectl for the template: {error.strerror}") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["kubectl failed"]
        raise Failure(said[0].removeprefix("error: "))
    return done.stdout.decode("utf-8", "replace")


def _is_object(value: Any) -> bool:
    """Whether kubectl takes the value as one object."""
    if not isinstance(value, dict) or "items" in value or not value.get("kind") or not value.get("apiVersion"):
        return False
    meta = value.get("metadata")
    return isinstance(meta, dict) and bool(meta.get("name"))


def _environment() -> dict[str, str]:
    """Without a kubeconfig: none is needed, and one that is broken is no reason to fail here."""
    return {**os.environ, "KUBECONFIG": os.devnull}
