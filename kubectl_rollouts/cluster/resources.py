"""Where a kind of object lives in the API: paths from names, with the reference's rules for names."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_rollouts.cluster.urls import quote
from kubectl_rollouts.errors import Failure


class Resource(NamedTuple):
    """A kind of object as the API server serves it; the core group is ""."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def group_resource(self) -> str:
        """`rollouts.argoproj.io`, or `pods` for the core group: how error texts name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """`argoproj.io/v1alpha1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str, name: str | None = None, subresource: str = "") -> str:
        """Return the URL path of one object (`name` given) or of the collection (`name` None).

        `namespace` "" means all namespaces. Raises Failure for a name that cannot be one
        (spec/commands.md §2.4), before any request is sent.
        """
        prefix = f"/apis/{self.group}" if self.group else "/api"
        path = f"{prefix}/{self.version}"
        if namespace and self.namespaced:
            path += f"/namespaces/{_segment(namespace, 'namespace')}"
        path += f"/{self.plural}"
        if name is not None:
            path += f"/{_segment(name, 'resource name')}"
        return f"{path}/{subresource}" if subresource else path


def _segment(name: str, what: str) -> str:
    """Return the name as one segment of a path; raise Failure when it would be more, or none."""
    if not name:
        raise Failure(f"{what} may not be empty")
    if name in (".", ".."):
        raise Failure(f"invalid {what} {_shown(name)}: [may not be '{name}']")
    problems = [f"may not contain '{mark}'" for mark in ("/", "%") if mark in name]
    if problems:
        raise Failure(f"invalid {what} {_shown(name)}: [{' '.join(problems)}]")
    return quote(name)


def _shown(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
