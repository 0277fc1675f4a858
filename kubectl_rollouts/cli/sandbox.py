"""`sandbox`: a small cluster on this machine, started, used and stopped; what it is made of is in `sandbox/`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from kubectl_rollouts.cli.app import TyperApp
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kubectl_rollouts.sandbox.hosting import Host
    from kubectl_rollouts.sandbox.registry import Entry

app = TyperApp()

NOT_FOUND = 127
CANNOT_RUN = 126


@app.command()
def start(
    session: Session,
    *,
    port: int = 0,
    kubeconfig: str = "",
    speed: str = "1",
    load: Sequence[str] = (),
    state: str = "",
    detach: bool = False,
) -> int:
    """Start a sandbox, say where it is, and keep it until Ctrl-C, SIGTERM or `sandbox stop`."""
    if detach:
        from kubectl_rollouts.cli.sandbox_detach import start_detached

        start_detached(session)
        return 0
    way = "detached" if os.environ.pop("KUBECTL_ROLLOUTS_DETACHED", "") else "foreground"
    with _host(session, way, speed, load, port=port, kubeconfig=kubeconfig, state=state) as host:
        _end_on_signals(host)
        try:
            session.say(f"Sandbox cluster on {host.url} (Ctrl-C stops it)")
            session.say(_export_line(str(host.kubeconfig)))
            host.wait()
        except KeyboardInterrupt:
            session.say("")
    return 0


def _host(
    session: Session,
    way: str,
    speed: str,
    loads: Sequence[str],
    *,
    port: int = 0,
    kubeconfig: str = "",
    state: str = "",
) -> Host:
    from kubectl_rollouts.sandbox.hosting import Host

    if not 0 <= port <= 65_535:
        raise Failure(f"--port must be between 0 and 65535, not {port}")
    return Host(port, kubeconfig, _speed(speed), list(loads), state, session.warn, way)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.001 <= speed <= 100_000:
        raise Failure(f"--speed must be a number between 0.001 and 100000, not {text}")
    return speed


def _export_line(kubeconfig: str) -> str:
    if sys.platform == "win32":
        return f"set KUBECONFIG={kubeconfig}"
    import shlex

    return f"export KUBECONFIG={shlex.quote(kubeconfig)}"


def _end_on_signals(host: Host) -> None:
    import signal

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: host.end())


@app.command()
def run(session: Session, *words: str, load: Sequence[str] = (), speed: str = "1") -> int:
    """Run a command with a sandbox of its own, and return the command's exit status."""
    with _host(session, "command", speed, load) as host:
        return _run_command(words, host)


def _run_command(words: Sequence[str], host: Host) -> int:
    """Run the command in the foreground. Ctrl-C is its own business; SIGTERM is handed on."""
    import signal
    import subprocess

    try:
        process = subprocess.Popen(words, env=_environment(host))
    except FileNotFoundError:
        raise Failure(f"{words[0]}: no such command", exit_status=NOT_FOUND) from None
    except OSError as error:
        raise Failure(f"cannot run {words[0]}: {error.strerror or error}", exit_status=CANNOT_RUN) from None
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    try:
        status = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return 128 - status if status < 0 else status


def _environment(host: Host) -> dict[str, str]:
    """What a command in the sandbox sees. Where nothing is installed yet, it finds this program all the same."""
    variables = {**os.environ, "KUBECONFIG": str(host.kubeconfig), "KUBECTL_ROLLOUTS_SANDBOX": host.url}
    if not _installed():
        # Behind the user's own folders: it holds a Python as well.
        path = [os.environ.get("PATH", ""), os.path.dirname(sys.executable)]  # noqa: PTH120
        variables["PATH"] = os.pathsep.join(filter(None, path))
    return variables


def _installed(program: str = "kubectl-rollouts") -> bool:
    import shutil

    return shutil.which(program) is not None


def _to_type(session: Session) -> str:
    """How the user can call this program as things are."""
    if _installed(session.program.file):
        return session.program.spoken if _installed("kubectl") else session.program.file
    return (
        sys.argv[0]
        if "/" in sys.argv[0] and not sys.argv[0].endswith(".py")
        else f"{sys.executable} -m kubectl_rollouts"
    )


