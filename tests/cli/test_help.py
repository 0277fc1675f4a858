"""Usage, help and unknown words (spec/commands.md §2.1-2.3, §11)."""

from __future__ import annotations

import re

import pytest

from kubectl_rollouts.cli.tree import GLOBAL_FLAGS, all_commands, child, children, own_flags
from tests.support.cli import run_cli, run_process
from tests.support.on_terminal import on_terminal

ARGO = "kubectl-argo-rollouts"
VISIBLE = [command for command in all_commands() if not command.hidden]


def test_nothing_at_all_is_a_usage_error() -> None:
    outcome = run_cli(program=ARGO)
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert outcome.stderr.startswith(
        "Usage:\n  kubectl-argo-rollouts COMMAND [flags]\n  kubectl-argo-rollouts [command]\n\n"
    )
    assert "Error" not in outcome.stderr


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("abort", "abort ROLLOUT_NAME [flags]"),
        ("pause", "pause ROLLOUT_NAME [flags]"),
        ("promote", "promote ROLLOUT_NAME [flags]"),
        ("promote a b", "promote ROLLOUT_NAME [flags]"),
        ("restart", "restart ROLLOUT [flags]"),
        ("retry", "retry <rollout|experiment> RESOURCE_NAME [flags]\n  kubectl-argo-rollouts retry [command]"),
        ("retry rollout", "retry rollout ROLLOUT_NAME [flags]\n\nAliases:\n  rollout, ro, rollouts\n"),
        ("retry exp", "retry experiment EXPERIMENT_NAME [flags]\n\nAliases:\n  experiment, exp, experiments\n"),
        ("terminate", "terminate <analysisrun|experiment> RESOURCE_NAME [flags]"),
        (
            "terminate ar",
            "terminate analysisrun ANALYSISRUN_NAME [flags]\n\nAliases:\n  analysisrun, ar, analysisruns\n",
        ),
        ("set", "set COMMAND [flags]"),
        ("set image", "set image ROLLOUT_NAME CONTAINER=IMAGE [flags]"),
        ("set image guestbook", "set image ROLLOUT_NAME CONTAINER=IMAGE [flags]"),
        ("set image guestbook forgot-equals-sign", "set image ROLLOUT_NAME CONTAINER=IMAGE [flags]"),
        ("set image guestbook too=many=equals=signs", "set image ROLLOUT_NAME CONTAINER=IMAGE [flags]"),
        ("undo", "undo ROLLOUT_NAME [flags]"),
        ("status", "status ROLLOUT_NAME [flags]"),
        ("status a --watch false", "status ROLLOUT_NAME [flags]"),
        ("list", "list <rollout|experiment> [flags]\n  kubectl-argo-rollouts list [command]\n"),
        ("list foo", "list <rollout|experiment> [flags]\n  kubectl-argo-rollouts list [command]\n"),
        ("get", "get <rollout|experiment> RESOURCE_NAME [flags]\n  kubectl-argo-rollouts get [command]\n"),
        ("get rollout", "get rollout ROLLOUT_NAME [flags]\n\nAliases:\n  rollout, ro, rollouts\n"),
        ("get ro a b", "get rollout ROLLOUT_NAME [flags]\n\nAliases:\n  rollout, ro, rollouts\n"),
        ("get experiment", "get experiment EXPERIMENT_NAME [flags]\n\nAliases:\n  experiment, exp, experiments\n"),
        ("create", "create [flags]\n  kubectl-argo-rollouts create [command]\n"),
        ("create foo", "create [flags]\n  kubectl-argo-rollouts create [command]\n"),
        ("-- get rollout a", "COMMAND [flags]"),
    ],
)
def test_usage_errors(words: str, usage: str) -> None:
    outcome = run_cli(*words.split(), program=ARGO)
    assert (outcome.stdout, outcome.status) == ("", 1)
    reason, mark, text = outcome.stderr.partition(f"Usage:\n  kubectl-argo-rollouts {usage}")
    assert mark, outcome.stderr
    assert re.fullmatch(r"(Error: [^\n]+\n\n)?", reason)
    assert text.rstrip("\n").splitlines()[-1].startswith(("      --user", "Use "))


def test_on_a_terminal_a_line_stands_for_the_global_flags() -> None:
    with on_terminal("promote", "-h", columns=120, rows=60) as terminal:
        terminal.end()
    assert 'Use "kubectl rollouts options" for the flags that every command takes.' in terminal.text
    assert "--full" in terminal.text
    assert "--kubeconfig" not in terminal.text
    assert "--kubeconfig" in run_cli("promote", "-h").stdout


@pytest.mark.parametrize("words", [["promote"], ["set", "image", "web", "x"], ["get", "foo"], ["undo", "a", "b"]])
def test_on_a_terminal_the_reason_of_a_usage_error_stays_in_sight(words: list[str]) -> None:
    with on_terminal(*words, columns=80, rows=24) as terminal:
        assert terminal.end() == 1
    assert terminal.lines[0].startswith("Error: ")
    assert "Usage:" in terminal.text
    assert "--help" in terminal.text


def test_the_blocks_of_a_usage_text() -> None:
    text = run_cli("get", program=ARGO).stderr
    heads = re.findall(r"(?:^|\n\n)(\w[\w ]*):\n", text)
    assert heads == ["Usage", "Examples", "Available Commands", "Flags", "Global Flags"]
    assert "\nAvailable Commands:\n  experiment  Show " in text
    assert '\n\nUse "kubectl-argo-rollouts get [command] --help" for more information about a command.\n' in text


