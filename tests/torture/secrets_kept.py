"""Secrets: in no output at any verbosity, in no crash, in no file that is left behind, and not with another server."""

from __future__ import annotations

import base64
import contextlib
import json
import random
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.raw_server import TLS, Exchange, RawServer
from tests.support.cli import BIN, environment
from tests.support.releases import rollout
from tests.torture.campaign import Campaign, Case

# What PYTHONPATH puts into the program: it fails where the secrets are at hand.
CRASHES = (
    """
from kubectl_rollouts.cluster import wire
def broken(self, method, target, headers, *rest, **more):
    secrets = dict(headers)
    raise RuntimeError(f"{secrets} {target} {rest}")
wire.Wire.send = broken
""",
    """
from kubectl_rollouts.cluster import transport
def broken(self, *rest, **more):
    raise RuntimeError(f"{self._config} {self.credentials.headers()}")
transport.Transport._failed = transport.Transport._renewed = transport.Transport._moved = broken
exchange = transport.Transport._exchange
def late(self, *rest, **more):
    exchange(self, *rest, **more)
    raise RuntimeError(f"{self._config} {self.credentials.headers()}")
transport.Transport._exchange = late
""",
    """
from kubectl_rollouts.cluster import credentials
headers = credentials.Credentials.headers
def broken(self):
    found = headers(self)
    raise ValueError(f"{found} {self._user} {self._plugin}")
credentials.Credentials.headers = broken
""",
)

COMMANDS = ("get rollout web", "list rollouts", "status web --watch=false", "promote web", "abort web", "undo web")
VERBOSE = ("", "-v 6", "-v 8", "-v 9", "-v 99 --loglevel trace")
KINDS = ("token", "token file", "password", "certificate", "plugin", "user in the URL", "oidc", "plugin's certificate")
WAYS = (
    "good",
    "refused",
    "echo in an error",
    "echo in a watch",
    "redirect",
    "redirect to plain HTTP",
    "plain",
    "cut",
    "crash",
    "killed",
    "killed early",
    "plugin fails",
    "damaged kubeconfig",
)


