"""A sandbox as a user has it: with a kubeconfig, found by the other commands, ended by a signal or a request."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.sandbox.cluster import Sandbox
from kubectl_rollouts.sandbox.control import Control
from kubectl_rollouts.sandbox.registry import COMMAND, CONTEXT, FOREGROUND, Entry, folder, register, write_private

NAME = CONTEXT
Say = Callable[[str], None]


class Host:
    """A running sandbox, from `with` to its end. Raises Failure when it cannot start.

    `loads` are files and folders of manifests; `say` gets what is worth a line (controllers in trouble, manifests that
    are not simulated). `kubeconfig` "" means a file in the user's runtime folder, removed at the end. `way` is that of
    its Entry: who ends with a command cannot be stopped by others.
    """

    def __init__(
        self,
        port: int = 0,
        kubeconfig: str = "",
        speed: float = 1.0,
        loads: Sequence[str] = (),
        state: str = "",
        say: Say = lambda line: None,
        way: str = FOREGROUND,
    ) -> None:
        self._loads = [Path(name) for name in loads]
        for path in self._loads:
            if not path.exists():
                raise Failure(f"cannot load {path}: no such file or folder")
        if kubeconfig:
            check_replaceable(Path(kubeconfig))
        self._say = say
        self._ended = threading.Event()
        self._own_kubeconfig = not kubeconfig
        state_path = Path(state).absolute() if state else None
        self.sandbox = Sandbox(port, speed, state_path, say)
        fresh = self.sandbox.store.empty
        self._entry_file: Path | None = None
        try:
            self.kubeconfig = (
                Path(kubeconfig).absolute() if kubeconfig else folder() / f"{self.sandbox.server.port}.kubeconfig"
            )
            token = secrets.token_urlsafe(24)
            self.entry = Entry(self.sandbox.server.port, os.getpid(), str(self.kubeconfig), token, way)
            facts = {
                "url": self.sandbox.url,
                "pid": os.getpid(),
                "kubeconfig": str(self.kubeconfig),
                "speed": speed,
                "state": str(state_path or ""),
            }
            stop = None if way == COMMAND else self.end
            control = Control(self.sandbox, token, facts, stop, self._load)
            self.sandbox.api.control = control
            self.sandbox.start()
            if fresh:
                self._load_first()
            elif loads:
                say(
                    f"{state} holds a cluster already: no manifests are loaded "
                    "(`sandbox reset` empties it and loads them)"
                )
            write_private(self.kubeconfig, kubeconfig_text(self.sandbox.url))
            self._entry_file = register(self.entry)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """The address of the API server."""
        return self.sandbox.url

    def _load_first(self) -> None:
        try:
            self._load()
        except BaseException:
            self.sandbox.store.clear()  # so that the next start with this state file loads the mended manifests
            raise

    def _load(self) -> None:
        for path in self._loads:
            for line in self.sandbox.load(path):
                self._say(line)

    def end(self) -> None:
        """Make `wait` return; may be called from a signal handler or another thread."""
        self._ended.set()

    def wait(self) -> None:
        """Wait until somebody ends the sandbox. Raises KeyboardInterrupt at Ctrl-C."""
        while not self._ended.wait(1.0):
            pass

    def close(self) -> None:
        """Stop the sandbox and remove what it left for others."""
        if self._own_kubeconfig and hasattr(self, "kubeconfig"):
            self.kubeconfig.unlink(missing_ok=True)
        self.sandbox.stop()
        if self._entry_file is not None:
            self._entry_file.unlink(missing_ok=True)  # last: `sandbox stop` waits for it

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def kubeconfig_text(url: str) -> str:
    """A kubeconfig that leads to a sandbox; JSON, as every JSON text is YAML too."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{"name": NAME, "cluster": {"server": url}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME, "namespace": "default"}}],
        "users": [{"name": NAME, "user": {}}],
    }
    return json.dumps(content, indent=2) + "\n"


def check_replaceable(path: Path) -> None:
    """Raise Failure unless the file is missing, empty or a sandbox's kubeconfig: nobody loses their own."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read {path}: {error}") from error
    try:
        clusters = json.loads(text)["clusters"]
        ours = len(clusters) == 1 and clusters[0]["name"] == NAME
    except (ValueError, KeyError, TypeError, IndexError):
        ours = not text.strip()
    if not ours:
        raise Failure(f"{path} exists and is no sandbox's kubeconfig; name a file that may be replaced")
