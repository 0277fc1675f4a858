"""Commands that take several names: one after the other, each outcome said at once (spec/commands.md §2.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.cluster.resources import Resource
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.patch_many import patch_object


def each(session: Session, names: Sequence[str], keep_going: bool, act: Callable[[str], str], outcome: str) -> int:
    """Act on every name and say `outcome`, a sentence with `{}` for the name that `act` returned.

    The first failure ends the command, unless `keep_going`: then it is said and the rest is done. Returns the status.
    """
    failed = 0
    for name in names:
        try:
            done = act(name)
        except Failure as failure:
            if not keep_going:
                raise
            session.warn(f"Error: {failure}")
            failed = 1
        else:
            session.say(outcome.format(shown(done)))
    return failed


def patch_each(
    session: Session,
    resource: Resource,
    names: Sequence[str],
    keep_going: bool,
    patch: dict[str, Any],
    outcome: str,
    *,
    status: bool = False,
) -> int:
    """Send the same merge patch to every name, with `status` to its status subresource first (§2.6); else as `each`."""
    client = session.client()

    def act(name: str) -> str:
        return patch_object(client, resource, client.namespace, name, patch, status=status)

    return each(session, names, keep_going, act, outcome)
