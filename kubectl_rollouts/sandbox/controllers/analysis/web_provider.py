"""The `web` provider: asks over HTTP from a thread of its own, so that no reconcile waits for an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from kubectl_rollouts.rollout.expressions.values import json_text
from kubectl_rollouts.rollout.jsonpath import JSONPathError, strict_values
from kubectl_rollouts.rollout.validation.access import Mapping, text
from kubectl_rollouts.sandbox.controllers.analysis.measurement import Answer, Question, error, judged
from kubectl_rollouts.sandbox.controllers.analysis.scripted import ScriptedProvider, has_script
from kubectl_rollouts.sandbox.controllers.analysis.web_request import (
    WebError,
    WebRequest,
    decoded,
    fetch,
    is_loopback,
    web_request,
)
from kubectl_rollouts.sandbox.objects import uid_of

_AT_ONCE = 16
_FORGOTTEN_AFTER = 120.0

Key = tuple[str, str, int]


class _Flight(NamedTuple):
    """One request under way or answered."""

    started: float
    answer: list[bytes | str]
    """Empty while under way; then the body, or the text of what went wrong."""


class WebProvider:
    """Keeps the requests that are under way; an answer is handed over once."""

    def __init__(self, send: Callable[[WebRequest], bytes] = fetch) -> None:
        self._send = send
        self._flights: dict[Key, _Flight] = {}
        self._scripted = ScriptedProvider("web")

    def begin(self, question: Question) -> Answer | None:
        """The answer, or None while the request is under way."""
        metric = question.metric
        if not is_loopback(text(metric, "provider", "web", "url")) and has_script(question):
            return self._scripted.begin(question)
        key = (uid_of(question.run), text(metric, "name"), question.done)
        flight = self._flights.get(key)
        if flight is None:
            return self._start(key, question)
        if not flight.answer:
            return None
        del self._flights[key]
        found = flight.answer[0]
        answer = error(found) if isinstance(found, str) else _answer(metric, found)
        return answer._replace(started=flight.started)

    def resume(self, question: Question, measurement: Mapping) -> Answer | None:
        """Never written while in flight: begins anew."""
        return self.begin(question)

    def stop(self, question: Question, measurement: Mapping) -> Answer:
        """Never written while in flight."""
        return Answer("Successful")

    def _start(self, key: Key, question: Question) -> Answer | None:
        self._forget(question.clock.now)
        if len(self._flights) >= _AT_ONCE:
            return None
        try:
            request = web_request(question.metric)
        except WebError as problem:
            return error(str(problem))
        flight = self._flights[key] = _Flight(question.clock.now, [])
        threading.Thread(target=_fly, args=(self._send, request, flight.answer), daemon=True, name="web-metric").start()
        return None

    def _forget(self, now: float) -> None:
        """Drop what nobody came back for: the run was deleted meanwhile."""
        for key in [key for key, flight in self._flights.items() if now - flight.started > _FORGOTTEN_AFTER]:
            del self._flights[key]


def _fly(send: Callable[[WebRequest], bytes], request: WebRequest, answer: list[bytes | str]) -> None:
    try:
        answer.append(send(request))
    except WebError as problem:
        answer.append(str(problem))
    except Exception as problem:  # a thread that dies silently would leave the run waiting for ever
        answer.append(f'{request.method.capitalize()} "{request.url}": {type(problem).__name__}: {problem}')


def _answer(metric: Mapping, body: bytes) -> Answer:
    """The measurement that an answer makes: its JSON through the jsonPath, or its text."""
    document, is_json = decoded(body)
    if not is_json:
        return judged(metric, document, str(document))
    try:
        found = strict_values(text(metric, "provider", "web", "jsonPath") or "{$}", document)
    except JSONPathError as problem:
        return error(f"Could not find JSONPath in body: {problem}")
    if not found:
        return error("result of web metric produced no value")
    return judged(metric, found[0], json_text(found[0]))
