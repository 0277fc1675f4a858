"""`get`, `list` and `status` whose line has a flag of output: what of them is not the plain command's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cli.output.request import Request
from kubectl_rollouts.errors import Failure

if TYPE_CHECKING:
    from kubectl_rollouts.cli.session import Session

_LISTS = ("list rollouts", "list experiments")


def reads_here(session: Session) -> bool:
    """Whether a line of `get`, `list` or `status` is carried out by `read` below.

    Of a single release `get` itself asks `screens.py`. Raises Failure for flags that do not go together.
    """
    parsed = session.parsed
    request = Request(session)
    path = parsed.command.path
    if path in _LISTS:
        return request.form is not None or bool({"sort-by", "no-headers"} & parsed.values.keys())
    if path == "status":
        return request.objects
    return request.objects and _selects(session)


def read(session: Session) -> int:
    """Carry out such a line and return the exit status. Raises Failure."""
    path = session.parsed.command.path
    if path in _LISTS:
        from kubectl_rollouts.cli.output.lists import Lister

        return Lister(session).run()
    if _selects(session):
        return _read_many(session)
    from kubectl_rollouts.cli.main import wrong_operands
    from kubectl_rollouts.cli.output.status import status

    problem = wrong_operands(session.parsed.command, session.parsed)
    if problem is not None:
        raise Failure(problem)
    return status(session)


def _selects(session: Session) -> bool:
    from kubectl_rollouts.cli.scripts.selecting import selects

    return session.parsed.command.path != "get experiment" and selects(session.parsed)


def _read_many(session: Session) -> int:
    """The rollouts that selection flags choose, as one list: whole for `get`, by themselves for `status`."""
    from kubectl_rollouts.cli.output.screens import extras_of, read_document
    from kubectl_rollouts.cli.scripts.selecting import select, shown_status
    from kubectl_rollouts.release.resources import ROLLOUTS
    from kubectl_rollouts.view.output.documents import view_list

    parsed = session.parsed
    if parsed.values.get("watch") or (parsed.command.path == "status" and parsed.value("watch")):
        raise Failure("--watch follows one rollout: name it (list --watch follows many; status has --watch=false)")
    request = Request(session)
    assert request.writer is not None
    extras = extras_of(session)
    documents: list[dict[str, Any]] = []
    problems: list[Any] = []
    found = select(session)
    for each in found:
        document, missing = read_document(session, request, extras, ROLLOUTS, each.target.name, each.target.namespace)
        documents.append(document)
        problems += missing
    whole: dict[str, Any] = view_list(documents, "RolloutView", "")
    if request.raw:
        whole = {"apiVersion": "v1", "items": documents, "kind": "List", "metadata": {"resourceVersion": ""}}
    session.say(request.writer.text(whole), end="")
    for problem in problems:
        session.warn(f"Error: {problem}")
    exact = bool(parsed.values.get("exit-code"))
    if problems or not (exact or parsed.command.path == "status"):
        return 1 if problems else 0
    return shown_status(found, exact=exact)
