"""`wait` as typed: old statuses, endings, several rollouts, faults, what a log, a pipeline and a report say."""

from __future__ import annotations

import copy
import random
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_server import ApiServer
from tests.support.cli import Outcome, run_cli

Object = dict[str, Any]


def rollout(name: str = "web", phase: str = "Healthy", message: str = "", **status: Any) -> Object:
    return {
        "kind": "Rollout",
        "metadata": {"name": name, "generation": 1, "labels": {"team": "a"}},
        "spec": {"replicas": 1, "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}},
        "status": {
            "observedGeneration": "1",
            "phase": phase,
            "message": message,
            "currentPodHash": "a",
            "stableRS": "a" if phase == "Healthy" else "b",
            "currentStepIndex": 2 if phase == "Healthy" else 0,
            **status,
        },
    }


PAUSED: Object = {"phase": "Paused", "message": "CanaryPauseStep", "currentStepIndex": 1,
          "pauseConditions": [{"reason": "CanaryPauseStep"}], "controllerPause": True}  # fmt: skip
ABORTED: Object = {
    "phase": "Degraded",
    "message": "RolloutAborted: Rollout aborted update to revision 2",
    "abort": True,
}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


@pytest.fixture
def wait(server: ApiServer, tmp_path: Path) -> Callable[..., Outcome]:
    config = tmp_path / "kubeconfig"
    config.write_text(server.kubeconfig())

    def run(*args: str, command: str = "wait", meanwhile: Callable[[], None] | None = None, **how: Any) -> Outcome:
        """Run the command; `meanwhile` runs beside it, once it watches."""
        failed: list[BaseException] = []

        def beside() -> None:
            try:
                assert server.wait_watching(1)
                assert meanwhile is not None
                meanwhile()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=beside, daemon=True)
        if meanwhile is not None:
            thread.start()
        env = {"KUBECONFIG": str(config), "HOME": str(tmp_path)}
        outcome = run_cli(*command.split(), *args, env=env, **how)
        if meanwhile is not None:
            thread.join(10)
        assert not failed, failed
        return outcome

    return run


