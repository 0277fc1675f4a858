"""The byte-exact samples of the specification (spec/view.md §12), coloured and not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.tree import experiment_screen, rollout_screen
from tests.support.objects import (
    DAY,
    NOON,
    ago,
    analysis_run,
    experiment,
    experiment_facts,
    facts,
    pod,
    replica_set,
    rollout,
)

Json = dict[str, Any]
TEMPLATE = "experiment.argoproj.io/template-name"


def shown(*values: Json, color: bool = False, now: float = NOON) -> list[str]:
    return write_screen(rollout_screen(facts(*values), now), color).split("\n")


def experiment_shown(*values: Json, color: bool = False) -> list[str]:
    return write_screen(experiment_screen(experiment_facts(*values), NOON), color).split("\n")


def blue_green() -> list[Json]:
    week: Json = {"age": 7 * DAY}
    name = "bluegreen-demo"
    values = [
        rollout(
            {"replicas": 3, "strategy": {"blueGreen": {}}},
            {
                "phase": "Paused",
                "message": "BlueGreenPause",
                "pauseConditions": [{"reason": "BlueGreenPause"}],
                "stableRS": "6cbccd9f99",
                "blueGreen": {"activeSelector": "6cbccd9f99", "previewSelector": "74b948fccb"},
                "replicas": 6,
                "updatedReplicas": 3,
                "readyReplicas": 6,
                "availableReplicas": 3,
            },
            name=name,
            **week,
        ),
        replica_set(f"{name}-74b948fccb", "74b948fccb", 11, owner=name, replicas=3, images=["demo:green"], **week),
        replica_set(f"{name}-6cbccd9f99", "6cbccd9f99", 10, owner=name, replicas=3, images=["demo:blue"], **week),
        replica_set(f"{name}-746d5fddf6", "746d5fddf6", 8, owner=name, replicas=0, images=["demo:red"], **week),
    ]
    values[0]["metadata"]["namespace"] = "jesse-test"
    for pod_hash, suffixes in (
        ("74b948fccb", ("5jz59", "mkhrl", "vvj2t")),
        ("6cbccd9f99", ("gk78v", "kxj8g", "t2d4f")),
    ):
        values.extend(pod(f"{name}-{pod_hash}-{one}", f"{name}-{pod_hash}", **week) for one in suffixes)
    return values


def test_blue_green() -> None:
    assert shown(*blue_green()) == [
        "Name:            bluegreen-demo",
        "Namespace:       jesse-test",
        "Status:          ॥ Paused",
        "Message:         BlueGreenPause",
        "Strategy:        BlueGreen",
        "Images:          demo:blue (stable, active)",
        "                 demo:green (preview)",
        "Replicas:",
        "  Desired:       3",
        "  Current:       6",
        "  Updated:       3",
        "  Ready:         6",
        "  Available:     3",
        "",
        "NAME                                        KIND        STATUS        AGE  INFO",
        "⟳ bluegreen-demo                            Rollout     ॥ Paused      7d   ",
        "├──# revision:11                                                           ",
        "│  └──⧉ bluegreen-demo-74b948fccb           ReplicaSet  ✔ Healthy     7d   preview",
        "│     ├──□ bluegreen-demo-74b948fccb-5jz59  Pod         ✔ Running     7d   ready:1/1",
        "│     ├──□ bluegreen-demo-74b948fccb-mkhrl  Pod         ✔ Running     7d   ready:1/1",
        "│     └──□ bluegreen-demo-74b948fccb-vvj2t  Pod         ✔ Running     7d   ready:1/1",
        "├──# revision:10                                                           ",
        "│  └──⧉ bluegreen-demo-6cbccd9f99           ReplicaSet  ✔ Healthy     7d   stable,active",
        "│     ├──□ bluegreen-demo-6cbccd9f99-gk78v  Pod         ✔ Running     7d   ready:1/1",
        "│     ├──□ bluegreen-demo-6cbccd9f99-kxj8g  Pod         ✔ Running     7d   ready:1/1",
        "│     └──□ bluegreen-demo-6cbccd9f99-t2d4f  Pod         ✔ Running     7d   ready:1/1",
        "└──# revision:8                                                            ",
        "   └──⧉ bluegreen-demo-746d5fddf6           ReplicaSet  • ScaledDown  7d   ",
        "",
    ]


def test_blue_green_with_colour() -> None:
    lines = shown(*blue_green(), color=True)
    assert lines[2] == "Status:          \x1b[0m॥\x1b[0m Paused"
    assert lines[5] == "Images:          demo:blue (\x1b[32mstable\x1b[0m, \x1b[32mactive\x1b[0m)"
    assert lines[6] == "                 demo:green (\x1b[94mpreview\x1b[0m)"
    assert lines[14:20] == [
        "NAME                                        KIND        STATUS        AGE  INFO",
        "⟳ bluegreen-demo                            Rollout     \x1b[0m॥\x1b[0m Paused      7d   ",
        "├──# revision:11                                                           ",
        "│  └──⧉ \x1b[94mbluegreen-demo-74b948fccb\x1b[0m           ReplicaSet  \x1b[32m✔\x1b[0m Healthy     "
        "7d   \x1b[94mpreview\x1b[0m",
        "│     ├──□ bluegreen-demo-74b948fccb-5jz59  Pod         \x1b[32m✔\x1b[0m Running     7d   ready:1/1",
        "│     ├──□ bluegreen-demo-74b948fccb-mkhrl  Pod         \x1b[32m✔\x1b[0m Running     7d   ready:1/1",
    ]
    assert lines[22] == (
        "│  └──⧉ \x1b[32m\x1b[32mbluegreen-demo-6cbccd9f99\x1b[0m\x1b[0m           ReplicaSet  "
        "\x1b[32m✔\x1b[0m Healthy     7d   \x1b[32mstable\x1b[0m,\x1b[32mactive\x1b[0m"
    )
    assert lines[27] == ("   └──⧉ bluegreen-demo-746d5fddf6           ReplicaSet  \x1b[0m•\x1b[0m ScaledDown  7d   ")


def test_ping_pong_with_colour() -> None:
    pull = {"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    lines = shown(
        rollout(
            {"strategy": {"canary": {"pingPong": {}}}},
            {"stableRS": "s", "currentPodHash": "c", "canary": {"stablePingPong": "pong"}},
            age=7 * DAY,
        ),
        replica_set("canary-demo-65fb5ffc84", "c", 2, status={"availableReplicas": 0}, age=7 * DAY),
        pod("canary-demo-65fb5ffc84-9wf5r", "canary-demo-65fb5ffc84", None, {"containerStatuses": [pull]}, age=7 * DAY),
        replica_set("canary-demo-877894d5b", "s", 1, age=7 * DAY),
        color=True,
    )
    full = len("│     └──□ canary-demo-65fb5ffc84-9wf5r  Pod         ⚠ ImagePullBackOff  7d   ")
    assert lines[-6:-1] == [
        "├──# revision:2".ljust(full),
        "│  └──⧉ \x1b[94m\x1b[33mcanary-demo-65fb5ffc84\x1b[0m\x1b[0m           ReplicaSet  "
        "\x1b[94m◌\x1b[0m Progressing       7d   \x1b[33mcanary\x1b[0m,\x1b[94mping\x1b[0m",
        "│     └──□ canary-demo-65fb5ffc84-9wf5r  Pod         \x1b[31m⚠\x1b[0m ImagePullBackOff  7d   ready:0/1",
        "└──# revision:1".ljust(full),
        "   └──⧉ \x1b[94m\x1b[32mcanary-demo-877894d5b\x1b[0m\x1b[0m            ReplicaSet  "
        "\x1b[32m✔\x1b[0m Healthy           7d   \x1b[32mstable\x1b[0m,\x1b[94mpong\x1b[0m",
    ]


def test_a_bare_rollout() -> None:
    assert shown(rollout()) == [
        "Name:            r",
        "Namespace:       ns",
        "Status:          ◌ Progressing",
        "Message:         more replicas need to be updated",
        "Strategy:        ",
        "Replicas:",
        "  Desired:       1",
        "  Current:       0",
        "  Updated:       0",
        "  Ready:         0",
        "  Available:     0",
        "",
        "NAME  KIND     STATUS         AGE  INFO",
        "⟳ r   Rollout  ◌ Progressing  60m  ",
        "",
    ]


def test_a_canary_without_an_index_has_an_empty_step() -> None:
    lines = shown(rollout({"strategy": {"canary": {"steps": [{"setWeight": 5}]}}}, {"phase": "Healthy"}))
    assert lines[3:7] == ["Strategy:        Canary", "  Step:          ", "  SetWeight:     5", "  ActualWeight:  0"]


@pytest.mark.parametrize(
    ("more", "tail"),
    [
        ({"annotations": {"scale-down-deadline": ago(-29)}}, "✔ Healthy      60m  stable,active,delay:29s"),
        ({"annotations": {"scale-down-deadline": ago(0)}}, "✔ Healthy      60m  stable,active,delay:0s"),
        ({"annotations": {"scale-down-deadline": "garbage"}}, "✔ Healthy      60m  stable,active,delay:"),
        ({"annotations": {"scale-down-deadline": ago(3600)}}, "✔ Healthy      60m  stable,active,delay:passed"),
        (
            {"annotations": {"scale-down-deadline": ago(-4 * 3600 + 1)}},
            "✔ Healthy      60m  stable,active,delay:3h59m",
        ),
        ({"annotations": {"scale-down-deadline": ""}}, "✔ Healthy      60m  stable,active"),
        (
            {"status": {"conditions": [{"type": "ReplicaFailure", "status": "True"}]}},
            "✖ ReplicaFailure  60m  stable,active",
        ),
    ],
)
def test_variants_of_a_replica_set(more: Json, tail: str) -> None:
    strategy = {"blueGreen": {}}
    lines = shown(
        rollout({"strategy": strategy}, {"stableRS": "h", "blueGreen": {"activeSelector": "h"}}),
        replica_set("rs", "h", **more),
    )
    assert lines[-2] == f"   └──⧉ rs       ReplicaSet  {tail}"


def test_a_replica_set_without_tags_may_have_a_delay() -> None:
    (line,) = shown(rollout(), replica_set("rs", "h", annotations={"scale-down-deadline": ago(-29)}), color=True)[-2:-1]
    assert line == "   └──⧉ rs       ReplicaSet  \x1b[32m✔\x1b[0m Healthy      60m  delay:29s"


def experiment_with_analysis() -> list[Json]:
    measured: Json = {
        "metadata": {"job-name": "j2"},
        "phase": "Running",
        "startedAt": ago(3600),
    }
    return [
        experiment("e1", status={"phase": "Running", "message": "template crashed"}),
        replica_set("e1-base", owner="e1", images=["img:1"], annotations={TEMPLATE: "baseline"}),
        replica_set("e1-canary", owner="e1", images=["img:1", "img:2"], annotations={TEMPLATE: "canary"}),
        replica_set("e1-none", owner="e1", replicas=0),
        analysis_run(
            "ar1",
            "e1",
            status={
                "phase": "Error",
                "metricResults": [
                    {
                        "name": "m",
                        "failed": 1,
                        "error": 5,
                        "measurements": [{"metadata": {"job-name": "j1"}, "phase": "Error"}, measured],
                    }
                ],
            },
        ),
    ]


def test_an_experiment() -> None:
    assert experiment_shown(*experiment_with_analysis()) == [
        "Name:            e1",
        "Namespace:       ns",
        "Status:          ◌ Running",
        "Message:         template crashed",
        "Images:          img:1 (Σ:baseline, Σ:canary)",
        "                 img:2 (Σ:canary)",
        "",
        "NAME            KIND         STATUS        AGE   INFO",
        "Σ e1            Experiment   ◌ Running     60m   ",
        "├──⧉ e1-base    ReplicaSet   ✔ Healthy     60m   ",
        "├──⧉ e1-canary  ReplicaSet   ✔ Healthy     60m   ",
        "├──⧉ e1-none    ReplicaSet   • ScaledDown  60m   ",
        "└──α ar1        AnalysisRun  ⚠ Error       60m   ✖ 1,⚠ 5",
        "   ├──⊞ j1      Job          ⚠ Error       292y  ",
        "   └──⊞ j2      Job          ◌ Running     60m   ",
        "",
    ]


def test_an_experiment_with_colour() -> None:
    lines = experiment_shown(*experiment_with_analysis(), color=True)
    assert lines[4] == "Images:          img:1 (\x1b[0mΣ:baseline\x1b[0m, \x1b[0mΣ:canary\x1b[0m)"
    assert lines[8] == "Σ \x1b[94me1\x1b[0m            Experiment   \x1b[94m◌\x1b[0m Running     60m   "
    assert lines[12] == (
        "└──α \x1b[0mar1\x1b[0m        AnalysisRun  \x1b[31m⚠\x1b[0m Error       60m   "
        "\x1b[31m✖\x1b[0m 1,\x1b[31m⚠\x1b[0m 5"
    )
    assert lines[14] == "   └──⊞ \x1b[94mj2\x1b[0m      Job          \x1b[94m◌\x1b[0m Running     60m   "


def test_an_experiment_that_says_nothing() -> None:
    assert experiment_shown(experiment("e", status={})) == [
        "Name:            e",
        "Namespace:       ns",
        "Status:            ",
        "",
        "NAME  KIND        STATUS  AGE  INFO",
        "Σ e   Experiment          60m  ",
        "",
    ]
    assert experiment_shown(experiment("e", status={}), color=True)[2] == "Status:          \x1b[0m \x1b[0m "


def test_all_there_is_below_a_revision() -> None:
    results = {"name": "m", "successful": 4, "failed": 4, "inconclusive": 1, "error": 1}
    lines = shown(
        rollout({"strategy": {"canary": {}}}, {"stableRS": "s", "currentPodHash": "c"}),
        replica_set("new", "c", 2),
        pod("new-pod", "new"),
        experiment("exp", revision=2),
        replica_set("exp-base", "x", owner="exp"),
        pod("exp-base-pod", "exp-base"),
        analysis_run("exp-ar", "exp"),
        analysis_run("ar", revision=2, status={"phase": "Inconclusive", "metricResults": [results]}),
        replica_set("old", "s", 1),
    )
    assert [re.split(r" {2,}(?![│├└])", line.rstrip()) for line in lines[lines.index("") + 1 : -1]] == [
        ["NAME", "KIND", "STATUS", "AGE", "INFO"],
        ["⟳ r", "Rollout", "◌ Progressing", "60m"],
        ["├──# revision:2"],
        ["│  ├──⧉ new", "ReplicaSet", "✔ Healthy", "60m", "canary"],
        ["│  │  └──□ new-pod", "Pod", "✔ Running", "60m", "ready:1/1"],
        ["│  ├──Σ exp", "Experiment", "◌ Running", "60m"],
        ["│  │  ├──⧉ exp-base", "ReplicaSet", "✔ Healthy", "60m"],
        ["│  │  │  └──□ exp-base-pod", "Pod", "✔ Running", "60m", "ready:1/1"],
        ["│  │  └──α exp-ar", "AnalysisRun", "◌ Running", "60m"],
        ["│  └──α ar", "AnalysisRun", "? Inconclusive", "60m", "✔ 4,✖ 4,? 1,⚠ 1"],
        ["└──# revision:1"],
        ["", " └──⧉ old", "ReplicaSet", "✔ Healthy", "60m", "stable"],
    ]


def test_only_canary_of_the_parts_that_exclude_each_other_is_shown() -> None:
    strategy = {"canary": {"pingPong": {}}, "blueGreen": {}}
    status = {"stableRS": "s", "currentPodHash": "h", "blueGreen": {"activeSelector": "h"}}
    lines = shown(rollout({"strategy": strategy}, status), replica_set("rs", "h", images=["i"]))
    assert lines[-2].endswith("60m  canary,ping")
    assert "Images:          i (canary, active, ping)" in lines


def test_restarts_are_told_when_there_are_some() -> None:
    crashed = {"name": "c", "ready": True, "restartCount": 3, "state": {"running": {}}}
    lines = shown(
        rollout(), replica_set("rs"), pod("p", "rs", None, {"phase": "Running", "containerStatuses": [crashed]})
    )
    assert lines[-2].endswith("ready:1/1,restarts:3")


def test_what_the_cluster_says_is_shown_not_obeyed() -> None:
    odd = "\x1b[31mx\u202e\n\t"
    lines = shown(
        rollout({}, {"phase": f"P{odd}", "message": f"one\ntwo{odd}"}, name=f"r{odd}"),
        replica_set(f"rs{odd}", owner=f"r{odd}", images=[f"img{odd}"]),
        pod(f"p{odd}", f"rs{odd}", None, {"phase": f"P{odd}"}),
    )
    text = "\n".join(lines)
    safe = r"\x1b[31mx\u202e\n\t"
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert lines[0] == f"Name:            r{safe}"
    assert lines[2] == f"Status:            P{safe}"
    assert lines[3:6] == ["Message:         one", r"two\x1b[31mx\u202e", r"\t"]
    assert f"Images:          img{safe}" in lines
    # Columns are as wide as what is shown.
    titles = next(line for line in lines if line.startswith("NAME"))
    (row,) = [line for line in lines if "□" in line]
    assert row.index("Pod") == titles.index("KIND")
    assert row.index(f"  P{safe}") == titles.index("STATUS")
