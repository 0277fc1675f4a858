"""Access reviews: everybody may do everything in a sandbox, as long as there is such a resource."""

from __future__ import annotations

from kubectl_rollouts.sandbox.discovery import Review
from kubectl_rollouts.sandbox.http import Response, json_response
from kubectl_rollouts.sandbox.objects import Object

USER = {"username": "sandbox-admin", "groups": ["system:masters", "system:authenticated"]}


def answer_review(review: Review, given: Object) -> Response:
    """The review with its status."""
    every = ["*"]
    status: Object = {"allowed": True, "reason": "the sandbox allows everything"}
    if review.kind == "SelfSubjectReview":
        status = {"userInfo": USER}
    elif review.kind == "SelfSubjectRulesReview":
        status = {
            "resourceRules": [{"verbs": every, "apiGroups": every, "resources": every}],
            "nonResourceRules": [{"verbs": every, "nonResourceURLs": every}],
            "incomplete": False,
        }
    found = {
        "kind": review.kind,
        "apiVersion": f"{review.group}/{review.version}",
        "metadata": given.get("metadata") or {},
        "spec": given.get("spec") or {},
        "status": status,
    }
    return json_response(found, 201)
