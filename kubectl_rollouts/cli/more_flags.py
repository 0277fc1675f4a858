"""The flags that the reference does not have, by command: see `tree.py`, whose table this one continues.

A call without any of them never reads this module. A call with one of them goes to `extended.py`, not to the
plain command.
"""

from __future__ import annotations

from kubectl_rollouts.cli.output_flags import OUTPUT_FLAGS
from kubectl_rollouts.cli.tree import Flag

EXIT_CODE = Flag("exit-code", "bool", "Say with the exit status what is wrong: 3 degraded, 4 timeout, 5 paused, 6 not "
    "found, 7 forbidden", "", False)  # fmt: skip

GOALS = (
    "healthy", "paused", "degraded", "aborted", "available", "deleted",
    "step=", "weight=", "revision=", "analysis=", "condition=", "jsonpath=",
)  # fmt: skip

# Which rollouts.
_SELECTOR = Flag("selector", "string", "Those whose labels match: app=web,tier!=test", "l")
_FIELDS = Flag("field-selector", "string", "Those whose fields match: metadata.name!=web")
_EVERYWHERE = Flag("all-namespaces", "bool", "Those of all namespaces", "A", False)
_ALL = Flag("all", "bool", "All of them", "", False)
_STATE = (
    Flag("awaiting-promotion", "bool", "Those that are paused until somebody promotes them", "", False),
    Flag(
        "phase",
        "string",
        "Those in one of these phases: paused,degraded,progressing,healthy",
        values=("healthy", "progressing", "paused", "degraded"),
    ),
)
SELECT = (_ALL, _EVERYWHERE, *_STATE, _FIELDS, _SELECTOR)

# How to act on many.
MANY = (
    *SELECT,
    Flag("order", "string", "One wave after the other: a file with a line for each, or a label by whose values"),
    Flag("parallel", "int", "How many at a time", "", 10),
    Flag("stop-on-error", "bool", "Begin nothing more once one has failed", "", False),
    Flag("yes", "bool", "Do not ask before more than three are changed", "", False),
)

# Reports.
REPORT = (
    Flag(
        "log-format", "string", "How to write: text, or github for annotations", "", "text", values=("text", "github")
    ),
    Flag("report", "string", "File to write a JUnit report to"),
)

# What a dry run and a guard need.
_DRY = (
    Flag("diff", "bool", "Show what changes (with --dry-run: what would change)", "", False),
    Flag(
        "dry-run",
        "string",
        "Change nothing: client sends nothing and shows the requests, server has the server try them",
        "",
        "none",
        values=("client", "none", "server"),
        bare="client",
    ),
    EXIT_CODE,
)
_VERSION = Flag("resource-version", "string", "Act only if the object is still at this resource version")
_REVISION = Flag("as-of-revision", "int64", "Act only if the rollout is still at this revision (0: any)", "", 0)


_TIMEOUT = Flag("timeout", "duration", "With --wait: longest time to wait (0: for ever)", "", 600_000_000_000)


def _finishing(goal: str) -> tuple[Flag, ...]:
    return (
        _TIMEOUT,
        Flag(
            "wait",
            "string",
            "Wait until it is over: successful, or finished in any way",
            values=("successful", "finished"),
            bare=goal,
        ),
    )


def _waiting(goal: str) -> tuple[Flag, ...]:
    return (
        Flag("through-pauses", "bool", "With --wait: wait on when it pauses until somebody promotes it", "", False),
        _TIMEOUT,
        Flag("tolerate", "duration", "With --wait: how long it may be degraded before that counts", "", 0),
        Flag(
            "wait", "string", "Wait until the rollout is there; goals as of the command wait", values=GOALS, bare=goal
        ),
    )


def _action(goal: str = "healthy") -> tuple[Flag, ...]:
    return (*_DRY, *REPORT, _VERSION, _REVISION, *_waiting(goal))


_SCRIPT_FLAGS: dict[str, tuple[Flag, ...]] = {
    "abort": (*_action("aborted"), *MANY),
    "create": (*_DRY, *REPORT, *_waiting("healthy")),
    "create analysisrun": (*_DRY, *REPORT, *_finishing("successful")),
    "get experiment": (EXIT_CODE,),
    "get rollout": (
        EXIT_CODE,
        *SELECT,
        Flag(
            "until", "string", "With --watch: end when the rollout is there; goals as of the command wait", values=GOALS
        ),
    ),
    "list experiments": (EXIT_CODE, _FIELDS, _SELECTOR),
    "list rollouts": (EXIT_CODE, _ALL, *_STATE, _FIELDS, _SELECTOR),
    "pause": (*_action("paused"), *MANY),
    "promote": (*_action(), *MANY),
    "restart": (*_action(), *MANY),
    "resume": (*_action(), *MANY),
    "retry experiment": (*_DRY, *REPORT, _VERSION, *_finishing("successful")),
    "retry rollout": (*_action(), *MANY),
    "set image": (*_action(), *MANY),
    "status": (
        EXIT_CODE,
        Flag("fail-on-abort", "bool", "End as soon as the rollout is aborted", "", False),
        *SELECT,
        Flag("success-on-pause", "bool", "A paused rollout is settled, too, and a success", "", False),
    ),
    "terminate analysisrun": (*_DRY, *REPORT, _VERSION, *_finishing("finished")),
    "terminate experiment": (*_DRY, *REPORT, _VERSION, *_finishing("finished")),
    "undo": _action(),
    "wait": (*REPORT, *SELECT),
}

MORE_FLAGS: dict[str, tuple[Flag, ...]] = {
    path: (*_SCRIPT_FLAGS.get(path, ()), *OUTPUT_FLAGS.get(path, ()))
    for path in dict.fromkeys((*_SCRIPT_FLAGS, *OUTPUT_FLAGS))
}
