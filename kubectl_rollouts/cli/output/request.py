"""What the flags of output ask for, checked before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.view.output.formats import Format, Writer, parse_format

if TYPE_CHECKING:
    from kubectl_rollouts.cli.pflag import Parsed
    from kubectl_rollouts.cli.session import Session

_NEED_OUTPUT = ("template", "raw", "show-managed-fields", "output-watch-events")


class Request:
    """The output that a command line asks for. `form` is None when it asks for the screen or table.

    `raw`: objects as stored. `events`: changes with what happened. `writer` is there unless the form is None or wide.
    """

    def __init__(self, session: Session) -> None:
        """Read the flags. Raises Failure for a format that is none, and for flags that do not go together."""
        values = session.parsed.values
        self.form = _format(session.parsed)
        if self.form is None and (given := [name for name in _NEED_OUTPUT if values.get(name)]):
            raise Failure(f"--{given[0]} needs --output")
        self.raw = bool(values.get("raw"))
        self.events = bool(values.get("output-watch-events"))
        self.managed = bool(values.get("show-managed-fields"))
        self.wide = self.form is not None and self.form.kind == "wide"
        if self.wide and self.raw:
            raise Failure("--raw needs an output format of objects: json, yaml, jsonpath=…")
        if self.events and not values.get("watch", session.parsed.command.path == "status"):
            raise Failure("--output-watch-events needs --watch")
        self.writer: Writer | None = None
        if self.form is not None and not self.wide:
            headers = not values.get("no-headers")
            self.writer = Writer(self.form, session.is_terminal, _go_template, headers=headers)

    @property
    def objects(self) -> bool:
        """Whether documents or objects are asked for, not a screen."""
        return self.writer is not None

    def stored(self, obj: dict[str, Any]) -> dict[str, Any]:
        """An object as it is to be printed: without metadata.managedFields unless they are asked for."""
        meta = obj.get("metadata")
        if self.managed or not isinstance(meta, dict) or "managedFields" not in meta:
            return obj
        return {**obj, "metadata": {key: value for key, value in meta.items() if key != "managedFields"}}


def _format(parsed: Parsed) -> Format | None:
    text = str(parsed.values.get("output", ""))
    template = str(parsed.values.get("template", ""))
    if template:
        kind = text or "go-template"
        if kind not in ("go-template", "go-template-file", "jsonpath", "jsonpath-file", "jsonpath-as-json"):
            raise Failure("--template goes with -o go-template, go-template-file, jsonpath, jsonpath-file")
        text = f"{kind}={template}"
    if not text:
        if "output" in parsed.values:
            parse_format("", _read_file)
        return None
    form = parse_format(text, _read_file)
    if form.kind == "wide" and parsed.command.path.split()[0] not in ("get", "list"):
        raise Failure('unable to match a printer suitable for the output format "wide": it is for get and list')
    return form


def _read_file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Failure(f"error reading template {name}, {reason}") from None


def _go_template(template: str, value: Any) -> str:
    from kubectl_rollouts.cli.output.go_template import go_template

    return go_template(template, value)


def number(session: Session, name: str) -> int:
    """The value of a flag that counts. Raises Failure when it is negative."""
    value = cast(int, session.parsed.values.get(name, 0))
    if value < 0:
        raise Failure(f"--{name} may not be negative")
    return value
