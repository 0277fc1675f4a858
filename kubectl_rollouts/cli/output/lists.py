"""`list` as documents, in other orders, with more columns; once and watched."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cli.output.following import Follows, Inbox, Printer, follow_objects, listed, print_changes
from kubectl_rollouts.cli.output.request import Request
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.listing import name_selector
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.detailed import DetailedRollout
from kubectl_rollouts.rollout.details import experiment_details, rollout_details
from kubectl_rollouts.rollout.info import ExperimentObjects, RolloutObjects, experiment_screen_info, rollout_info
from kubectl_rollouts.rollout.objects import Experiment
from kubectl_rollouts.rollout.rows import experiment_row, rollout_row
from kubectl_rollouts.view.output.documents import view, view_list
from kubectl_rollouts.view.output.sorting import ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_rollouts.cli.session import Session
    from kubectl_rollouts.cluster.client import Listing
    from kubectl_rollouts.rollout.details import ExperimentDetails, RolloutDetails

    Document = dict[str, Any]

NOTHING = "No resources found."


def details_of(obj: Any) -> RolloutDetails | ExperimentDetails:
    """The details that a rollout or an experiment itself tells. Raises Failure when a time in it is not one."""
    if isinstance(obj, Experiment):
        return experiment_details(experiment_screen_info(ExperimentObjects(obj)), obj, whole=False)
    return rollout_details(rollout_info(RolloutObjects(obj)), obj, whole=False)


def document_of(obj: Any) -> Document:
    """The document of a rollout or an experiment alone."""
    return view(details_of(obj))


class Lister:
    """One line of `list rollouts` or `list experiments`."""

    def __init__(self, session: Session) -> None:
        """Read the flags. Raises Failure."""
        values = session.parsed.values
        self._session = session
        self._request = Request(session)
        self._rollouts = session.parsed.command.path == "list rollouts"
        self._resource = ROLLOUTS if self._rollouts else EXPERIMENTS
        self._type: Any = dict if self._request.raw else DetailedRollout if self._rollouts else Experiment
        self._everywhere = bool(values.get("all-namespaces"))
        self._timestamps = bool(values.get("timestamps"))
        self._headers = not values.get("no-headers")
        self._sort = str(values.get("sort-by", ""))
        name = name_selector(str(values.get("name", "")))
        self._fields = ",".join(filter(None, (name, str(values.get("field-selector", "")))))
        self._labels = str(values.get("selector", ""))
        self._namespace = "" if self._everywhere else session.namespace
        self._watches = bool(values.get("watch"))
        self._widest: list[int] | None = None
        self._states = bool(values.get("phase") or values.get("awaiting-promotion"))

    def run(self) -> int:
        """Print the list, or with --watch what changes of it; the exit status."""
        if self._watches:
            return self._watch()
        listing = self._listed()
        items = self._chosen(listing.items)
        items = ordered(items, self._sort, self._facts, self._shown)
        writer = self._request.writer
        if writer is None:
            self.table(items, titles=self._headers)
        elif not items and writer.form.many:
            self._session.warn(NOTHING)
        else:
            self._session.say(writer.text(self._list([self._shown(item) for item in items], listing)), end="")
        return self._status(items)

    def _listed(self) -> Listing[Any]:
        return listed(
            self._session, self._resource, self._namespace, self._type, labels=self._labels, fields=self._fields
        )

    def _chosen(self, items: Sequence[Any]) -> list[Any]:
        """Those in the states asked for."""
        if not self._states or not items:
            return list(items)
        from kubectl_rollouts.cli.scripts.selecting import select

        there = {tuple(each.target) for each in select(self._session)}
        return [item for item in items if _name(item) in there]

    def _facts(self, item: Any) -> Document:
        if isinstance(item, dict):
            import msgspec

            from kubectl_rollouts.typed import convert

            try:
                item = convert(item, DetailedRollout if self._rollouts else Experiment)
            except msgspec.ValidationError as error:
                raise Failure(f'{self._resource.group_resource} "{_name(item)[1]}": {error}') from None
        return document_of(item)

    def _shown(self, item: Any) -> Document:
        """What is printed of an object: the facts, or the object as stored."""
        if not isinstance(item, dict):
            return document_of(item)
        return {"apiVersion": self._resource.api_version, "kind": self._resource.kind, **self._request.stored(item)}

    def _list(self, documents: list[Document], listing: Listing[Any]) -> Document:
        if self._request.raw:
            return {"apiVersion": "v1", "items": documents, "kind": "List", "metadata": {"resourceVersion": ""}}
        return view_list(documents, f"{self._resource.kind}View", listing.resource_version)

    def table(self, items: list[Any], titles: bool) -> None:
        """The table for people: the reference's columns, or more of them."""
        if not items and not self._watches:
            self._session.warn(NOTHING)
            return
        now = time.time()
        if self._request.wide:
            text = self._wide(items, now, titles)
        elif self._rollouts:
            from kubectl_rollouts.view.lists import rollouts_table

            times = [now] * len(items) if self._timestamps else None
            rows = map(rollout_row, items)
            text = rollouts_table(rows, namespaces=self._everywhere, times=times, titles=titles)
        else:
            from kubectl_rollouts.view.lists import experiments_table

            text = experiments_table(map(experiment_row, items), now, namespaces=self._everywhere)
            text = text if titles else text.partition("\n")[2]
        self._session.say(text, end="")

    def _wide(self, items: list[Any], now: float, titles: bool) -> str:
        from kubectl_rollouts.view.wide import watched_widths, wide_experiments, wide_rollouts

        if self._rollouts:
            rows: Any = [(rollout_row(item), details_of(item)) for item in items]
            if self._widest is None and self._watches:
                self._widest = watched_widths(self._everywhere, self._timestamps)
            return wide_rollouts(
                rows,
                now,
                namespaces=self._everywhere,
                timestamps=self._timestamps,
                titles=titles,
                widest=self._widest,
            )
        rows = [(experiment_row(item), details_of(item)) for item in items]
        return wide_experiments(rows, now, namespaces=self._everywhere, titles=titles)

    def _status(self, items: list[Any]) -> int:
        if not self._session.parsed.values.get("exit-code") or not self._rollouts:
            return 0
        from kubectl_rollouts.release.wait import common_status
        from kubectl_rollouts.rollout.goals import DEGRADED

        return common_status(DEGRADED if self._facts(item)["phase"] == "Degraded" else 0 for item in items)

    # --- Watched ---------------------------------------------------------------------------------------------------

    def _watch(self) -> int:
        if self._states:
            raise Failure("--phase and --awaiting-promotion cannot be watched: a rollout would leave the list unseen")
        listing = self._listed()
        items = ordered(listing.items, self._sort, self._facts, self._shown)
        inbox = Inbox()
        writer = self._request.writer
        printer: Follows
        if writer is None:
            self.table(items, titles=self._headers)
            printer = _Rows(self, items)
        else:
            printer = Printer(self._session, self._request)
            printer.begin([self._shown(item) for item in items])
        inbox.catch_signals()
        follow_objects(
            self._session,
            listing,
            self._resource,
            self._namespace,
            self._type,
            inbox,
            labels=self._labels,
            fields=self._fields,
        )
        make = self._shown if writer is not None else lambda item: item
        ended = print_changes(self._session, inbox, printer, make)
        if ended.signal is not None:
            signal.signal(ended.signal, signal.SIG_DFL)  # as a program that handles no signals
            os.kill(os.getpid(), ended.signal)
        return 0


