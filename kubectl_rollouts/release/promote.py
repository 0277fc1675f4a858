"""Carrying out a promotion: read, decide, patch, and again when the rollout moved meanwhile (commands.md §3).

Every patch carries the resource version of what was decided from, so the server refuses it (409) when the rollout has
moved on. That also makes it safe to send a patch again after a lost reply: of two with one version only one can take.

The promotion may be two requests, first to the status, then to the spec. The first one changes the version, so the
second carries the version of the first one's reply. What the controller does in between changes it once more; then
the rollout is read again, but only for what the second patch says (`spec.paused`): the first has been done, and
deciding it anew could skip a step.

Where the pause of a step and a manual one are lifted together, it is the other way round: the manual pause first. That
moves nothing, so when something comes in between, all is decided anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubectl_rollouts.cluster.errors import ApiError, ConnectionFailed
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.release.writes import TRIES, explained, in_doubt, is_conflict, read_back, tries, unknown
from kubectl_rollouts.rollout.promote import UNPAUSE, Patch, Promotable, Promotion, Wish, moved_on, promotion, took

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client

_WHAT = "the promotion"
_SECOND = "the end of the manual pause"


def promote(client: Client, namespace: str, name: str, wish: Wish, tell: Callable[[str], None]) -> str:
    """Promote a rollout and return its name. `tell` gets what a person should know beside the result.

    Raises Failure; when the status was changed already by then, `tell` has said so.
    """
    wish.check()

    def read() -> Promotable:
        return client.get(ROLLOUTS, namespace, name, Promotable)

    work = _Work(client, namespace, name, read, tell)
    first = seen = read()
    try:
        for number in tries():
            if number > 1:
                seen = read()
            over = moved_on(first, seen, wish)
            plan = promotion(seen, wish)
            if over:
                plan = Promotion(spec=UNPAUSE if seen.paused else {}, note=over)
            try:
                return work.carry_out(plan, seen)
            except _MovedError as moved:
                if number == TRIES:
                    raise moved.cause from None
    except BaseException as error:  # also Ctrl-C: nothing is left half done in silence
        if work.unpaused:
            left = "but its status was not changed"
            if not isinstance(error, ApiError):
                left = "but whether its status was changed is not known"
            tell(f"rollout '{name}': spec.paused was set to false, {left}")
        raise
    raise AssertionError("the last try returns or raises")


class _MovedError(Exception):
    """The rollout is not as it was read: decide again. `cause` is what to say when it happens too often."""

    def __init__(self, cause: Failure) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _Work:
    """The requests of one promotion."""

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        read: Callable[[], Promotable],
        tell: Callable[[str], None],
    ) -> None:
        self.client = client
        self.namespace = namespace
        self.name = name
        self.read = read
        self.tell = tell
        self.unpaused = False  # the manual pause was lifted ahead of the status

    def carry_out(self, plan: Promotion, seen: Promotable) -> str:
        """Send the patches of a plan and return the rollout's name. Raises _MovedError and Failure."""
        if plan.note:
            self.tell(plan.note)
        now, spec = seen, plan.spec
        if plan.spec_first:
            now = seen = self._send(spec, seen, Promotion(spec=spec))
            self.unpaused, spec = True, {}
        if plan.status:
            try:
                now = self._send(plan.status, seen, plan, "status")
            except ApiError as error:
                if not error.not_found:
                    raise
                return self._send(plan.unified, seen, plan).name  # no status subresource: all in one
        if not spec:
            return now.name
        if not plan.status:
            return self._send(spec, seen, plan).name
        try:
            return self._unpause(now)
        except BaseException as error:  # also Ctrl-C: nothing is left half done in silence
            left = "but spec.paused was not set to false"
            if not isinstance(error, ApiError):
                left = "but whether spec.paused was set to false is not known"
            self.tell(f"rollout '{self.name}': its status was changed, {left}")
            raise

    def _patch(self, body: Patch, version: str, subresource: str = "") -> Promotable:
        if version:
            body = {"metadata": {"resourceVersion": version}, **body}
        return self.client.patch(ROLLOUTS, self.namespace, self.name, body, subresource=subresource, type_=Promotable)

    def _send(self, body: Patch, seen: Promotable, plan: Promotion, subresource: str = "") -> Promotable:
        """Send the patch that was decided from `seen`; after a lost reply find out whether it took."""
        try:
            return self._patch(body, seen.version, subresource)
        except ApiError as error:
            if is_conflict(error):
                raise _MovedError(error) from None
            raise
        except ConnectionFailed as error:
            if not in_doubt(error):
                raise explained(error, _WHAT) from None
            lost = error
        now = read_back(self.read, lost, _WHAT)
        unpaused = "spec" not in body or not now.paused
        if unpaused and took(plan, seen, now) and now.version != seen.version:
            return now
        raise _MovedError(unknown(lost, _WHAT))

    def _unpause(self, now: Promotable) -> str:
        """Set spec.paused to false, whatever else has changed since the status patch."""
        lost: ConnectionFailed | None = None
        for number in tries():
            if number > 1:
                now = self.read() if lost is None else read_back(self.read, lost, _SECOND)
                if not now.paused:
                    break
            try:
                return self._patch(UNPAUSE, now.version).name
            except ApiError as error:
                if not is_conflict(error) or number == TRIES:
                    raise
            except ConnectionFailed as error:
                if not in_doubt(error) or number == TRIES:
                    raise explained(error, _SECOND) from None
                lost = error
        return now.name
