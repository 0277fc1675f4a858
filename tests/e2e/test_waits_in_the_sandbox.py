"""Waits against controllers that really work: the course of actions on canaries, workloads and blue-green rollouts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_rollouts.sandbox.cluster import Sandbox
from kubectl_rollouts.sandbox.hosting import kubeconfig_text
from tests.support.cli import ROOT, Outcome, run_cli

Object = dict[str, Any]
MANIFESTS = ROOT / "kubectl_rollouts" / "sandbox" / "manifests"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(speed=20) as found:
        yield found


@pytest.fixture
def call(sandbox: Sandbox, tmp_path: Path) -> Callable[[str], Outcome]:
    config = tmp_path / "kubeconfig"
    config.write_text(kubeconfig_text(sandbox.url))

    def run(line: str) -> Outcome:
        limit = () if "--timeout" in line else ("--timeout=30s",)
        return run_cli(*line.split(), *limit, env={"KUBECONFIG": str(config), "HOME": str(tmp_path)})

    return run


def load(sandbox: Sandbox, tmp_path: Path, *objects: Object) -> None:
    file = tmp_path / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
    sandbox.load(file)


def rollout(strategy: Object, name: str = "web") -> Object:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "strategy": strategy,
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            },
        },
    }


CANARY = {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}, {"setWeight": 80}, {"pause": {"duration": "1s"}}]}}


def test_the_course_of_a_canary(sandbox: Sandbox, call: Callable[[str], Outcome], tmp_path: Path) -> None:
    load(sandbox, tmp_path, rollout(CANARY))
    course = [
        ("wait web", 0),
        ("set image web web=web:2 --wait", 5),
        ("wait web --for weight=50 --for step=1 --for revision=2 --for paused", 0),
        ("abort web --wait", 0),
        ("wait web", 3),
        ("retry rollout web --wait=paused", 0),
        ("promote web --wait=weight=80", 0),
        ("wait web --for step=4", 0),
        ("wait web --for condition=Completed", 0),
        ("promote web --wait", 0),
        ("pause web --wait", 0),
        ("promote web --full --wait", 0),
        ("set image web web=web:3 --wait=paused", 0),
        ("promote web --full --wait", 0),
        ("restart web --wait", 0),
        ("undo web --wait --through-pauses --timeout=1s", 4),
        ("undo web --to-revision=3 --wait", 0),
        ("undo web --wait=step=1", 0),
        ("abort web --wait=degraded", 0),
        ("set image web web=web:3 --wait", 0),
        ("set image web web=web:3 --wait=paused", 1),
        ("abort web --wait", 1),
    ]
    for line, status in course:
        outcome = call(line)
        assert outcome.status == status, (line, outcome)


@pytest.mark.parametrize("number", range(3))
def test_a_change_of_the_workload_is_not_taken_for_done_before_it_has_begun(
    sandbox: Sandbox, call: Callable[[str], Outcome], number: int
) -> None:
    """`set image` changes the Deployment: at that moment the rollout is healthy, and observed."""
    sandbox.load(MANIFESTS / "canary.yaml")
    assert call("wait rollout-canary").status == 0
    outcome = call(f"set image rollout-canary web=hello:{number}.9 --wait=paused")
    assert outcome.stdout == "deployment \"web\" image updated\nrollout 'rollout-canary' is paused\n"
    assert outcome.status == 0
    assert call("promote rollout-canary --wait").status == 0
    assert call("wait rollout-canary --for revision=2 --for weight=100").status == 0
    assert call("undo rollout-canary --wait").status == 5


def test_blue_green(sandbox: Sandbox, call: Callable[[str], Outcome]) -> None:
    sandbox.load(MANIFESTS / "bluegreen.yaml")
    found = call("wait rollout-bluegreen")
    assert found.status == 0, found
    outcome = call("set image rollout-bluegreen *=hello:9 --wait")
    assert outcome.status == 5
    assert "is paused until somebody promotes it (BlueGreenPause)" in outcome.stderr
    assert call("wait rollout-bluegreen --for step=1").status == 1
    assert call("promote rollout-bluegreen --wait").status == 0


def test_many_releases_at_once(sandbox: Sandbox, call: Callable[[str], Outcome], tmp_path: Path) -> None:
    names = [f"web-{number}" for number in range(12)]
    load(sandbox, tmp_path, *(rollout(CANARY, name) for name in names))
    assert call("wait --all").status == 0
    updated = call("set image --all web=web:2 --yes --wait=paused")
    assert updated.status == 0, updated
    assert updated.stdout.count("image updated") == updated.stdout.count("is paused") == 12
    promoted = call("promote --awaiting-promotion --yes --wait")
    assert promoted.status == 0, promoted
    assert promoted.stdout.count("is healthy") == 12
    assert promoted.stderr.endswith("12 of 12 done\n")


def job(command: str) -> Object:
    container = {"name": "c", "image": "job:1", "command": ["sh", "-c", command]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    metric = {"name": "job", "count": 1, "provider": {"job": {"spec": {"backoffLimit": 0, "template": template}}}}
    return {"metrics": [metric]}


def test_what_is_created_ended_and_retried_is_waited_for(
    sandbox: Sandbox, call: Callable[[str], Outcome], tmp_path: Path
) -> None:
    argo = {"apiVersion": "argoproj.io/v1alpha1"}
    objects = (
        rollout(CANARY),
        {**argo, "kind": "AnalysisTemplate", "metadata": {"name": "good"}, "spec": job("exit 0")},
        {**argo, "kind": "AnalysisTemplate", "metadata": {"name": "bad"}, "spec": job("exit 1")},
    )
    file = tmp_path / "all.yaml"
    file.write_text("# YAML\n" + "\n---\n".join(map(json.dumps, objects)))
    report = tmp_path / "report.xml"
    created = call(f"create -f {file} --wait --report={report}")
    assert (created.status, created.stdout.splitlines()[-1]) == (0, "rollout 'web' is healthy")
    assert 'name="web"' in report.read_text()
    good = call("create analysisrun --from good --name good-1 --wait")
    assert good.stdout == "analysisrun.argoproj.io/good-1 created\nanalysisRun 'good-1' is Successful\n"
    bad = call("create analysisrun --from bad --name bad-1 --wait")
    assert bad.status == 3
    assert "Error: analysisRun 'bad-1' is Failed: " in bad.stderr
    assert call("create analysisrun --from bad --wait=finished").status == 0
    assert call("create analysisrun --from good --wait=healthy").status == 1
    ended = call("terminate analysisrun good-1 bad-1 --wait")
    assert (ended.status, ended.stdout.count(" is ")) == (0, 2)
    assert call("terminate analysisrun nobody --wait").status == 6

    templates = [{"name": "a", "selector": {"matchLabels": {"app": "ex"}}, "template": {
        "metadata": {"labels": {"app": "ex"}}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}}]  # fmt: skip
    spec = {"duration": "20s", "templates": templates}
    file.write_text(json.dumps({**argo, "kind": "Experiment", "metadata": {"name": "ex"}, "spec": spec}))
    assert call(f"create -f {file} --wait").stdout.endswith("experiment 'ex' is Successful\n")
    retried = call("retry experiment ex --wait --timeout=1ms")
    assert (retried.status, retried.stdout) == (4, "experiment 'ex' retried\n")
    assert call("terminate experiment ex --wait").stdout.startswith("experiment 'ex' retried\nexperiment 'ex' is ")


def test_a_dry_run_of_every_action_leaves_everything_as_it_is(
    sandbox: Sandbox, call: Callable[[str], Outcome], tmp_path: Path
) -> None:
    load(sandbox, tmp_path, rollout(CANARY))
    for line in ("wait web", "set image web web=web:2 --wait=paused"):
        assert call(line).status == 0
    env = {"KUBECONFIG": str(tmp_path / "kubeconfig"), "HOME": str(tmp_path)}

    def stored() -> str:
        return run_cli("get", "rollout", "web", "-o", "jsonpath={.metadata.resourceVersion}", env=env).stdout

    assert sandbox.wait_idle()
    before = stored()
    actions = ("abort web", "pause web", "promote web", "promote web --full", "restart web", "resume web",
               "retry rollout web", "set image web web=web:3", "undo web")  # fmt: skip
    for action in actions:
        for mode in ("client", "server"):
            outcome = run_cli(*action.split(), f"--dry-run={mode}", "--diff", env=env)
            assert outcome.status == 0, (action, outcome)
            assert "dry run)" in outcome.stdout.splitlines()[0]
    assert stored() == before
    guarded = run_cli("set", "image", "web", "web=web:3", f"--resource-version={before}", env=env)
    assert guarded.status == 0, guarded
    late = run_cli("undo", "web", f"--resource-version={before}", env=env)
    assert (late.status, late.stderr.endswith(f"by now, not {before}\n")) == (1, True)


@pytest.mark.parametrize(
    ("strategy", "goal"),
    [
        ({"canary": {"steps": [{"pause": {}}] * 2}}, "step=1"),
        ({"blueGreen": {"activeService": "web", "autoPromotionEnabled": False}}, "healthy"),
    ],
    ids=["canary", "blueGreen"],
)
def test_a_pause_by_hand_at_a_pause(
    strategy: Object, goal: str, sandbox: Sandbox, call: Callable[[str], Outcome], tmp_path: Path
) -> None:
    """Both end with one promotion: the controller does not pause the step once more."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    load(sandbox, tmp_path, rollout(strategy), {**service, "spec": {"ports": [{"port": 80}]}})
    for line in ("wait web", "set image web web=web:2 --wait=paused", "pause web --wait"):
        assert call(line).status in (0, 5), line
    outcome = call(f"promote web --wait={goal}")
    assert (outcome.stdout.splitlines()[0], outcome.status) == ("rollout 'web' promoted", 0), outcome
