"""Writes protobuf.json, the field numbers of Kubernetes' own kinds, from the .proto files of its Go modules.

kubectl sends what it makes itself (`create deployment`, `create configmap` …) as protobuf. Run
`python -m kubectl_rollouts.sandbox.schemas.generate_protobuf FOLDER …` with the folders of the modules k8s.io/api,
k8s.io/apimachinery and k8s.io/apiextensions-apiserver (`go mod download -json MODULE` says where they are).

The result holds per type its field numbers; a name that begins with `+` is a message whose fields are inlined in JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PACKAGES = (
    "pkg/apis/meta/v1",
    "core/v1",
    "apps/v1",
    "batch/v1",
    "networking/v1",
    "autoscaling/v2",
    "policy/v1",
    "rbac/v1",
    "pkg/apis/apiextensions/v1",
)
Message = dict[str, tuple[str, str]]
"""Field number -> (name, last part of its type)."""


def messages(text: str) -> dict[str, Message]:
    """The messages of a .proto file."""
    found: dict[str, Message] = {}
    current: Message = {}
    for line in text.splitlines():
        words = line.split("//")[0].replace("map<string, ", "map<string,").split()
        if words[:1] == ["message"]:
            current = found[words[1]] = {}
        elif len(words) >= 4 and words[-2] == "=":
            kind = words[-4].removeprefix("map<string,").removesuffix(">")
            current[words[-1].rstrip(";")] = (words[-3], kind.rpartition(".")[2])
    return found


def generate(folders: list[Path]) -> dict[str, dict[str, str]]:
    """The field numbers of every type in builtin.json, and of the messages inlined in them."""
    builtin = json.loads(Path(__file__).with_name("builtin.json").read_text(encoding="utf-8"))
    known: dict[str, Message] = {}
    for package in PACKAGES:
        for folder in folders:
            file = folder / package / "generated.proto"
            if file.exists():
                known = {**messages(file.read_text(encoding="utf-8")), **known}
    found: dict[str, dict[str, str]] = {}

    def add(type_name: str, message: str, fields: set[str]) -> None:
        numbers: dict[str, str] = {}
        for number, (name, kind) in known.get(message, {}).items():
            if name in fields:
                numbers[number] = name
            elif kind in known:
                numbers[number] = "+" + kind
                add("+" + kind, kind, fields)
        found[type_name] = {**found.get(type_name, {}), **numbers}

    for type_name, fields in builtin.items():
        message = type_name
        for prefix in ("CoreV1", "RbacV1", "V1", "V2"):
            message = message.removeprefix(prefix) if message == type_name else message
        add(type_name, message, {name.removesuffix("!") for name in fields})
    return {name: numbers for name, numbers in sorted(found.items()) if numbers}


if __name__ == "__main__":
    result = generate([Path(name) for name in sys.argv[1:]])
    Path(__file__).with_name("protobuf.json").write_text(json.dumps(result, indent=0) + "\n", encoding="utf-8")
