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
)
