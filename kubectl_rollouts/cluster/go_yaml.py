"""YAML as kubectl reads it, by PyYAML's parser, with words meaning what they mean to go-yaml.

`12:30` is text, `1e3` a number, `y` a boolean; a value with a tag of somebody's own is that value; keys become text.
The meanings stand in `rollout/scalars.py`. `simple_yaml` answers first for what needs none of this. Built from events:
PyYAML's own composer overflows the stack of the process when brackets are nested deeply enough.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml import events

from kubectl_rollouts.rollout.scalars import BadScalarError, plain, tagged


def load(data: bytes) -> Any:
    """Return the first document ({} for an empty one). Raises ValueError that quotes nothing of the document."""
    parser: Any = None
    try:
        parser = getattr(yaml, "CBaseLoader", yaml.BaseLoader)(data)
        document = _Builder(parser).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise ValueError(f"yaml: {where}{getattr(error, 'problem', None) or 'not readable'}") from None
    except BadScalarError:
        raise ValueError("yaml: a value does not fit its tag") from None
    except RecursionError:
        raise ValueError("yaml: exceeded max depth") from None
    finally:
        if parser is not None:
            parser.dispose()
    return {} if document is None else document


class _Builder:
    def __init__(self, parser: Any) -> None:
        self.next = parser.get_event
        self.anchors: dict[str, Any] = {}

    def document(self) -> Any:
        while not isinstance(event := self.next(), events.DocumentStartEvent):
            if isinstance(event, events.StreamEndEvent):
                return None
        return self.value(self.next())

    def value(self, event: Any) -> Any:
        if isinstance(event, events.AliasEvent):
            if event.anchor not in self.anchors:
                raise ValueError("yaml: unknown anchor")
            return self.anchors[event.anchor]
        if isinstance(event, events.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, events.SequenceStartEvent):
            value = []
            while not isinstance(item := self.next(), events.SequenceEndEvent):
                value.append(self.value(item))
        else:
            value = self.mapping()
        if event.anchor is not None:
            self.anchors[event.anchor] = value
        return value

    def mapping(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while not isinstance(key := self.next(), events.MappingEndEvent):
            if isinstance(key, events.ScalarEvent) and key.value == "<<" and key.implicit[0]:
                merged = self.value(self.next())
                for other in reversed(merged) if isinstance(merged, list) else (merged,):
                    if not isinstance(other, dict):
                        raise ValueError("yaml: map merge requires map or sequence of maps as the value")
                    out |= other
                continue
            name = self.value(key)
            if isinstance(name, list | dict):
                raise ValueError("yaml: invalid map key")
            if name is None:
                raise ValueError("yaml: unsupported map key of type: null")
            out[("true" if name else "false") if isinstance(name, bool) else str(name)] = self.value(self.next())
        return out


def _scalar(event: Any) -> Any:
    tag = event.tag
    if tag is None or (tag == "!" and not event.implicit[0]):
        return plain(event.value) if event.implicit[0] else event.value
    return tagged(event.value, tag)