def test_flag_lines() -> None:
    text = run_cli("status", program=ARGO).stderr
    assert "  -t, --timeout duration   " in text
    assert re.search(r"\n  -w, --watch +\S.* \(default true\)\n", text)
    assert re.search(r'\n      --loglevel string +\S.* \(default "info"\)\n', text)
    assert re.search(r"\n      --to-revision int +\S", run_cli("undo").stderr)
    waiting = run_cli("abort").stderr
    assert '\n      --wait string[="aborted"]   ' in waiting
    assert re.search(r"\n      --timeout duration +\S.* \(default 10m\)\n", waiting)
    assert "skip-all-steps" not in run_cli("promote", "-h").stdout
    status = child("", "status")
    assert status is not None
    own = text.partition("\nFlags:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split("--")[1].split()[0] for line in own] == sorted(
        {"help", *(flag.name for flag in own_flags(status))}
    )


def test_a_local_flag_hides_the_global_one_of_its_name() -> None:
    text = run_cli("sandbox", "start", "-h").stdout
    assert text.count("--kubeconfig") == 1


@pytest.mark.parametrize("command", VISIBLE, ids=[command.path or "(none)" for command in VISIBLE])
def test_help_of_each_command(command: object) -> None:
    path = command.path.split()  # type: ignore[attr-defined]
    by_flag, by_command = run_cli(*path, "--help"), run_cli("help", *path)
    assert by_flag == by_command
    assert (by_flag.stderr, by_flag.status) == ("", 0)
    assert "\n\nUsage:\n  kubectl rollouts" in by_flag.stdout
    assert "Examples:\n  # " in by_flag.stdout
    assert not re.search(r"[ \t]\n", by_flag.stdout)
    for each in children(command.path):  # type: ignore[attr-defined]
        assert re.search(rf"\n  {each.name} +{re.escape(each.text)}\n", by_flag.stdout)


def test_the_program_is_spelled_as_it_was_called() -> None:
    mine = run_process("get", "-h").stdout
    assert "kubectl rollouts get rollout guestbook" in mine
    assert "\n  kubectl rollouts get <rollout|experiment> RESOURCE_NAME [flags]\n" in mine
    argo = run_process("get", "-h", program=ARGO).stdout
    assert "kubectl argo rollouts get rollout guestbook" in argo
    assert "\n  kubectl-argo-rollouts get <rollout|experiment> RESOURCE_NAME [flags]\n" in argo
    assert "kubectl canary list" in run_cli("list", "-h", program="/usr/bin/kubectl-canary").stdout
    assert "kubectl rollouts list" in run_cli("list", "-h", program="__main__.py").stdout


def test_help_wins_over_wrong_operands_but_not_over_wrong_flags() -> None:
    assert run_cli("promote", "-h").status == 0
    assert run_cli("promote", "--bogus", "-h").stderr == "Error: unknown flag: --bogus\n"
    assert run_cli("promote", "--loglevel=x", "-h").status == 0


def test_unknown_words() -> None:
    outcome = run_cli("gett", "-w", "--help", program=ARGO)
    assert outcome == (
        "",
        'Error: unknown command "gett" for "kubectl-argo-rollouts"\n\n'
        "Did you mean this?\n\tget\n\tset\n\n"
        "Run 'kubectl-argo-rollouts --help' for usage.\n",
        1,
    )
    assert run_cli("frobnicate").stderr == (
        'Error: unknown command "frobnicate" for "kubectl rollouts"\nRun \'kubectl rollouts --help\' for usage.\n'
    )
    assert 'Error: unknown command "\\x1b[31m"' in run_cli("\x1b[31m").stderr


def test_unknown_help_topics_are_no_failure() -> None:
    outcome = run_cli("help", "nope", "b`c", program=ARGO)
    assert (outcome.stdout, outcome.status) == ("", 0)
    assert outcome.stderr.startswith('Unknown help topic [`nope` "b`c"]\nUsage:\n  kubectl-argo-rollouts COMMAND')
    assert run_cli("help", "get", "nope").stdout == run_cli("get", "-h").stdout


def test_what_comes_later_says_so() -> None:
    for words in (
        ["dashboard", "--port", "1"],
        ["notifications", "template", "get", "-o", "wide"],
    ):
        outcome = run_cli(*words)
        assert outcome == ("", f"Error: {words[0]} is not part of this version yet\n", 1)


def test_options_are_the_global_flags() -> None:
    outcome = run_cli("options")
    assert outcome.status == 0
    assert re.findall(r"--([\w-]+)", outcome.stdout) == [flag.name for flag in GLOBAL_FLAGS]


def test_deprecated_flags_are_noticed_before_anything_else() -> None:
    assert run_cli("promote", "-a").stderr.startswith(
        "Flag --skip-all-steps has been deprecated, use --full instead\nError: "
    )
    assert run_cli("promote", "a", "-a", "--bogus").stderr == "Error: unknown flag: --bogus\n"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("completion", "accepts 1 arg(s), received 0"),
        ("completion bash zsh", "accepts 1 arg(s), received 2"),
        ("completion foo", 'invalid argument "foo" for "kubectl-argo-rollouts completion"'),
        ("__complete", "requires at least 1 arg(s), only received 0"),
        ("__completeNoDesc", "requires at least 1 arg(s), only received 0"),
        ("version --loglevel chatty", 'not a valid logrus Level: "chatty"'),
        ("version --color sometimes", 'invalid argument "sometimes" for "--color" flag: must be auto, always or never'),
    ],
)
def test_errors_without_usage(words: str, text: str) -> None:
    assert run_cli(*words.split(), program=ARGO) == ("", f"Error: {text}\n", 1)
