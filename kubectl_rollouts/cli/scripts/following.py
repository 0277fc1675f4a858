"""What `--wait` follows once an action is done: rollouts, analysis runs and experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from kubectl_rollouts.cli.scripts.waiting import duration, reached_text, wish_of
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.resources import ANALYSIS_RUNS, EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.release.wait import Target, Waiter, Wish
from kubectl_rollouts.rollout.goals import parse_goal

if TYPE_CHECKING:
    from kubectl_rollouts.cli.pflag import Parsed
    from kubectl_rollouts.cli.scripts.reporting import Reporter
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.resources import Resource

    Object = dict[str, Any]

RESOURCES = {
    "create analysisrun": ANALYSIS_RUNS,
    "retry experiment": EXPERIMENTS,
    "terminate analysisrun": ANALYSIS_RUNS,
    "terminate experiment": EXPERIMENTS,
}
"""What actions act on that are not about rollouts; `create -f` creates several kinds."""

_RUNS = {"AnalysisRun": ANALYSIS_RUNS, "Experiment": EXPERIMENTS}


class Follows:
    """What is waited for. `reached`: what is said of a rollout that is there."""

    def __init__(
        self, wish: Wish, reached: str, resource: Resource | None = None, run_goal: str = "successful"
    ) -> None:
        self.wish = wish
        self.reached = reached
        self._resource = resource  # of what is named, when that is no rollout
        self._run_goal = run_goal

    def run(self, client: Client, done: list[tuple[Target, list[Object]]], reporter: Reporter) -> list[int]:
        """Follow what actions were about, or have created; the exit status of each. Raises Failure.

        `done`: what each action was told to act on (no name: to create) and the objects that it wrote.
        """
        from kubectl_rollouts.release.finish import Run, wait_for_runs

        rollouts: list[Target] = []
        runs: list[Run] = []
        others = 0
        for target, objects in done:
            if target.name:
                if self._resource is None:
                    rollouts.append(target)
                else:
                    runs.append(Run(self._resource, target))
                continue
            for obj in objects:
                resource = _RUNS.get(str(obj.get("kind")))
                if resource is not None:
                    runs.append(Run(resource, target_of(obj)))
                elif obj.get("kind") == ROLLOUTS.kind:
                    rollouts.append(target_of(obj))
                else:
                    others += 1  # a template has nothing to be waited for
        statuses = [0] * others
        try:
            if rollouts:
                outcomes = Waiter(client, rollouts, self.wish, reporter).run()
                statuses += [outcome.status for outcome in outcomes.values()]
            if runs:
                reporter.kinds = {run.target: run.resource.kind[0].lower() + run.resource.kind[1:] for run in runs}
                ended = wait_for_runs(client, runs, self._run_goal, self.wish.timeout, reporter)
                statuses += [outcome.status for outcome in ended]
        except Failure as failure:
            reporter.abandoned([*rollouts, *(run.target for run in runs)], failure)
            raise
        return statuses


def follows(parsed: Parsed) -> Follows:
    """What the waiting flags of an action mean. Raises Failure."""
    text = str(parsed.values["wait"])
    resource = RESOURCES.get(parsed.command.path)
    if resource is not None:
        from kubectl_rollouts.release.finish import parse_run_goal

        return Follows(Wish((), timeout=duration(parsed, "timeout")), "", resource, parse_run_goal(text))
    goals = (parse_goal(text),)
    return Follows(wish_of(parsed, goals, final=True), reached_text(goals))


def target_of(obj: Object) -> Target:
    """Namespace and name of an object that was written."""
    meta = cast("Object", obj.get("metadata") or {})
    return Target(str(meta.get("namespace") or ""), str(meta.get("name") or ""))
