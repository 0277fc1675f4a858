"""How commands are called: with the operands and the flags that were given, directly or by Typer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from kubectl_rollouts.cli.app import App, TyperApp
from kubectl_rollouts.cli.pflag import Parsed
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.cli.tree import MANY, Command, Flag

SESSION = cast(Session, object())
FLAGS = (
    Flag("all-namespaces", "bool", ""),
    Flag("in", "string", "", default="0s"),
    Flag("timeout", "duration", "", default=5),
    Flag("watch", "bool", "", default=True),
    Flag("load", "stringArray", "", default=()),
)
GIVEN: dict[str, Any] = {"all-namespaces": True, "in": "-1", "timeout": -2, "watch": False, "load": ["a,b", "--c"]}
CALLED: list[dict[str, Any]] = []


def command(name: str, least: int, most: int, values: dict[str, Any], operands: Sequence[str]) -> Parsed:
    parsed = Parsed(Command(name, "", "", "x", least=least, most=most, flags=FLAGS))
    parsed.values = dict(values)
    parsed.operands = list(operands)
    return parsed


@pytest.fixture(params=[App, TyperApp])
def app(request: pytest.FixtureRequest) -> App:
    app: App = request.param()

    def take(session: Session, **values: Any) -> int:
        assert session is SESSION
        CALLED.append(values)
        return 7

    @app.command()
    def one(
        session: Session,
        name: str,
        *,
        all_namespaces: bool = False,
        in_: str = "0s",
        timeout: int = 5,
        watch: bool = True,
        load: Sequence[str] = (),
    ) -> int:
        """Take one name."""
        values = {"all-namespaces": all_namespaces, "in": in_, "timeout": timeout, "watch": watch, "load": list(load)}
        return take(session, operands=[name], values=values)

    @app.command()
    def many(
        session: Session,
        *names: str,
        all_namespaces: bool = False,
        in_: str = "0s",
        timeout: int = 5,
        watch: bool = True,
        load: Sequence[str] = (),
    ) -> int:
        """Take many names."""
        values = {"all-namespaces": all_namespaces, "in": in_, "timeout": timeout, "watch": watch, "load": list(load)}
        return take(session, operands=list(names), values=values)

    return app


def test_flags_and_operands_arrive(app: App) -> None:
    assert app.run(SESSION, command("one", 1, 1, GIVEN, ["--web"])) == 7
    assert CALLED.pop() == {"operands": ["--web"], "values": GIVEN}
    assert app.run(SESSION, command("many", 1, MANY, GIVEN, ["a", "-b"])) == 7
    assert CALLED.pop() == {"operands": ["a", "-b"], "values": GIVEN}


def test_what_was_not_given_has_its_default(app: App) -> None:
    app.run(SESSION, command("one", 1, 1, {}, ["web"]))
    defaults = {"all-namespaces": False, "in": "0s", "timeout": 5, "watch": True, "load": []}
    assert CALLED.pop() == {"operands": ["web"], "values": defaults}


def test_operands_can_be_ignored_and_no_status_is_success() -> None:
    app = App()

    @app.command()
    def none(session: Session, *, watch: bool = True) -> None:
        """Ignore operands, and flags of others."""
        CALLED.append({"watch": watch})

    assert app.run(SESSION, command("none", 0, MANY, {**GIVEN, "namespace": "x"}, ["a", "b"])) == 0
    assert CALLED.pop() == {"watch": False}
