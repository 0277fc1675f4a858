"""What one call of the program shares: the global flags, the cluster, and the one place that prints."""

from __future__ import annotations

import os
import sys

from kubectl_rollouts.cli.goquote import quote
from kubectl_rollouts.cli.program import Program
from kubectl_rollouts.errors import Failure

TYPE_CHECKING = False  # as in `typing`, whose import costs 5 ms
if TYPE_CHECKING:
    from typing import TextIO

    from kubectl_rollouts.cli.pflag import Parsed
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.kubeconfig import ConfigFlags

_LEVELS = {"panic": 0, "fatal": 1, "error": 2, "warn": 3, "warning": 3, "info": 4, "debug": 5, "trace": 6}
_COLORS = ("auto", "always", "never")


class OutputClosedError(Exception):
    """Whoever read our output has gone (`| head`): the command ends quietly, with status 141 as of SIGPIPE."""

    exit_status = 141


class Session:
    """One call of the program: its flags, its streams, its client (built when it is first asked for)."""

    reported = False  # whether the file that --report names is written

    def __init__(self, parsed: Parsed, program: Program) -> None:
        """Check the global flags that need no cluster. Raises Failure."""
        self.parsed = parsed
        self.program = program
        self.verbosity = int(self._text("kloglevel") or 0)
        level = self._text("loglevel")
        if level.lower() not in _LEVELS:
            raise Failure(f"not a valid logrus Level: {quote(level)}")
        self._level = _LEVELS[level.lower()]
        self._color = self._color_wish()
        self._client: Client | None = None

    def _text(self, flag: str) -> str:
        return str(self.parsed.value(flag))

    # --- the cluster -----------------------------------------------------------------------------------------------

    def client(self) -> Client:
        """Return the client of the cluster that kubeconfig and flags name. Raises ConfigError (a Failure)."""
        if self._client is None:
            from kubectl_rollouts.cluster.client import Client
            from kubectl_rollouts.cluster.kubeconfig import load_config
            from kubectl_rollouts.cluster.requestlog import RequestLog

            log = RequestLog(self.warn, self.verbosity, lambda text: self.log("info", f"Warning: {text}"))
            self._client = Client(load_config(config_flags(self.parsed)), log=log)
        return self._client

    @property
    def namespace(self) -> str:
        """The namespace that `-n`, the context or the default names (spec/commands.md §1.6)."""
        return self.client().namespace

    def close(self) -> None:
        """Close the connections, if there are any."""
        if self._client is not None:
            self._client.close()

    # --- printing --------------------------------------------------------------------------------------------------

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at standard output."""
        return sys.stdout is not None and sys.stdout.isatty()

    @property
    def is_dumb(self) -> bool:
        """Whether the terminal says that it understands no control sequences."""
        return os.environ.get("TERM") == "dumb"

    def colored(self, no_color: bool = False) -> bool:
        """Decide whether output has colours; `no_color` is the command's own --no-color.

        The order: --no-color, --color, KUBECTL_ROLLOUTS_COLOR, NO_COLOR, TERM=dumb. With none of them a pipe gets
        the colour codes that a terminal gets, as of the reference; `auto`, when asked for, means none in a pipe.
        """
        if no_color or self._color == "never":
            return False
        if self._color == "always":
            return True
        if os.environ.get("NO_COLOR") or self.is_dumb:
            return False
        return self._color != "auto" or self.is_terminal

    def _color_wish(self) -> str:
        name, wish = '"--color" flag', self._text("color")
        if "color" not in self.parsed.values:
            name, wish = "KUBECTL_ROLLOUTS_COLOR", os.environ.get("KUBECTL_ROLLOUTS_COLOR", "")
            if not wish:
                return ""
        if wish not in _COLORS:
            raise Failure(f"invalid argument {quote(wish)} for {name}: must be auto, always or never")
        return wish

    def say(self, text: str, end: str = "\n") -> None:
        """Print a result on standard output, at once. Text from the cluster must be escaped already (view/)."""
        write_output(text + end)

    def warn(self, text: str) -> None:
        """Print a line for the person on standard error, control characters shown escaped."""
        write_error(shown(text))

    def log(self, level: str, message: str) -> None:
        """Print a log line on standard error as the reference does, if --loglevel lets it through."""
        if _LEVELS[level] <= self._level:
            from kubectl_rollouts.cluster.requestlog import log_line

            write_error(shown(log_line(level, message)))


_CONNECTION = frozenset(
    (
        "as",
        "as-group",
        "as-uid",
        "certificate-authority",
        "client-certificate",
        "client-key",
        "cluster",
        "context",
        "disable-compression",
        "insecure-skip-tls-verify",
        "kubeconfig",
        "namespace",
        "request-timeout",
        "server",
        "tls-server-name",
        "token",
        "user",
    )
)


def config_flags(parsed: Parsed) -> ConfigFlags:
    """Return the connection flags as typed."""
    from kubectl_rollouts.cluster.kubeconfig import ConfigFlags

    given = {name.replace("-", "_"): value for name, value in parsed.values.items() if name in _CONNECTION}
    if "as" in given:
        given["as_user"] = given.pop("as")
    return ConfigFlags(**given)  # type: ignore[arg-type]  # the flag table has the types; a test compares them


def write_output(text: str) -> None:
    """Print on standard output, at once. Raises OutputClosedError, and Failure when it cannot be written."""
    _write(sys.stdout, text)


def write_error(text: str) -> None:
    """Print lines on standard error, as they are; what comes from elsewhere goes through `shown` first."""
    try:
        _write(sys.stderr, text + "\n")
    except (OutputClosedError, Failure):
        return  # nobody listens: there is nowhere to say it


def shown(text: str) -> str:
    """Return a text with control and bidirectional characters escaped; line breaks stay."""
    if text.isprintable():
        return text
    from kubectl_rollouts.view.escape import visible

    # In an ASCII locale the words of the command line are bytes in disguise: what is UTF-8 among them is text.
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    return visible(plain, keep_newlines=True)


def _write(stream: TextIO | None, text: str) -> None:
    """Write and flush; a closed stream swallows the text, as that of a Go program does."""
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise OutputClosedError from None
    except OSError as error:
        raise Failure(f"cannot write the output: {error.strerror}") from None


def prepare_streams() -> None:
    """Make both streams write UTF-8 and plain line feeds, whatever the locale says: bytes as of the reference."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a stream put there by a test may lack it
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