class _Rows:
    """Prints the row of whatever changed, as `Printer` prints its document."""

    def __init__(self, lister: Lister, items: list[Any]) -> None:
        self._lister = lister
        self._known = {_name(item): _told(item) for item in items}

    def key(self, shown: Any) -> tuple[str, str]:
        """Namespace and name."""
        return _name(shown)

    def show(self, shown: Any) -> None:
        """Print the row of an object unless it tells nothing new."""
        told = _told(shown)
        if self._known.get(_name(shown)) != told:
            self._known[_name(shown)] = told
            self._lister.table([shown], titles=False)

    def gone(self, key: tuple[str, str], shown: Any = None) -> None:
        """Print what it was last, as `list --watch` does."""
        if shown is not None:
            self.show(shown)
        self._known.pop(key, None)

    def all_but(self, present: set[tuple[str, str]]) -> None:
        """Forget the others; they have no row any more."""
        for key in self._known.keys() - present:
            del self._known[key]


def _told(item: Any) -> Any:
    """What a row tells but for the time: rows that are equal in this need no second line."""
    details: Any = details_of(item)
    if isinstance(item, Experiment):
        return experiment_row(item), details.revision, details.message
    return rollout_row(item), details.revision, details.template_images, details.pauses, details.message


def _name(item: Any) -> tuple[str, str]:
    if isinstance(item, dict):
        meta = item.get("metadata") or {}
        return str(meta.get("namespace", "")), str(meta.get("name", ""))
    return item.metadata.namespace or "", item.metadata.name or ""