class Sentinels:
    """Secrets that are nowhere else in the world, in every shape in which they could show."""

    def __init__(self, seed: int) -> None:
        chance = self.chance = random.Random(seed)
        self.token = f"sentinel{chance.getrandbits(128):032x}"
        self.password = f"pass{chance.getrandbits(128):032x}"
        key = (TLS / "client.key").read_text().splitlines()
        self.key_line = key[len(key) // 2]
        self.basic = base64.b64encode(f"me:{self.password}".encode()).decode()

    def found(self, data: bytes) -> str:
        """The secret that is in some bytes, "" if none is."""
        for secret in (self.token, self.password, self.key_line, self.basic):
            for shape in (secret, secret[:20], base64.b64encode(secret.encode()).decode()[:24]):
                if shape.encode() in data:
                    return shape
        return ""


@contextlib.contextmanager
def _open() -> Iterator[Case]:
    yield _case


def _case(seed: int) -> None:
    chance = random.Random(seed)
    way, kind = WAYS[seed % len(WAYS)], KINDS[seed // len(WAYS) % len(KINDS)]
    secrets = Sentinels(seed)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        tls = way != "redirect to plain HTTP"
        other = stack.enter_context(RawServer(lambda exchange: exchange.answer(rollout("web")), tls=tls))
        handle = _handler(way, other.url)
        server = stack.enter_context(
            RawServer(handle, tls=way != "plain", client_ca="" if way == "plain" else "ca.crt")
        )
        env = _prepare(folder, server.url, kind, secrets, way)
        _spoil(folder, way, kind, secrets, chance)
        before = {path: path.read_bytes() for path in _files(folder)}
        watching = way in ("killed", "echo in a watch")
        command = "get rollout web -w --timeout-seconds 5" if watching else chance.choice(COMMANDS)
        words = [*command.split(), *chance.choice(VERBOSE).split()]
        with subprocess.Popen(
            [BIN / "kubectl-rollouts", *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder
        ) as process:
            if way == "killed":
                deadline = time.monotonic() + 10
                while len(server.requests) < chance.randrange(1, 4) and time.monotonic() < deadline:
                    time.sleep(0.01)
                process.kill()
            elif way == "killed early":
                time.sleep(chance.random() * 0.5)
                process.kill()
            out, err = process.communicate(timeout=40)
        where = f"{' '.join(words)} ({kind}, {way}): exit {process.returncode}\n{err.decode()[-1500:]}"
        assert not secrets.found(out + err), f"{secrets.found(out + err)} in the output of {where}"
        for path in _files(folder):
            if before.get(path) != path.read_bytes():
                assert not secrets.found(path.read_bytes()), f"in {path.name} left by {where}"
                assert not stat.S_IMODE(path.stat().st_mode) & 0o077, f"{path.name} is open to others: {where}"
        assert not other.requests, f"sent to another server: {where}"
        if way == "plain":
            for request in server.requests:
                assert not secrets.found(json.dumps(request.headers).encode() + request.body), f"in the clear: {where}"
        elif way == "good" and kind in ("token", "token file", "plugin"):
            assert server.requests, where
            assert server.requests[0].headers.get("authorization") == f"Bearer {secrets.token}", where


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _handler(way: str, other: str) -> Callable[[Exchange], None]:
    def handle(exchange: Exchange) -> None:
        path = exchange.request.path
        said = json.dumps(exchange.request.headers)
        if way == "refused":
            exchange.answer(b"", 401)
        elif way == "echo in an error":
            status = {"kind": "Status", "status": "Failure", "message": said, "reason": "Invalid", "code": 422}
            exchange.answer(status, 422, Warning=f'299 - "{said[:200]}"'.replace('\\"', ""), X_Echo=said)
        elif way.startswith("redirect"):
            exchange.answer(b"", 302, Location=f"{other}{path}")
        elif way == "cut":
            exchange.reset()
        else:
            obj = rollout("web")
            version = {"metadata": {"resourceVersion": "5"}}
            listed = path.endswith("s")
            if "watch=true" in exchange.request.target:
                exchange.stream()
                if way == "echo in a watch":
                    error = {"kind": "Status", "status": "Failure", "message": said, "reason": "Odd", "code": 500}
                    exchange.event("ERROR", error)
                exchange.silence()
                return
            exchange.answer({**version, "items": [obj] if path.endswith("rollouts") else []} if listed else obj)

    return handle


def _prepare(folder: Path, url: str, kind: str, secrets: Sentinels, way: str) -> dict[str, str]:
    """A kubeconfig with a secret of that kind, and an environment in which all files land in the folder."""
    for name in ("home", "tmp", "extra"):
        (folder / name).mkdir()
    user: dict[str, Any] = {}
    if kind == "token":
        user = {"token": secrets.token}
    elif kind == "token file":
        (folder / "token").write_text(secrets.token)
        user = {"tokenFile": str(folder / "token")}
    elif kind == "password":
        user = {"username": "me", "password": secrets.password}
    elif kind == "certificate":
        user = {
            "client-certificate-data": base64.b64encode((TLS / "client.crt").read_bytes()).decode(),
            "client-key-data": base64.b64encode((TLS / "client.key").read_bytes()).decode(),
        }
    elif kind.startswith("plugin"):
        version = "client.authentication.k8s.io/v1"
        status = {"token": secrets.token}
        if kind != "plugin":
            pair = {"Certificate": "client.crt", "Key": "client.key"}
            status |= {f"client{part}Data": (TLS / file).read_text() for part, file in pair.items()}
        credential = {"apiVersion": version, "kind": "ExecCredential", "status": status}
        script = folder / "plugin.py"
        script.write_text(
            f"import sys\nsys.stderr.write({secrets.password!r}[:0])\nprint({json.dumps(credential)!r})\n"
        )
        env = [{"name": "SECRET", "value": secrets.password}]
        user = {
            "exec": {
                "apiVersion": version,
                "command": sys.executable,
                "args": [str(script)],
                "env": env,
                "interactiveMode": "Never",
            }
        }
    elif kind == "oidc":
        claims = base64.urlsafe_b64encode(b'{"exp": 4000000000}').decode().rstrip("=")
        settings = {
            "idp-issuer-url": "https://127.0.0.1:1",
            "client-id": "me",
            "client-secret": secrets.password,
            "refresh-token": secrets.password,
            "id-token": f"e30.{claims}.{secrets.token}",
        }
        user = {"auth-provider": {"name": "oidc", "config": settings}}
    else:
        url = url.replace("://", f"://me:{secrets.password}@")
    config = {
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    if url.startswith("https"):
        config["clusters"][0]["cluster"]["certificate-authority"] = str(TLS / "ca.crt")  # type: ignore[index]
    (folder / "config").write_text(json.dumps(config))
    (folder / "config").chmod(0o600)
    env = {
        "KUBECONFIG": str(folder / "config"),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "home"),
    }
    if way == "crash":
        (folder / "extra" / "sitecustomize.py").write_text(secrets.chance.choice(CRASHES))
        env |= {"PYTHONPATH": str(folder / "extra"), "PYTHONDONTWRITEBYTECODE": "1"}
    return environment(env)


def _spoil(folder: Path, way: str, kind: str, secrets: Sentinels, chance: random.Random) -> None:
    """Let a plugin end badly after it has said its secret, or damage the kubeconfig where a secret stands."""
    script = folder / "plugin.py"
    if way == "plugin fails" and script.exists():
        end = chance.choice(["sys.exit(3)", "print('{')", "print('}' * 5)", "os.kill(os.getpid(), 9)"])
        script.write_text(f"import os\n{script.read_text()}sys.stdout.flush()\n{end}\n")
    if way == "damaged kubeconfig":
        config = folder / "config"
        text = config.read_text()
        if chance.random() < 0.5:
            text = yaml.safe_dump(json.loads(text), width=10_000)
        places = [at for secret in (secrets.token, secrets.password) if (at := text.find(secret)) >= 0]
        middle = places[0] + 20 if places else len(text) // 2
        for _ in range(chance.randrange(1, 4)):
            at = max(0, min(len(text), middle + chance.randrange(-60, 60)))
            text = (
                text[:at]
                + chance.choice(['"', "'", "{", "}", ":", "\n", "\t", "&", "*", "!", "%", "\x00", "é", "- "])
                + text[at + chance.randrange(2) :]
            )
        config.write_text(text)


CAMPAIGNS = [
    Campaign(
        "secrets",
        "tokens, passwords, keys: in no output at -v 99, crash or file after SIGKILL, not in the clear or elsewhere",
        _open,
        long=len(WAYS) * len(KINDS) * 5,
        short=18,
        threads=6,
    ),
]
