"""The table of commands: names, aliases, operands and flags (spec/commands.md §1.1-1.3).

It is the one place that says what can be typed: the grammar, the usage texts and completion read it, and a test
holds the functions that carry the commands out, as Typer reads them, against it. Importing it must cost next to
nothing, so it is plain tuples, and holds what the reference has: every command reads it. What came on top stands in
`more_commands.py` and `more_flags.py`, which are read when a word or a flag is none of these, and for help.
"""

from __future__ import annotations

MANY = 1_000_000
"""`Command.most` of a command that takes any number of operands."""


class Flag:
    """One flag. `kind` is the word of the usage text: bool, string, int, int64, duration or stringArray.

    `default` is a value of that kind (durations in nanoseconds). A flag with a `deprecated` text says it on
    stderr when used and is hidden from help and completion. `values` are the words that can be meant, if few.
    `bare` is the value of the flag without one (pflag's NoOptDefVal): then the next word is not taken for it.
    """

    # A plain class: a NamedTuple compiles its annotations, and `typing` costs as much as the rest of this floor.
    __slots__ = ("bare", "default", "deprecated", "kind", "name", "short", "text", "values")

    def __init__(
        self,
        name: str,
        kind: str,
        text: str,
        short: str = "",
        default: bool | int | str | tuple[str, ...] = "",
        deprecated: str = "",
        values: tuple[str, ...] = (),
        bare: str = "",
    ) -> None:
        self.name = name
        self.kind = kind
        self.text = text
        self.short = short
        self.default = default
        self.deprecated = deprecated
        self.values = values
        self.bare = bare or ("true" if kind == "bool" else "")


class Command:
    """One command. `path` is its words joined by blanks ("get rollout"), "" for the program itself.

    `least` and `most` bound the operands; a command that ignores its operands has 0 and MANY. `module` is the
    module in this package that carries it out ("" for groups), `completes` the resource that its
    first operand names. `later` marks a command that the reference has and this program does not have yet.
    """

    __slots__ = (
        "aliases",
        "completes",
        "flags",
        "hidden",
        "later",
        "least",
        "module",
        "most",
        "name",
        "operands",
        "parent",
        "path",
        "text",
    )

    def __init__(
        self,
        path: str,
        operands: str,
        text: str,
        module: str = "",
        aliases: tuple[str, ...] = (),
        least: int = 0,
        most: int = MANY,
        flags: tuple[Flag, ...] = (),
        completes: str = "",
        hidden: bool = False,
        later: bool = False,
    ) -> None:
        self.path = path
        self.parent, _, self.name = path.rpartition(" ")
        self.operands = operands
        self.text = text
        self.module = module
        self.aliases = aliases
        self.least = least
        self.most = most
        self.flags = flags
        self.completes = completes
        self.hidden = hidden
        self.later = later


def _bool(name: str, text: str, short: str = "", default: bool = False, deprecated: str = "") -> Flag:
    return Flag(name, "bool", text, short, default, deprecated)


def _string(name: str, text: str, short: str = "", default: str = "") -> Flag:
    return Flag(name, "string", text, short, default)


def _array(name: str, text: str, short: str = "") -> Flag:
    return Flag(name, "stringArray", text, short, ())


HELP_FLAG = _bool("help", "help for", "h")

GLOBAL_FLAGS = (
    _string("as", "User name to impersonate"),
    _array("as-group", "Group to impersonate; repeat the flag for several groups"),
    _string("as-uid", "UID to impersonate"),
    _string("cache-dir", "Accepted as by kubectl; nothing is cached on disk"),
    _string("certificate-authority", "File with the certificate authority of the API server"),
    _string("client-certificate", "File with a client certificate for TLS"),
    _string("client-key", "File with the key of the client certificate"),
    _string("cluster", "Cluster of the kubeconfig to talk to"),
    Flag(
        "color",
        "string",
        "When to write colours: auto (on a terminal only), always or never",
        values=("auto", "always", "never"),
    ),
    _string("context", "Context of the kubeconfig to use"),
    _bool("disable-compression", "Do not ask the API server for compressed answers"),
    _bool("insecure-skip-tls-verify", "Do not check the certificate of the API server (insecure)"),
    Flag("kloglevel", "int", "Log requests on stderr: 6 the lines, 8 headers and bodies, secrets left out", "v", 0),
    _string("kubeconfig", "The kubeconfig file to read"),
    Flag(
        "loglevel",
        "string",
        "Least level of the messages on stderr",
        default="info",
        values=("panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"),
    ),
    _string("namespace", "Namespace to work in", "n"),
    _string(
        "request-timeout",
        "Longest wait for one request (1s, 2m, 3h; a bare number is seconds; 0 for the usual)",
        "",
        "0",
    ),
    _string("server", "Address of the API server", "s"),
    _string("tls-server-name", "Name to expect in the API server's certificate"),
    _string("token", "Bearer token for the API server"),
    _string("user", "User of the kubeconfig to be"),
)

