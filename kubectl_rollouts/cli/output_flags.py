"""The flags of structured output and of the screens' extras, by command; `more_flags.py` puts them into its table."""

from __future__ import annotations

from kubectl_rollouts.cli.tree import Flag

FORMATS = (
    "custom-columns=",
    "custom-columns-file=",
    "go-template=",
    "go-template-file=",
    "json",
    "jsonpath=",
    "jsonpath-as-json=",
    "jsonpath-file=",
    "name",
    "wide",
    "yaml",
)
_FORMS = "json, yaml, name, wide, jsonpath=…, custom-columns=… or go-template=…"
_OUTPUT = Flag("output", "string", f"Print facts in a form for programs: {_FORMS}", "o", values=FORMATS)
_OBJECT = Flag(
    "output",
    "string",
    "Print the changed object: json, yaml, name, jsonpath=…, custom-columns=… or go-template=…",
    "o",
    values=tuple(form for form in FORMATS if form != "wide"),
)
_RAW = Flag("raw", "bool", "With -o: the object as the cluster stores it, not the facts that follow from it", "", False)
_MANAGED = Flag("show-managed-fields", "bool", "With -o json or yaml: metadata.managedFields, too", "", False)
_EVENTS = Flag("output-watch-events", "bool", "With -o and --watch: events with type and object", "", False)
_TEMPLATE = Flag("template", "string", "Template, or file of one, for -o go-template, jsonpath and their -file forms")
_SORT = Flag(
    "sort-by",
    "string",
    "Order of the list: name, namespace, age, phase, strategy, step, weight, ready, desired, or a JSONPath",
    values=("age", "desired", "name", "namespace", "phase", "ready", "step", "strategy", "weight"),
)
_NO_HEADERS = Flag("no-headers", "bool", "With -o custom-columns or wide: no line of titles", "", False)

_READ = (_OUTPUT, _TEMPLATE, _RAW, _MANAGED)
_ACT = (_OBJECT, _TEMPLATE, _MANAGED)
_SCREEN = (
    Flag("images", "bool", "Show the images of every replica set", "", False),
    Flag("no-pods", "bool", "Show no pods", "", False),
)

ACTIONS = (
    "abort",
    "create",
    "create analysisrun",
    "pause",
    "promote",
    "restart",
    "resume",
    "retry experiment",
    "retry rollout",
    "set image",
    "terminate analysisrun",
    "terminate experiment",
    "undo",
)

OUTPUT_FLAGS: dict[str, tuple[Flag, ...]] = {
    "get rollout": (
        *_READ,
        _EVENTS,
        *_SCREEN,
        Flag("revisions", "int", "Show only so many of the newest revisions (0: all)", "", 0),
        Flag("steps", "bool", "Show the steps of a canary: what is done, since when the current one lasts", "", False),
    ),
    "get experiment": (*_READ, _EVENTS, *_SCREEN),
    "list rollouts": (*_READ, _EVENTS, _SORT, _NO_HEADERS),
    "list experiments": (*_READ, _SORT, _NO_HEADERS),
    "status": (_OUTPUT, _TEMPLATE, _EVENTS),
    "options": (Flag("schema", "bool", "Print the JSON Schema of what -o prints instead", "", False),),
    **dict.fromkeys(ACTIONS, _ACT),
}
