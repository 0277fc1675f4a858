"""The one theme: what each icon, tag and status looks like (spec/view.md §3)."""

from __future__ import annotations

# Colour codes (SGR) by style name: icons and tags by themselves, names by `status`. Code 0 is the reference's "none".
CODES: dict[str, int] = {
    "◷": 33,
    "?": 33,
    "◌": 94,
    "⚠": 31,
    "✖": 31,
    "✔": 32,
    "॥": 0,
    "•": 0,
    "blank": 0,
    "canary": 33,
    "stable": 32,
    "active": 32,
    "preview": 94,
    "ping": 94,
    "pong": 94,
    "underway": 94,
    "none": 0,
}

# The same for a terminal, in Rich's words.
RICH: dict[int, str] = {0: "", 31: "red", 32: "green", 33: "yellow", 94: "bright_blue"}


def status_style(status: str) -> str:
    """The style of the name of an Experiment, an AnalysisRun or a Job."""
    return "underway" if status in ("Pending", "Running") else "none"


def icon_style(icon: str) -> str:
    """The style of an icon."""
    return "blank" if icon == " " else icon