# --- Old statuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workload", [False, True], ids=["generation", "generation of the workload"])
def test_the_status_of_the_previous_generation_is_never_believed(
    server: ApiServer, wait: Callable[..., Outcome], workload: bool
) -> None:
    """A new version is there and not yet observed; what the status says is of the old one. 100 times of 100."""
    chance = random.Random(8)
    for number in range(100):
        name = f"web-{number}"
        started = rollout(name)
        if workload:
            started["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
            server.put({"kind": "Deployment", "metadata": {"name": name, "generation": 10}, "spec": {}})
            annotation = {"rollout.argoproj.io/workload-generation": "9"}
            server.put({**started, "metadata": {**started["metadata"], "annotations": annotation}})
            server.patch("Rollout", name, {"status": {"workloadObservedGeneration": "9"}})
        else:
            started["metadata"]["generation"] = 10
            started["status"]["observedGeneration"] = "9"
            server.put(started)
        told = threading.Event()
        early: list[bool] = []
        seen: list[str] = []

        def meanwhile(name: str = name, told: threading.Event = told, early: list[bool] = early) -> None:
            for step in range(chance.randrange(4)):  # changes that are none of the controller's
                server.patch("Rollout", name, {"metadata": {"labels": {"step": str(step)}}})
            if workload:
                annotation = {"rollout.argoproj.io/workload-generation": "10"}
                server.patch("Rollout", name, {"metadata": {"annotations": annotation}})
            early.append(told.is_set())
            now = {"workloadObservedGeneration": "10"} if workload else {"observedGeneration": "10"}
            server.patch("Rollout", name, {"status": {**now, "phase": "Progressing", "message": "on its way"}})
            early.append(told.is_set())
            server.patch("Rollout", name, {"status": {"phase": "Healthy", "message": ""}})

        outcome = wait(name, meanwhile=meanwhile)
        told.set()
        seen = outcome.stderr.splitlines()
        assert outcome.status == 0, number
        assert outcome.stdout == f"rollout '{name}' is healthy\n"
        assert early == [False, False]
        assert "waiting for rollout spec update to be observed" in seen[0]
        assert "Healthy" in seen[-1]
        server.cut_watches()
        with server.lock:
            server.lock.wait_for(lambda: server.watching == 0, 5)


def test_an_action_that_is_waited_for_is_not_deceived_by_the_status_before_it(
    server: ApiServer, wait: Callable[..., Outcome]
) -> None:
    """`retry` changes the status alone: no generation tells that "aborted" is over."""
    server.put(rollout(**ABORTED, abortedAt="2026-01-01T00:00:00Z"))

    def controller() -> None:
        server.patch("Rollout", "web", {"metadata": {"labels": {"x": "y"}}})
        server.patch("Rollout", "web", {"status": {"phase": "Progressing", "abortedAt": None, "message": "new pods"}})
        server.patch("Rollout", "web", {"status": {"phase": "Healthy", "message": ""}})

    outcome = wait("web", "--wait", command="retry rollout", meanwhile=controller)
    assert (outcome.stdout, outcome.status) == ("rollout 'web' retried\nrollout 'web' is healthy\n", 0)


# --- Endings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "args", "expected", "error"),
    [
        ({}, (), 0, ""),
        (ABORTED, (), 3, "rollout 'web' is aborted: RolloutAborted: Rollout aborted update to revision 2"),
        ({"phase": "Degraded", "message": "InvalidSpec: x"}, (), 3, "rollout 'web' is degraded: InvalidSpec: x"),
        (PAUSED, (), 5, "rollout 'web' is paused at step 1/2 until somebody promotes it (CanaryPauseStep)"),
        (PAUSED, ("--for", "paused"), 0, ""),
        (PAUSED, ("--for", "paused", "--for=step=1", "--for=weight=50"), 0, ""),
        (PAUSED, ("--through-pauses", "--timeout=50ms"), 4,
         "rollout 'web' timed out after 0.05s: Paused - CanaryPauseStep (step 1/2, weight 50)"),
        ({"phase": "Progressing", "message": "new pods"}, ("-t", "50ms"), 4,
         "rollout 'web' timed out after 0.05s: Progressing - new pods (step 0/2, weight 0)"),
        ({}, ("--for=deleted", "--for=healthy", "--any"), 0, ""),
        ({}, ("--for=step=9",), 1, "rollout 'web' has 2 steps"),
        ({}, ("--for=nonsense",), 1, 'cannot wait for "nonsense": goals are '),
        ({}, ("--timeout=-1s",), 1, "--timeout may not be negative"),
    ],
)  # fmt: skip
def test_exit_statuses(
    server: ApiServer, wait: Callable[..., Outcome], status: Object, args: tuple[str, ...], expected: int, error: str
) -> None:
    server.put(rollout(**status))
    outcome = wait("web", *args)
    assert outcome.status == expected
    assert (f"Error: {error}" in outcome.stderr) if error else ("Error" not in outcome.stderr)
    assert bool(outcome.stdout) == (expected == 0)


