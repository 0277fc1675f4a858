"""What `-o` can say, and the text that it makes of objects.

An object is a JSON value with `kind` and `metadata`; a list is one with `items`, whose columns and names are those of
its items. The forms and errors are kubectl's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.jsonpath import Template
from kubectl_rollouts.rollout.jsonpath.gojson import go_json
from kubectl_rollouts.view.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_rollouts.view.output.columns import Column

    Shown = Callable[[str], str]

FORMATS = (
    "custom-columns",
    "custom-columns-file",
    "go-template",
    "go-template-file",
    "json",
    "jsonpath",
    "jsonpath-as-json",
    "jsonpath-file",
    "name",
    "wide",
    "yaml",
)

_FILES = ("custom-columns-file", "go-template-file", "jsonpath-file")
_PLAIN = ("json", "yaml", "name", "wide")


class Format(NamedTuple):
    """An output format, understood. `kind` is json, yaml, name, wide, jsonpath, jsonpath-as-json, columns or template.

    `template` is the source of a go-template.
    """

    kind: str
    path: Template | None = None
    columns: list[Column] | None = None
    template: str = ""

    @property
    def many(self) -> bool:
        """Whether the objects of a list come one a line rather than as one document."""
        return self.kind in ("name", "columns")


def parse_format(text: str, read_file: Callable[[str], str]) -> Format:
    """Read what was given to `-o`; `read_file` returns the text of a file that it names. Raises Failure."""
    kind, equals, argument = text.partition("=")
    if kind not in FORMATS or (kind in _PLAIN and equals):
        raise Failure(
            f'unable to match a printer suitable for the output format "{text}", '
            f"allowed formats are: {','.join(FORMATS)}"
        )
    if kind in _PLAIN:
        return Format(kind)
    if not argument:
        what = "custom-columns format" if kind.startswith("custom") else "template format"
        given = "custom columns" if kind.startswith("custom") else "template"
        raise Failure(f"{what} specified but no {given} given")
    if kind in _FILES:
        argument, kind = read_file(argument), kind
    if kind.startswith("custom-columns"):
        from kubectl_rollouts.view.output.columns import parse_columns, parse_columns_file

        parse = parse_columns_file if kind in _FILES else parse_columns
        return Format("columns", columns=parse(argument))
    if kind.startswith("go-template"):
        return Format("template", template=argument)
    return Format("jsonpath-as-json" if kind == "jsonpath-as-json" else "jsonpath", path=Template(argument))


class Writer:
    """Writes objects in one format. `terminal`: what comes from the cluster is shown escaped.

    `template` carries out a go-template on an object (its source, the object) and returns the text; `headers`: columns
    have titles.
    """

    def __init__(
        self,
        form: Format,
        terminal: bool,
        template: Callable[[str, Any], str] | None = None,
        headers: bool = True,
    ) -> None:
        self.form = form
        self._headers = headers
        self._shown: Shown | None = _escaped if terminal else None
        self._template = template
        self._written = 0
        self._widest: list[int] = []

    def text(self, value: Any) -> str:
        """One object or list, as kubectl prints it; of several calls the documents follow each other."""
        self._written += 1
        kind = self.form.kind
        if kind == "json":
            return go_json(value, 4, safe=self._shown is not None) + "\n"
        if kind == "yaml":
            from kubectl_rollouts.view.output.yaml import yaml_text

            return ("---\n" if self._written > 1 else "") + yaml_text(value, self._shown)
        return self._rest(value)

    def line(self, value: Any) -> str:
        """One change of something that is watched: a line of JSON, a YAML document, a line of text."""
        if self.form.kind == "json":
            return go_json(value, safe=self._shown is not None) + "\n"
        text = self.text(value)
        return text if text.endswith("\n") else text + "\n"

    def _rest(self, value: Any) -> str:
        form = self.form
        if form.kind == "name":
            return "".join(f"{visible(object_name(one))}\n" for one in _each(value))
        if form.columns is not None:
            from kubectl_rollouts.view.output.columns import columns_text

            titles, safe = self._headers and self._written == 1, self._shown is not None
            return columns_text(form.columns, _each(value), titles=titles, widest=self._widest, safe=safe)
        if form.kind == "jsonpath-as-json" and form.path is not None:
            safe = self._shown is not None
            return "".join(go_json(values, 4, safe=safe) + "\n" for values in form.path.find(value))
        if form.path is not None:
            return form.path.text(value, self._shown)
        assert self._template is not None
        text = self._template(form.template, value)
        return visible_lines(text) if self._shown else text


def object_name(obj: Any) -> str:
    """`rollout.argoproj.io/web`: kind, group and name. Facts are named as the object that they are about."""
    meta = obj.get("metadata")
    name = meta.get("name") if isinstance(meta, dict) else None
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    group = api_version.partition("/")[0] if isinstance(api_version, str) and "/" in api_version else ""
    if group == VIEW_GROUP and isinstance(kind, str):
        group, kind = "argoproj.io", kind.removesuffix("View")
    kind = kind.lower() if isinstance(kind, str) else ""
    return f"{kind}.{group}/{name}" if group else f"{kind}/{name}"


VIEW_GROUP = "rollouts.kubectl-rollouts.dev"


def _each(value: Any) -> list[Any]:
    items = value.get("items") if isinstance(value, dict) else None
    return items if isinstance(items, list) else [value]


def _escaped(text: str) -> str:
    return visible(text, keep_newlines=True)


def visible_lines(text: str) -> str:
    """The text of a template for a terminal: line breaks and tabs are its own."""
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in text.split("\n"))
