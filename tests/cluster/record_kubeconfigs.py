"""Ask the real kubectl what the corpus amounts to, and write `data/kubeconfigs.json`.

    python -m tests.cluster.record_kubeconfigs

For each case: `view` is what `kubectl config view --minify --raw` shows of cluster, user and namespace, `error` the
text of a configuration that it refuses to use ("" when a request was tried). `shown` is false where `config view` has
nothing to show.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.cluster.kubeconfig_cases import CASES, Case
from tests.cluster.kubeconfig_texts import TEXTS

RECORDED = Path(__file__).parent / "data" / "kubeconfigs.json"
NAMES = {"as_user": "as"}


def lay_out(case: Case, folder: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Write the case's files; return its environment and flags with `@` replaced."""
    for name, text in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    at = str(folder)
    environment = {"HOME": at}
    if case.kubeconfig:
        environment["KUBECONFIG"] = case.kubeconfig.replace("@", at)
    flags = {name: value.replace("@", at) if isinstance(value, str) else value for name, value in case.flags.items()}
    return environment, flags


def record(case: Case) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        environment, flags = lay_out(case, folder)
        words = []
        for flag, value in flags.items():
            word = f"--{NAMES.get(flag, flag).replace('_', '-')}"
            values = value if isinstance(value, list) else [value]
            words += [f"{word}={'true' if one is True else one}" for one in values]

        def kubectl(*args: str) -> subprocess.CompletedProcess[str]:
            env = {**environment, "PATH": os.environ["PATH"]}
            return subprocess.run(
                ["kubectl", *args, *words],
                capture_output=True, text=True, env=env, cwd=folder, stdin=subprocess.DEVNULL, timeout=30, check=False,
            )  # fmt: skip

        view = kubectl("config", "view", "--minify", "--raw", "-o", "json")
        tried = kubectl("get", "--raw", "/x")
        error = tried.stderr.strip()
        connecting = (
            "was refused",
            "dial tcp",
            "getting credentials",
            "x509",
            "PEM",
            "Unable to connect",
            "no such host",
        )
        if error == "error: EOF" or any(mark in error for mark in connecting):  # EOF: it would ask for a user
            error = ""
        shown = json.loads(view.stdout) if view.returncode == 0 and not error else None
        out = {
            "shown": shown is not None,
            "cluster": shown["clusters"][0]["cluster"] if shown and shown["clusters"] else None,
            "user": shown["users"][0]["user"] if shown and shown["users"] else None,
            "namespace": shown["contexts"][0]["context"].get("namespace", "") if shown and shown["contexts"] else "",
            "error": error,
        }
        return json.loads(json.dumps(out).replace(str(folder), "@"))


if __name__ == "__main__":
    RECORDED.write_text(
        json.dumps({case.name: record(case) for case in CASES + TEXTS}, indent=1, sort_keys=True) + "\n"
    )