def test_what_is_not_there_and_what_may_not_be_seen(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    missing = wait("web")
    assert (missing.status, missing.stderr) == (6, "Error: rollout 'web' not found\n")
    assert wait("web", "--for", "deleted").stdout == "rollout 'web' is deleted\n"
    server.rule("GET .*/rollouts", status=403, reason="Forbidden", message="you may not")
    forbidden = wait("web")
    assert (forbidden.status, forbidden.stderr) == (7, "Error: you may not\n")


def test_a_rollout_that_goes_away(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(phase="Progressing"))
    gone = wait("web", meanwhile=lambda: server.delete("Rollout", "web"))
    assert (gone.status, gone.stdout) == (6, "")
    server.put(rollout(phase="Progressing"))
    assert wait("web", "--for=deleted", meanwhile=lambda: server.delete("Rollout", "web")).status == 0


def test_a_degraded_state_that_passes_is_tolerated(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(phase="Degraded", message="InvalidSpec: x"))

    def heals() -> None:
        server.patch("Rollout", "web", {"status": {"phase": "Healthy", "message": ""}})

    assert wait("web", "--tolerate", "30s", meanwhile=heals).status == 0
    server.put(rollout(phase="Degraded", message="InvalidSpec: x"))
    lasting = wait("web", "--tolerate", "100ms")
    assert (lasting.status, lasting.stderr.splitlines()[-1]) == (3, "Error: rollout 'web' is degraded: InvalidSpec: x")


def test_an_abort_is_final_however_much_is_tolerated(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(**ABORTED))
    assert wait("web", "--tolerate", "1h").status == 3


def test_an_analysis_is_waited_for(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(phase="Progressing"))

    def run(phase: str) -> Object:
        labels = {"rollout-type": "Step", "rollouts-pod-template-hash": "a"}
        owner = {"kind": "Rollout", "name": "web", "uid": "uid-Rollout-web", "controller": True}
        meta = {"name": "web-a-2-1", "labels": labels, "ownerReferences": [owner]}
        return {"kind": "AnalysisRun", "metadata": meta, "status": {"phase": phase, "message": "3 > 2"}}

    server.put(run("Running"))
    good = wait("web", "--for=analysis=step=successful", meanwhile=lambda: server.put(run("Successful")) and None)
    assert (good.status, good.stdout) == (0, "rollout 'web' reached analysis=step=successful\n")
    server.put(run("Running"))
    bad = wait("web", "--for=analysis=step=successful", meanwhile=lambda: server.put(run("Failed")) and None)
    assert bad.status == 3
    assert bad.stderr.endswith("Error: rollout 'web' analysis run web-a-2-1 is Failed: 3 > 2\n")


# --- Several -------------------------------------------------------------------------------------------------------


def test_several_share_a_status_or_get_1(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    server.put(rollout("b", **ABORTED))
    server.put(rollout("c", **PAUSED))
    assert wait("a").status == 0
    assert wait("a", "b").status == 3
    outcome = wait("a", "b", "c")
    assert outcome.status == 1
    assert outcome.stdout == "rollout 'a' is healthy\n"
    assert outcome.stderr.count("Error: ") == 2


def test_many_share_one_watch(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    names = [f"web-{number}" for number in range(30)]
    for name in names:
        server.put(rollout(name, phase="Progressing"))

    def heal() -> None:
        for name in names:
            server.patch("Rollout", name, {"status": {"phase": "Healthy"}})

    outcome = wait("-l", "team=a", meanwhile=heal)
    assert outcome.status == 0
    assert sorted(outcome.stdout.splitlines()) == sorted(f"rollout '{name}' is healthy" for name in names)
    assert len(server.requests(watch=True)) == 1


def test_a_selection(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    other = rollout("b", **PAUSED)
    other["metadata"] |= {"labels": {"team": "b"}, "namespace": "other"}
    server.put(other)
    assert wait("--all").stdout == "rollout 'a' is healthy\n"
    both = wait("-A", "--for=healthy", "--for=paused", "--any")
    assert both.stdout == "rollout 'default/a' reached healthy or paused\nrollout 'other/b' reached healthy or paused\n"
    assert wait("-A", "--awaiting-promotion", "--for=paused").stdout == "rollout 'other/b' is paused\n"
    assert wait("-A", "--phase=Healthy,degraded").stdout == "rollout 'default/a' is healthy\n"
    nothing = wait("-l", "team=c")
    assert (nothing.status, nothing.stderr) == (6, 'Error: no rollouts match in namespace "default"\n')
    nobody = wait("--phase=paused")
    assert (nobody.status, nobody.stderr) == (0, "No rollout is in that state now.\n")
    assert wait("a", "--all").stderr == "Error: a name and --all exclude each other\n"
    assert wait("--phase=fine").status == 1
    assert wait().status == 1


# --- Faults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["close", "reset", "midline", "410", "500"])
def test_watches_that_break_are_taken_up_again(server: ApiServer, wait: Callable[..., Outcome], how: str) -> None:
    server.put(rollout(phase="Progressing"))

    def trouble() -> None:
        server.cut_watches(how)
        server.patch("Rollout", "web", {"status": {"phase": "Healthy"}})

    assert wait("web", meanwhile=trouble).status == 0


def test_an_object_that_makes_no_sense(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    broken = rollout()
    broken["status"]["phase"] = {"no": "text"}
    server.put(broken)
    outcome = wait("web")
    assert outcome.status == 1
    assert outcome.stderr.startswith(
        "Error: rollout 'web' cannot be judged: rollout \"web\" cannot be understood: Expected `str | null`"
    )


def test_a_path_that_does_not_fit_one_of_them(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout("a", conditions=[]))
    server.put(rollout("b", conditions=[{"type": "Available"}]))
    outcome = wait("a", "b", "--for", "jsonpath={.status.conditions[0].type}=Available")
    assert outcome.stdout == "rollout 'b' reached jsonpath={.status.conditions[0].type}=Available\n"
    assert "Error: rollout 'a' cannot be judged: " in outcome.stderr
    assert outcome.status == 1
    assert wait("a", "--for", "jsonpath={.status[}=y").status == 1


# --- Logs and reports ----------------------------------------------------------------------------------------------


def test_annotations_of_github_cannot_be_forged(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(phase="Degraded", message="100%\n::error::forged\x1b[2J"))
    server.put(rollout("ok"))
    outcome = wait("web", "ok", "--log-format=github")
    assert outcome.stdout == "::notice title=wait ok::rollout 'ok' is healthy\n"
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("::")]
    assert lines == ["::error title=wait web::rollout 'web' is degraded: 100%25 ::error::forged\\x1b[2J"]
    assert wait("web", "--log-format=gitlab").status == 1


def test_a_difference_cannot_forge_annotations(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    forged = rollout(phase="Paused", message="##[error]forged")
    forged["spec"]["paused"] = False
    forged["spec"]["note"] = "a\n::error::forged"
    server.put(forged)
    outcome = wait("web", "--diff", "--log-format=github", command="pause")
    assert outcome.status == 0
    lines = [line.strip() for line in outcome.stdout.splitlines()]
    assert [line for line in lines if line.startswith("::")] == ["::notice title=pause web::rollout 'web' paused"]
    assert any("::error::forged" in line for line in lines)
    progress = wait("web", "--for=degraded", "--timeout=10ms", "--log-format=github").stderr
    assert "##[" not in progress.partition("::error")[0]


def test_the_server_cannot_forge_annotations_either(
    server: ApiServer, wait: Callable[..., Outcome], tmp_path: Path
) -> None:
    server.rule("GET", status=500, reason="InternalError", message="no\n::error::forged")
    outcome = wait("web", "--log-format=github", f"--report={tmp_path / 'r.xml'}")
    assert (outcome.status, outcome.stderr) == (1, "::error title=wait::no%0A::error::forged\n")
    [case] = ET.fromstring((tmp_path / "r.xml").read_text()).iter("testcase")
    assert case.find("failure") is not None


def test_the_report_is_junit_xml(server: ApiServer, wait: Callable[..., Outcome], tmp_path: Path) -> None:
    server.put(rollout(phase="Degraded", message='<bad> & "worse" \x00'))
    server.put(rollout("ok"))
    report = tmp_path / "wait.xml"
    assert wait("web", "ok", f"--report={report}").status == 3
    suites = ET.fromstring(report.read_text())
    assert suites.attrib["tests"] == "2"
    cases = {case.attrib["name"]: case for case in suites.iter("testcase")}
    assert cases["ok"].find("failure") is None
    failure = cases["web"].find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "rollout 'web' is degraded: <bad> & \"worse\" \\x00"
    assert failure.attrib["type"] == "exit status 3"
    assert failure.text == failure.attrib["message"]
    assert suites[0].attrib["skipped"] == "0"
    assert wait("web", "--report=/nowhere/x.xml").stderr.startswith("Error: cannot write /nowhere/x.xml: ")


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("wait -l team=none", 6, 'no rollouts match in namespace "default"'),
        ("wait", 1, "expected ROLLOUT_NAME [ROLLOUT_NAME ...], got nothing"),
        ("pause --all", 1, "4 rollouts match: say --yes to pause more than 3 without a question"),
        ("promote -l team=none", 1, 'no rollouts match in namespace "default"'),
        ("promote -l team=none --wait", 6, 'no rollouts match in namespace "default"'),
    ],
)
def test_a_line_that_fails_as_a_whole_leaves_no_older_report(
    server: ApiServer, wait: Callable[..., Outcome], tmp_path: Path, line: str, status: int, text: str
) -> None:
    for name in "abcd":
        server.put(rollout(name))
    report = tmp_path / "old.xml"
    report.write_text("<testsuites/>")
    outcome = wait(*line.split()[1:], f"--report={report}", "--log-format=github", command=line.split()[0])
    assert outcome == ("", f"::error title={line.split()[0]}::{text}\n", status)
    [case] = ET.fromstring(report.read_text()).iter("testcase")
    failure = case.find("failure")
    assert failure is not None
    assert (case.attrib["name"], failure.attrib["message"]) == (line.split()[0], text)


def test_a_report_of_nothing_to_do_has_a_case(server: ApiServer, wait: Callable[..., Outcome], tmp_path: Path) -> None:
    server.put(rollout())
    report = tmp_path / "r.xml"
    for command in ("wait", "promote"):
        assert wait("--phase=degraded", f"--report={report}", command=command).status == 0
        suites = ET.fromstring(report.read_text())
        [case] = suites.iter("testcase")
        assert case.find("skipped") is not None
        assert suites[0].attrib["tests"] == suites[0].attrib["skipped"] == "1"


def test_a_terminal_gets_one_line_that_changes(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(phase="Progressing", message="a\x1b[31mb"))

    def on() -> None:
        server.patch("Rollout", "web", {"status": {"message": "more"}})
        server.patch("Rollout", "web", {"status": {"phase": "Healthy", "message": ""}})

    outcome = wait("web", meanwhile=on, terminal=True)
    assert "\n" not in outcome.stderr
    assert outcome.stderr.count("\r\x1b[K") >= 3
    assert outcome.stderr.endswith("\r\x1b[K")
    assert "\x1b[31m" not in outcome.stderr
    assert outcome.stdout == "rollout 'web' is healthy\n"


# --- Actions and readers that wait ---------------------------------------------------------------------------------


def test_flags_that_go_together(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout())
    assert wait("web", "--timeout=1s", command="pause").stderr == "Error: --timeout needs --wait\n"
    assert wait("web", "--wait", "--dry-run", command="pause").status == 1
    assert wait("web", "--wait=soon", command="pause").stderr.startswith('Error: cannot wait for "soon"')
    assert [request.method for request in server.requests() if request.method != "GET"] == []


def test_an_action_that_fails_is_not_waited_for(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    outcome = wait("web", "--wait", command="abort")
    assert (outcome.status, outcome.stdout) == (6, "")
    assert outcome.stderr == 'Error: rollouts.argoproj.io "web" not found\n'
    assert wait("web", command="abort").status == 1
    assert wait("web", "--exit-code", command="abort").status == 6


def test_abort_of_what_is_healthy_says_so(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout())
    outcome = wait("web", "--wait", command="abort", meanwhile=lambda: _clear(server))
    assert outcome.status == 1
    assert outcome.stderr.endswith("Error: rollout 'web' is healthy: there was nothing to abort\n")


def _clear(server: ApiServer) -> None:
    server.patch("Rollout", "web", {"status": {"abort": None}})


def test_get_until(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(phase="Progressing", message="new pods"))

    def on() -> None:
        server.patch("Rollout", "web", {"status": {"phase": "Healthy", "message": ""}})

    outcome = wait("web", "-w", "--until=healthy", command="get rollout", meanwhile=on)
    assert outcome.status == 0
    assert "Healthy" in outcome.stdout.rpartition("\x1b[2J")[2]
    assert outcome.stderr.endswith("rollout 'web' is healthy\n")
    server.put(rollout(**ABORTED))
    assert wait("web", "-w", "--until=healthy", command="get rollout").status == 1
    assert wait("web", "-w", "--until=healthy", "--exit-code", command="get rollout").status == 3
    assert wait("web", "--until=healthy", command="get rollout").stderr == "Error: --until needs --watch\n"


def test_get_until_a_rollout_is_deleted(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(phase="Progressing"))
    gone = wait(
        "web", "-w", "--until=deleted", command="get rollout", meanwhile=lambda: server.delete("Rollout", "web")
    )
    assert (gone.status, gone.stderr.splitlines()[-1]) == (0, "rollout 'web' is deleted")
    before = wait("web", "-w", "--until=deleted", command="get rollout")
    assert before == ("", "rollout 'web' is deleted\n", 0)


def test_get_until_ends_in_time(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(phase="Progressing"))
    line = ("web", "-w", "--until=healthy", "--timeout-seconds=1")
    assert wait(*line, command="get rollout").status == 1
    assert wait(*line, "--exit-code", command="get rollout").status == 4


def test_status_with_more_endings(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout(**PAUSED))
    outcome = wait("web", "--success-on-pause", command="status")
    assert (outcome.stdout, outcome.status) == ("Paused - CanaryPauseStep\n", 0)
    server.put(rollout(phase="Progressing", abort=True))
    outcome = wait("web", "--fail-on-abort", command="status")
    assert (outcome.status, outcome.stderr) == (1, "Error: The rollout was aborted: \n")
    assert wait("web", "--fail-on-abort", "--exit-code", command="status").status == 3


@pytest.mark.parametrize(
    ("status", "plain", "exact"),
    [({}, 0, 0), (ABORTED, 1, 3), (PAUSED, 0, 5), ({"phase": "Progressing"}, 0, 0)],
)
def test_exact_statuses_of_status_and_get(
    server: ApiServer, wait: Callable[..., Outcome], status: Object, plain: int, exact: int
) -> None:
    server.put(rollout(**copy.deepcopy(status)))
    assert wait("web", "--watch=false", command="status").status == plain
    assert wait("web", "--watch=false", "--exit-code", command="status").status == exact
    assert wait("web", command="get rollout").status == 0
    assert wait("web", "--exit-code", command="get rollout").status == exact


def test_status_that_times_out_or_finds_nothing(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    assert wait("web", "--exit-code", command="status").status == 6
    assert wait("web", "--exit-code", command="get rollout").status == 6
    server.put(rollout(phase="Progressing"))
    assert wait("web", "--timeout=50ms", command="status").status == 1
    assert wait("web", "--timeout=50ms", "--exit-code", command="status").status == 4
    server.rule("GET .*/rollouts", status=403, reason="Forbidden", message="you may not")
    assert wait("web", "--exit-code", command="status").status == 7


def test_status_of_many(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    server.put(rollout("b", **ABORTED))
    once = wait("--all", "--watch=false", command="status")
    assert once.stdout == "a: Healthy\nb: Degraded - RolloutAborted: Rollout aborted update to revision 2\n"
    assert once.status == 1
    settled = wait("--all", "--exit-code", command="status")
    assert (settled.stdout, settled.status) == ("a: Healthy (step 2/2, weight 100)\n", 3)
    assert wait("-l", "team=a", "--phase=healthy", command="status").status == 0


@pytest.mark.parametrize("form", [(), ("-o=name",)], ids=["text", "objects"])
@pytest.mark.parametrize("command", ["get rollout", "status"])
def test_exact_statuses_of_many_that_are_shown(
    server: ApiServer, wait: Callable[..., Outcome], command: str, form: tuple[str, ...]
) -> None:
    once = ("--watch=false",) if command == "status" else ()
    server.put(rollout("a"))
    server.put(rollout("b", **PAUSED))
    assert wait("--all", *once, *form, command=command).status == 0
    assert wait("--all", *once, *form, "--exit-code", command=command).status == 5
    server.put(rollout("c", **ABORTED))
    assert wait("--phase=healthy,degraded", *once, *form, "--exit-code", command=command).status == 3
    assert wait("--all", *once, *form, "--exit-code", command=command).status == 1
    assert wait("--all", *once, *form, command=command).status == (1 if once else 0)


def test_list_and_get_of_a_selection(server: ApiServer, wait: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    other = rollout("b", **PAUSED)
    other["metadata"]["labels"] = {"team": "b"}
    server.put(other)
    assert [line.split()[0] for line in wait("-l", "team=b", command="list rollouts").stdout.splitlines()][1:] == ["b"]
    awaiting = wait("--awaiting-promotion", command="list rollouts")
    assert [line.split()[0] for line in awaiting.stdout.splitlines()][1:] == ["b"]
    assert wait("-l", "team=c", command="list rollouts") == ("", "No resources found.\n", 0)
    screens = wait("--all", "--no-color", command="get rollout")
    assert screens.status == 0
    assert [line.split()[1] for line in screens.stdout.splitlines() if line.startswith("Name:")] == ["a", "b"]
