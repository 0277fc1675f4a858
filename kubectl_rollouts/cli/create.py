"""`create -f` and `create analysisrun` (spec/commands.md §7)."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.create import create as create_object
from kubectl_rollouts.release.create import run_of_template
from kubectl_rollouts.release.manifests import Manifest, read_manifests, read_template
from kubectl_rollouts.release.resources import ARGO, EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.analysis_run import RunWish, split_argument

app = App()


@app.command()
def create(
    session: Session,
    *,
    filename: Sequence[str] = (),
    no_color: bool = False,
    watch: bool = False,
) -> int:
    """Create what files hold; with --watch show it then."""
    if watch and len(filename) > 1:
        raise Failure("Cannot watch multiple resources")
    if watch:
        manifest = _watchable(read_manifests(filename[0]))
        return _watch(session, manifest, _create(session, manifest), no_color)
    for place in filename:  # one after the other, as the reference: what the first ones hold stays
        for manifest in read_manifests(place):
            _create(session, manifest)
    return 0


@app.command()
def analysisrun(
    session: Session,
    *,
    argument: Sequence[str] = (),
    from_: str = "",
    from_file: str = "",
    generate_name: str = "",
    global_: bool = False,
    instance_id: str = "",
    name: str = "",
) -> None:
    """Create an analysis run of a template."""
    if bool(from_) == bool(from_file):
        raise Failure("one of --from or --from-file must be specified")
    wish = RunWish(list(map(split_argument, argument)), name, generate_name, instance_id)
    template = read_template(from_file) if from_file else None
    client = session.client()
    run = run_of_template(client, client.namespace, wish, template=template, source=from_, everywhere=global_)
    _create(session, run)


def _watchable(manifests: list[Manifest]) -> Manifest:
    """The one object that is to be watched. What cannot be is said before anything is created (Q1)."""
    if len(manifests) > 1:
        raise Failure("Cannot watch multiple resources")
    if manifests[0].resource not in (ROLLOUTS, EXPERIMENTS):
        raise Failure("Can only watch resources of type Rollout or Experiment")
    return manifests[0]


def _create(session: Session, manifest: Manifest) -> str:
    name = create_object(session.client(), manifest, session.warn)
    session.say(f"{manifest.resource.kind.lower()}.{ARGO}/{shown(name)} created")
    return name


def _watch(session: Session, manifest: Manifest, name: str, no_color: bool) -> int:
    from kubectl_rollouts.cli.get_watch import watch_experiment, watch_rollout

    color = session.colored(no_color)
    if manifest.resource == ROLLOUTS:
        return watch_rollout(session, name, color, 0, manifest.namespace)
    return watch_experiment(session, name, color, manifest.namespace)