_NO_COLOR = _bool("no-color", "Write no colours")
_KEEP_GOING = _bool("keep-going", "Try every name, say each outcome, and exit 1 if one failed")

COMMANDS = (
    Command("", "COMMAND", "Show and steer Argo Rollouts: progressive delivery on Kubernetes"),
    Command(
        "abort",
        "ROLLOUT_NAME",
        "Abort a rollout: go back to the stable version",
        "abort",
        least=1,
        flags=(_KEEP_GOING,),
        completes="rollouts",
    ),
    Command(
        "completion", "[bash|zsh|fish|powershell]", "Print the completion script of a shell", "completion", (), 1, 1
    ),
    Command(
        "create",
        "",
        "Create rollouts, experiments, analysis templates and runs from files",
        "create",
        flags=(
            _array("filename", "File or folder to create from, - for standard input; repeat the flag for several", "f"),
            _NO_COLOR,
            _bool("watch", "Watch what was created", "w"),
        ),
    ),
    Command(
        "create analysisrun",
        "",
        "Create an analysis run from a template",
        "create",
        ("ar",),
        flags=(
            _array("argument", "Argument of the analysis as NAME=VALUE; repeat the flag for several", "a"),
            _string("from", "Analysis template of the cluster to run"),
            _string("from-file", "File with the template to run"),
            _string("generate-name", "Beginning of a name that the API server completes"),
            _bool("global", "The template named by --from is a cluster analysis template"),
            _string("instance-id", "Instance of the controller that is to run it"),
            _string("name", "Name of the run"),
        ),
    ),
    Command(
        "dashboard",
        "",
        "Serve a web page of the rollouts (not in this version yet)",
        flags=(
            Flag("port", "int", "Port to listen on", "p", 3100),
            _string("root-path", "Path of the page", "", "rollouts"),
        ),
        later=True,
    ),
    Command("get", "<rollout|experiment> RESOURCE_NAME", "Show a rollout or an experiment and everything it owns"),
    Command(
        "get experiment",
        "EXPERIMENT_NAME",
        "Show an experiment: its replica sets, pods and analysis runs",
        "get",
        ("exp", "experiments"),
        1,
        1,
        (_NO_COLOR, _bool("watch", "Follow the experiment until interrupted", "w")),
        "experiments",
    ),
    Command(
        "get rollout",
        "ROLLOUT_NAME",
        "Show a rollout: its revisions, replica sets, pods and analysis runs",
        "get",
        ("ro", "rollouts"),
        1,
        1,
        (
            _NO_COLOR,
            Flag("timeout-seconds", "int", "End the watch after so many seconds (0: never)", "", 0),
            _bool("watch", "Follow the rollout until interrupted", "w"),
        ),
        "rollouts",
    ),
    Command("help", "[command]", "Explain a command"),
    Command(
        "lint",
        "",
        "Check manifests before they are applied",
        "lint",
        flags=(_string("filename", "File to check", "f"),),
    ),
    Command("list", "<rollout|experiment>", "List rollouts or experiments"),
    Command(
        "list experiments",
        "",
        "List experiments",
        "list_",
        ("exp", "experiment"),
        flags=(_bool("all-namespaces", "List those of all namespaces", "A"),),
    ),
    Command(
        "list rollouts",
        "",
        "List rollouts",
        "list_",
        ("ro", "rollout"),
        flags=(
            _bool("all-namespaces", "List those of all namespaces", "A"),
            _string("name", "Only the rollout of this name"),
            _bool("timestamps", "Put the time before each line"),
            _bool("watch", "Print a line whenever a rollout changes, until interrupted", "w"),
        ),
    ),
    Command("notifications", "", "Try notification templates and triggers (not in this version yet)", later=True),
    Command("options", "", "Explain the flags that every command takes", "options"),
    Command(
        "pause",
        "ROLLOUT_NAME",
        "Pause a rollout until it is promoted",
        "pause",
        least=1,
        flags=(_KEEP_GOING,),
        completes="rollouts",
    ),
    Command(
        "promote",
        "ROLLOUT_NAME",
        "Promote a rollout: end its pause and go on to the next step",
        "promote",
        (),
        1,
        1,
        (
            _bool("force", "Skip a step even if the controller has not seen the last promotion yet"),
            _bool("full", "Go to the new version at once, without further steps, pauses and analysis"),
            _bool("skip-all-steps", "Skip all steps", "a", deprecated="use --full instead"),
            _bool(
                "skip-current-step",
                "Skip the current step",
                "c",
                deprecated="use without the flag instead ex: promote ROLLOUT_NAME",
            ),
        ),
        "rollouts",
    ),
    Command(
        "restart",
        "ROLLOUT",
        "Restart the pods of a rollout, now or later",
        "restart",
        (),
        1,
        1,
        (_string("in", "How long to wait before the restart (30s, 5m, 1h)", "i"),),
        "rollouts",
    ),
    Command("retry", "<rollout|experiment> RESOURCE_NAME", "Retry an aborted rollout or a finished experiment"),
    Command(
        "retry experiment",
        "EXPERIMENT_NAME",
        "Run an experiment again from its beginning",
        "retry",
        ("exp", "experiments"),
        1,
        flags=(_KEEP_GOING,),
        completes="experiments",
    ),
    Command(
        "retry rollout",
        "ROLLOUT_NAME",
        "Retry an aborted rollout",
        "retry",
        ("ro", "rollouts"),
        1,
        flags=(_KEEP_GOING,),
        completes="rollouts",
    ),
    Command("set", "COMMAND", "Change a part of a rollout"),
    Command(
        "set image",
        "ROLLOUT_NAME CONTAINER=IMAGE",
        "Set the image of a container, or of all with *",
        "set_image",
        (),
        2,
        2,
        (),
        "rollouts",
    ),
    Command(
        "status",
        "ROLLOUT_NAME",
        "Print the status of a rollout, waiting until it is settled",
        "status",
        (),
        1,
        1,
        (
            Flag("timeout", "duration", "Longest time to wait (30s, 5m; 0: for ever)", "t", 0),
            _bool("watch", "Wait until the rollout is healthy or degraded", "w", True),
        ),
        "rollouts",
    ),
    Command("terminate", "<analysisrun|experiment> RESOURCE_NAME", "End an analysis run or an experiment"),
    Command(
        "terminate analysisrun",
        "ANALYSISRUN_NAME",
        "End an analysis run",
        "terminate",
        ("ar", "analysisruns"),
        1,
        flags=(_KEEP_GOING,),
        completes="analysisruns",
    ),
    Command(
        "terminate experiment",
        "EXPERIMENT_NAME",
        "End an experiment",
        "terminate",
        ("exp", "experiments"),
        1,
        flags=(_KEEP_GOING,),
        completes="experiments",
    ),
    Command(
        "undo",
        "ROLLOUT_NAME",
        "Go back to the pod template of an earlier revision",
        "undo",
        (),
        1,
        1,
        (Flag("to-revision", "int64", "Revision to go back to (0: the one before)", "", 0),),
        "rollouts",
    ),
    Command(
        "version",
        "",
        "Print the version of this program",
        "version",
        flags=(_bool("short", "Print the first line only"),),
    ),
    Command("__complete", "[command-line]", "Print candidates for a shell", hidden=True),
    Command("__completeNoDesc", "[command-line]", "Print candidates without descriptions for a shell", hidden=True),
)

