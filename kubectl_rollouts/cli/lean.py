"""Importing without what nobody needs.

msgspec takes `typing_extensions` where it is installed, for what Python 3.11 has itself; importing that costs as much
as an interpreter start.
"""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def import_lean(name: str) -> ModuleType:
    """Import a module; those that it imports find no `typing_extensions`, unless that is loaded already."""
    hidden = "typing_extensions" not in sys.modules
    if hidden:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # how Python says: not to be imported
    try:
        return import_module(name)
    finally:
        if hidden:
            del sys.modules["typing_extensions"]
