"""Creating objects, and AnalysisRuns of templates (spec/commands.md §7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubectl_rollouts.cluster.errors import ApiError, ConnectionFailed
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.manifests import Manifest
from kubectl_rollouts.release.resources import ANALYSIS_RUNS, ANALYSIS_TEMPLATES, CLUSTER_ANALYSIS_TEMPLATES
from kubectl_rollouts.release.writes import Object, explained, in_doubt, metadata_name, read_back, shows, tries, unknown
from kubectl_rollouts.rollout.analysis_run import RunWish, analysis_run

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client


def create(client: Client, manifest: Manifest, tell: Callable[[str], None]) -> str:
    """Create an object and return its name, which the server may have made. Raises Failure.

    After a lost reply the object is looked for, and created only when it is not there. One whose name the server
    makes cannot be looked for: then nobody knows. `tell` gets what a person should know beside the result.
    """
    resource, name = manifest.resource, manifest.name
    namespace = manifest.namespace or client.namespace
    what = f'the creation of {resource.group_resource} "{name}"'
    lost: ConnectionFailed | None = None
    for _ in tries():
        try:
            return metadata_name(client.create(resource, namespace, manifest.body))
        except ApiError as error:
            if lost is None or not error.already_exists:
                raise
        except ConnectionFailed as error:
            if not in_doubt(error):
                raise explained(error, what) from None
            lost = error
        if not name:
            raise unknown(lost, f"the creation of a {resource.kind}")
        found = read_back(lambda: _found(client, manifest, namespace), lost, what)
        if found is None:
            continue
        if not shows(found, manifest.body):
            raise Failure(f'{resource.group_resource} "{name}" is there, but not as written ({lost})')
        tell(f'the reply was lost; {resource.group_resource} "{name}" is there as written')
        return name
    assert lost is not None
    raise unknown(lost, what)


def _found(client: Client, manifest: Manifest, namespace: str) -> Object | None:
    try:
        return client.get(manifest.resource, namespace, manifest.name)
    except ApiError as error:
        if error.not_found:
            return None
        raise


def run_of_template(
    client: Client, namespace: str, wish: RunWish, *, template: Object | None = None, source: str = "", everywhere: bool
) -> Manifest:
    """Return the AnalysisRun of a template, given or read from the cluster by the name `source`. Raises Failure.

    `everywhere`: it is a ClusterAnalysisTemplate.
    """
    if template is None:
        resource = CLUSTER_ANALYSIS_TEMPLATES if everywhere else ANALYSIS_TEMPLATES
        template = client.get(resource, namespace, source)
    return Manifest(ANALYSIS_RUNS, namespace, analysis_run(template, wish, namespace))
