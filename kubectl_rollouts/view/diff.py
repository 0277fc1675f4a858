"""What a write changes, as a unified diff of YAML: the way people read objects."""

from __future__ import annotations

import difflib
from typing import Any

from kubectl_rollouts.view.escape import visible

Object = dict[str, Any]

_COLORS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
_RESET = "\x1b[0m"
_SERVERS_OWN = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")


def object_diff(before: Object | None, after: Object, name: str, color: bool) -> str:
    """Return the lines between two states of an object, "" when there is no difference that matters.

    What the server keeps by itself (versions, managed fields) is left out. `before` None: it was created.
    """
    old, new = (_lines(obj) for obj in (before or {}, after))
    title = visible(name)
    lines = difflib.unified_diff(old, new, f"{title} (now)", f"{title} (then)", lineterm="")
    return "\n".join(_colored(line) if color else line for line in lines)


def _lines(obj: Object) -> list[str]:
    if not obj:
        return []
    import yaml

    meta = {key: value for key, value in (obj.get("metadata") or {}).items() if key not in _SERVERS_OWN}
    text = yaml.safe_dump({**obj, "metadata": meta}, sort_keys=True, allow_unicode=True, width=1 << 20)
    return [visible(line) for line in text.splitlines()]


def _colored(line: str) -> str:
    color = _COLORS.get(line[:1], "")
    return f"{color}{line}{_RESET}" if color else line