ROOT = COMMANDS[0]


def all_commands() -> list[Command]:
    """Return every command, those that the reference lacks too, in the order of their names (hidden ones last)."""
    from kubectl_rollouts.cli.more_commands import MORE_COMMANDS

    return sorted((*COMMANDS, *MORE_COMMANDS), key=lambda command: (command.hidden, command.path))


def children(path: str) -> list[Command]:
    """Return the visible subcommands of a group, by name ("" for the program's own)."""
    return [command for command in all_commands() if command.path and command.parent == path and not command.hidden]


def find(path: str) -> Command | None:
    """Return the command of a full path ("get rollout"), without aliases; None when there is none."""
    return next((command for command in all_commands() if command.path == path), None)


def child(path: str, word: str) -> Command | None:
    """Return the subcommand of a group that a word names, also by an alias (case matters, no abbreviations).

    What follows a command that can be called itself is an operand: nothing is added below those.
    """
    found = _child(COMMANDS[1:], path, word)
    if found is None and not any(command.path == path and command.module for command in COMMANDS):
        from kubectl_rollouts.cli.more_commands import MORE_COMMANDS

        found = _child(MORE_COMMANDS, path, word)
    return found


def _child(commands: tuple[Command, ...], path: str, word: str) -> Command | None:
    for command in commands:
        if command.parent == path and (command.name == word or word in command.aliases):
            return command
    return None


def flags_of(command: Command) -> dict[str, Flag]:
    """Return the flags that every call of a command knows, by long name; its own come before global ones.

    Those of `more_flags` are not among them.
    """
    flags = {flag.name: flag for flag in GLOBAL_FLAGS}
    flags.update((flag.name, flag) for flag in command.flags)
    flags["help"] = HELP_FLAG
    return flags


def more_flags(command: Command) -> tuple[Flag, ...]:
    """Return the flags that a command takes beside those in this table: what scripts and pipelines need."""
    from kubectl_rollouts.cli.more_flags import MORE_FLAGS

    return MORE_FLAGS.get(command.path, ())


def own_flags(command: Command) -> tuple[Flag, ...]:
    """Return all flags that a command takes beside the global ones, for help and completion."""
    return (*command.flags, *more_flags(command))