def _chosen(session: Session, port: int) -> Entry:
    """The running sandbox that is meant: by port, by the kubeconfig in use, or the only one in the background."""
    from kubectl_rollouts.sandbox.registry import choose

    given = str(session.parsed.value("kubeconfig"))
    return choose(port, [given] if given else filter(None, os.environ.get("KUBECONFIG", "").split(os.pathsep)))


@app.command()
def stop(session: Session, *, port: int = 0) -> int:
    """Stop a running sandbox and wait until it has gone."""
    from kubectl_rollouts.sandbox.registry import request, wait_gone

    entry = _chosen(session, port)
    request(entry, "POST", "stop")
    wait_gone(entry)
    session.say(f"Stopped the sandbox on {entry.url}")
    return 0


@app.command()
def status(session: Session) -> int:
    """Show the running sandboxes, a block each; exit status 1 when there is none."""
    from kubectl_rollouts.sandbox.registry import request, running
    from kubectl_rollouts.view.durations import human_duration

    entries = running()
    if not entries:
        session.say("No sandbox is running")
        return 1
    for entry in entries:
        facts = request(entry, "GET", "status")
        counts = facts["objects"]
        shown = ", ".join(f"{counts[key]} {key}" for key in ("rollouts", "replicasets", "pods", "analysisruns"))
        session.say(f"Sandbox cluster on {entry.url} (process {entry.pid}, up {human_duration(facts['seconds'])})")
        session.say(f"  speed {facts['speed']:g}, {shown}")
        if facts["state"]:
            session.say(f"  kept in {facts['state']}")
        session.say(f"  {_export_line(entry.kubeconfig)}")
    return 0


@app.command()
def reset(session: Session, *, port: int = 0) -> int:
    """Empty a running sandbox, and load again what it was started with."""
    from kubectl_rollouts.sandbox.registry import request

    entry = _chosen(session, port)
    request(entry, "POST", "reset")
    session.say(f"The sandbox on {entry.url} is as new")
    return 0


@app.command()
def pods(session: Session, *, fail: int = 0, slow: str = "", port: int = 0) -> int:
    """Make trouble: let running pods crash, or new ones take longer until they are ready."""
    from kubectl_rollouts.sandbox.registry import request

    if fail < 0 or not (fail or slow):
        raise Failure("say how many pods are to fail (--fail N), or how long new ones take (--slow SECONDS)")
    body: dict[str, float | None] = {}
    if fail:
        body["fail"] = fail
    if slow:
        body["slow"] = _seconds(slow)
    answer = request(_chosen(session, port), "POST", "pods", body)
    for name in answer["failed"]:
        session.warn(f"pod {name} crashes from now on")
    if len(answer["failed"]) < fail:
        session.warn(f"only {len(answer['failed'])} running pods could be made to fail")
    if slow:
        wanted = body["slow"]
        session.say("New pods start as usual" if wanted is None else f"New pods take {wanted:g} s to become ready")
    return 0


def _seconds(text: str) -> float | None:
    """Seconds, 0 for the usual time (None)."""
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise Failure(f"--slow must be a number of seconds between 0 and 86400, not {text}")
    return seconds or None


@app.command()
def demo(session: Session, name: str = "") -> int:
    """Play a walk-through on a sandbox of its own."""
    from kubectl_rollouts.sandbox.demo import DEMOS, Stage, play

    name = name or "canary"
    if name not in DEMOS:
        raise Failure(f"there is no demo {name!r}: choose one of {', '.join(DEMOS)}")
    with _host(session, "command", "1", ()) as host:

        def apply(path: os.PathLike[str]) -> None:
            from pathlib import Path

            for line in host.sandbox.load(Path(path)):
                session.log("debug", line)

        def rollout(rollout_name: str) -> dict[str, object] | None:
            return host.sandbox.store.get("Rollout", "default", rollout_name)

        program = session.program.spoken
        play(DEMOS[name], Stage(apply, rollout, _environment(host), program, _to_type(session), sys.stdout))
    return 0
