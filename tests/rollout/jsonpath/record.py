"""Record what the real kubectl answers. Needs kubectl, and a sandbox: `kubectl-rollouts sandbox run -- python -m …`.

Writes `recorded.json` beside this file: the objects, and for each expression what kubectl printed (null: an error).
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.rollout.jsonpath.expressions import (
    COLUMNS_ON_LIST,
    COLUMNS_ON_ODD,
    MORE_ON_ODD,
    ODD,
    ON_LIST,
    ON_ODD,
    ON_WEB,
)

HERE = Path(__file__).parent


def odd_rollout(name: str, **fields: Any) -> Any:
    meta = {**ODD["metadata"], "name": name, "uid": name}  # type: ignore[dict-item]
    return {**ODD, "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": meta, **fields}


ODDS = [
    odd_rollout("aa"),
    odd_rollout("bbbbbbbb", list=[9], empty="full", words=None),
    odd_rollout("c", map={"z": []}, people=[], list=[]),
]


def rollout(name: str, replicas: int, strategy: dict[str, Any], labels: dict[str, str], images: list[str]) -> Any:
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}},
            "strategy": strategy,
        },
    }


CANARY = {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "1h"}}]}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "shop", "namespace": "default"},
    "spec": {"ports": [{"port": 80}], "selector": {"app": "shop"}},
}


def kubectl(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["kubectl", *words], input=given, capture_output=True, text=True, timeout=60)


def prepare() -> None:
    team = {"team": "a", "app.kubernetes.io/name": "web"}
    objects = [
        SERVICE,
        rollout("web", 5, CANARY, team, ["web:1", "proxy:7"]),
        rollout("shop", 2, {"blueGreen": {"activeService": "shop"}}, {"team": "b"}, ["shop:1"]),
        rollout("api", 1, {"canary": {}}, {}, ["api:1"]),
    ]
    for one in objects:
        done = kubectl("create", "-f", "-", given=json.dumps(one))
        assert done.returncode == 0, done.stderr
    time.sleep(6)
    patch = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "web:2"}]
    done = kubectl("patch", "rollout", "web", "--type=json", "-p", json.dumps(patch))
    assert done.returncode == 0, done.stderr
    time.sleep(8)


def answer(*words: str, given: str | None = None) -> str | None:
    done = kubectl(*words, given=given)
    return done.stdout if done.returncode == 0 else None


class OddServer(BaseHTTPRequestHandler):
    """An API server that knows three odd rollouts: columns are for what `kubectl get` reads."""

    rollouts = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "RolloutList",
        "metadata": {"resourceVersion": "9"},
        "items": ODDS,
    }
    resource = {"name": "rollouts", "singularName": "rollout", "namespaced": True, "kind": "Rollout", "verbs": ["get"]}
    version = {"groupVersion": "argoproj.io/v1alpha1", "version": "v1alpha1"}
    group = {"name": "argoproj.io", "versions": [version], "preferredVersion": version}
    answers = {
        "/api": {"kind": "APIVersions", "versions": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]},
        "/apis/argoproj.io/v1alpha1": {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": "argoproj.io/v1alpha1",
            "resources": [resource],
        },
        "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts": rollouts,
    }

    def do_GET(self) -> None:
        found = self.answers.get(self.path.partition("?")[0])
        text = json.dumps(found).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


def columns_of_odds() -> list[list[str | None]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), OddServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = ("-s", f"http://127.0.0.1:{server.server_port}", "get", "rollouts", "-o")
    return [[text, answer(*where, f"custom-columns={text}")] for text in COLUMNS_ON_ODD]


def main() -> int:
    prepare()
    before = kubectl("get", "rollouts", "-o", "json").stdout
    odd = json.dumps(ODD)
    local = ("patch", "--local", "--type=merge", "-p", "{}", "-f", "-")
    recorded: dict[str, Any] = {
        "kubectl": kubectl("version", "--client").stdout.split("\n")[0],
        "list": json.loads(before),
        "odd": ODD,
        "odds": {"apiVersion": "v1", "items": ODDS, "kind": "List", "metadata": {"resourceVersion": ""}},
        "jsonpath": {
            "list": [[text, answer("get", "rollouts", "-o", f"jsonpath={text}")] for text in ON_LIST],
            "web": [[text, answer("get", "rollout", "web", "-o", f"jsonpath={text}")] for text in ON_WEB],
            "odd": [[text, answer(*local, "-o", f"jsonpath={text}", given=odd)] for text in (*ON_ODD, *MORE_ON_ODD)],
        },
        "columns": {
            "list": [[text, answer("get", "rollouts", "-o", f"custom-columns={text}")] for text in COLUMNS_ON_LIST],
            "odds": columns_of_odds(),
        },
        "json": {"list": before, "odd": answer(*local, "-o", "json", given=odd)},
        "yaml": {
            "list": answer("get", "rollouts", "-o", "yaml"),
            "odd": answer(*local, "-o", "yaml", given=odd),
        },
        "name": {"list": answer("get", "rollouts", "-o", "name"), "odd": answer(*local, "-o", "name", given=odd)},
    }
    assert kubectl("get", "rollouts", "-o", "json").stdout == before, "the rollouts changed meanwhile"
    (HERE / "recorded.json").write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
