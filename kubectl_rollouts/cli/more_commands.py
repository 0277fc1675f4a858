"""The commands that the reference does not have: see `tree.py`, whose table this one continues."""

from __future__ import annotations

from kubectl_rollouts.cli.tree import Command, Flag

_PORT = Flag("port", "int", "Port of the sandbox that is meant, where several are running", "", 0)
_SPEED = Flag("speed", "string", "How much faster pauses and delays pass: 60 makes an hour a minute", "", "1")
_LOAD = Flag(
    "load",
    "stringArray",
    "File or folder of manifests to put into the new cluster; repeat the flag for several",
    "",
    (),
)

MORE_COMMANDS = (
    Command(
        "resume",
        "ROLLOUT_NAME",
        "Lift the pause that `pause` or spec.paused made, and nothing else",
        "resume",
        least=1,
        flags=(Flag("keep-going", "bool", "Try every name, say each outcome, and exit 1 if one failed", "", False),),
        completes="rollouts",
    ),
    Command("sandbox", "COMMAND", "Run a small cluster with a rollouts controller on this machine"),
    Command(
        "sandbox demo",
        "[canary|bluegreen|abort|analysis]",
        "Play a release on a sandbox cluster, live",
        "sandbox",
        (),
        0,
        1,
    ),
    Command(
        "sandbox pods",
        "",
        "Make trouble in a running sandbox: pods that crash, pods that start slowly",
        "sandbox",
        (),
        0,
        0,
        (
            Flag("fail", "int", "How many of the running pods crash from now on", "", 0),
            _PORT,
            Flag("slow", "string", "Seconds that new pods take to become ready (0: as usual)"),
        ),
    ),
    Command(
        "sandbox reset",
        "",
        "Empty a running sandbox and load again what it was started with",
        "sandbox",
        (),
        0,
        0,
        (_PORT,),
    ),
    Command(
        "sandbox run",
        "[flags] -- COMMAND [ARGUMENT ...]",
        "Run a command with a sandbox cluster of its own",
        "sandbox",
        least=1,
        flags=(_LOAD, _SPEED),
    ),
    Command(
        "sandbox start",
        "",
        "Start a sandbox cluster in the foreground, until Ctrl-C",
        "sandbox",
        (),
        0,
        0,
        (
            Flag("detach", "bool", "Leave the sandbox running in the background", "", False),
            Flag("kubeconfig", "string", "File to write the kubeconfig of the sandbox to"),
            _LOAD,
            Flag("port", "int", "Port to listen on (0: any free one)", "", 0),
            _SPEED,
            Flag("state", "string", "File that keeps the cluster over restarts"),
        ),
    ),
    Command("sandbox status", "", "Show the running sandboxes", "sandbox", (), 0, 0),
    Command("sandbox stop", "", "Stop a running sandbox", "sandbox", (), 0, 0, (_PORT,)),
    Command(
        "wait",
        "ROLLOUT_NAME [ROLLOUT_NAME ...]",
        "Wait until rollouts are healthy, paused, at a step, …",
        "wait",
        least=1,
        flags=(
            Flag("any", "bool", "One of the goals is enough", "", False),
            Flag(
                "for",
                "stringArray",
                "What to wait for, of the goals above; repeat the flag for several (default healthy)",
                "",
                (),
                values=("healthy", "paused", "degraded", "aborted", "available", "deleted"),
            ),
            Flag("through-pauses", "bool", "Wait on when a rollout pauses until somebody promotes it", "", False),
            Flag("timeout", "duration", "Longest time to wait (30s, 5m; 0: for ever)", "t", 600_000_000_000),
            Flag("tolerate", "duration", "How long a rollout may be degraded before that counts", "", 0),
        ),
        completes="rollouts",
    ),
)
