"""Credentials that expire in the midst of watches: the plugin runs once, and nothing is lost."""

from __future__ import annotations

import contextlib
import math
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from kubectl_rollouts.cluster import pool
from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig, User
from kubectl_rollouts.cluster.kubeconfig_files import Exec
from kubectl_rollouts.rollout.times import format_time
from tests.release.test_follow_campaign import Life
from tests.support.releases import simple
from tests.torture.campaign import Campaign, Case
from tests.torture.in_time import LIVE_WITHIN, Remembering, Screen
from tests.torture.simulated import EPOCH, Network, World, world

PLUGIN = """#!/bin/sh
here=${0%/*}
echo run >> "$here/runs"
cat "$here/credential"
"""
SEEN = 45.0  # seconds after which each watch and a look have had to ask anew
KINDS = ("plugin", "plugin that says when", "token file")


class Quiet(Life):
    """A release's life in which nothing breaks."""

    def fault(self) -> None:
        """Nothing."""


class Tokens:
    """What the server takes and the plugin gives; `expire` puts another in the place of the old one."""

    def __init__(self, folder: Path, kind: str, server: Remembering) -> None:
        self.folder, self.kind, self.server = folder, kind, server
        self.number = 0
        self.ends = 0.0
        plugin = folder / "plugin"
        plugin.write_text(PLUGIN)
        plugin.chmod(0o700)

    def expire(self, lifetime: float) -> None:
        """The old token is good no more; the new one is for some seconds."""
        self.number += 1
        self.ends = self.server.world.now + lifetime
        token = f"token-{self.number}"
        self.server.token = f"Bearer {token}"
        says = ""
        if self.kind == "plugin that says when":
            says = f', "expirationTimestamp": "{format_time(math.ceil(EPOCH + self.ends))}"'
        (self.folder / "credential").write_text(
            '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", '
            f'"status": {{"token": "{token}"{says}}}}}'
        )
        (self.folder / "token").write_text(token)

    def user(self) -> User:
        """Who the client is."""
        if self.kind == "token file":
            return User(token_file=str(self.folder / "token"))
        version = "client.authentication.k8s.io/v1"
        return User(exec=Exec(command=str(self.folder / "plugin"), api_version=version, interactive_mode="Never"))

    @property
    def runs(self) -> int:
        """How often the plugin has run."""
        file = self.folder / "runs"
        return len(file.read_text().splitlines()) if file.exists() else 0


def _expiring(seed: int, made: World, _network: Network, folder: Path) -> None:
    chance = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    server = Remembering(made, simple(), seed=seed, bookmarks=chance.choice([0.0, 7.0, 60.0]))
    server.poll = 5.0
    tokens = Tokens(folder, kind, server)
    lifetimes = [chance.uniform(15.0, 300.0) for _ in range(4)]
    tokens.expire(lifetimes[0])
    url = server.url.replace("http:", "https:")
    with server, Client(ClusterConfig(server=url, user=tokens.user())) as client:
        screen = Screen(made, server, client)
        life = Quiet(server, seed)
        for lifetime in lifetimes[1:]:
            while made.now < tokens.ends:
                life.step()
                made.sleep(min(chance.expovariate(1 / 3.0), tokens.ends - made.now))
            refused = server.refused
            runs = tokens.runs
            tokens.expire(2 * SEEN + lifetime)
            cut = chance.choice(["", "", "close", "reset", "401"])
            if cut:
                server.cut_watches("close" if cut == "401" else cut)
            until = made.now + SEEN
            while made.now < until:
                life.step()
                made.sleep(chance.expovariate(1 / 2.0))
            where = f"{kind}, {cut or 'watches go on'}"
            if kind != "token file":
                assert tokens.runs == runs + 1, f"{where}: {tokens.runs - runs} runs of the plugin"
            # The others may have asked again by themselves before anything was refused.
            assert server.refused > refused or kind != "plugin", where
            screen.settled(LIVE_WITHIN)
            assert not screen.marked or cut == "reset", f"{where}: marked as out of date: {screen.marked}"
            screen.marked = ""
        screen.check_end()


@contextlib.contextmanager
def _open() -> Iterator[Case]:
    def case(seed: int) -> None:
        with tempfile.TemporaryDirectory() as folder, world(seed) as (made, network), contextlib.ExitStack() as stack:
            # Credentials go over TLS only; here the bytes are those below it.
            plain: Any = lambda sock, *_: sock  # noqa: E731
            stack.enter_context(mock.patch.object(pool, "_handshake", plain))
            stack.enter_context(mock.patch.object(pool.Pool, "_tls", lambda _: (None, object())))
            made.run(lambda: _expiring(seed, made, network, Path(folder)))

    yield case


CAMPAIGNS = [
    Campaign(
        "expiring tokens",
        "a token that expires in the midst of watches costs one run of the plugin; nothing is lost, nothing is marked",
        _open,
        long=150,
        short=3,
        processes=2,
    ),
]
