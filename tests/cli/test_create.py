"""`create -f` and `create analysisrun` (spec/commands.md §7)."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.background import in_background
from tests.support.cli import Outcome, run_cli
from tests.support.replayed import Replayed

Serve = Callable[..., Replayed]
API = "apiVersion: argoproj.io/v1alpha1\n"
ROLLOUT = f"{API}kind: Rollout\nmetadata: {{name: web}}\nspec: {{replicas: 1e0, template: null}}\n"
TEMPLATE = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AnalysisTemplate",
    "metadata": {
        "name": "pass",
        "namespace": "default",
        "uid": "t",
        "labels": {"team": "a"},
        "annotations": {"note": "b"},
        "finalizers": ["keep"],
        "ownerReferences": [{"name": "o"}],
        "managedFields": [{}],
        "generation": 3,
    },
    "spec": {"args": [{"name": "foo"}, {"name": "bar", "value": "x", "extra": 1}], "metrics": [{"name": "m"}]},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the command runs in."""
    place = tmp_path / "files"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def manifest(kind: str, name: str = "x", **meta: Any) -> str:
    return f"{API}kind: {kind}\nmetadata: {json.dumps({'name': name, **meta})}\nspec: {{}}\n"


def posts(cluster: Replayed) -> list[tuple[str, Any]]:
    return [(entry["path"], entry["body"]) for entry in cluster.cluster.log if entry["method"] == "POST"]


def create(cluster: Replayed, *args: str, stdin: str = "") -> Outcome:
    return run_cli("create", *args, env=cluster.env, stdin=stdin)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Rollout", "namespaces/default/rollouts"),
        ("Experiment", "namespaces/default/experiments"),
        ("AnalysisTemplate", "namespaces/default/analysistemplates"),
        ("AnalysisRun", "namespaces/default/analysisruns"),
        ("ClusterAnalysisTemplate", "clusteranalysistemplates"),
    ],
)
def test_all_kinds(kind: str, path: str, folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(manifest(kind))
    cluster = replay()
    assert create(cluster, "-f", "a.yaml") == (f"{kind.lower()}.argoproj.io/x created\n", "", 0)
    [(posted, _)] = posts(cluster)
    assert posted == f"/apis/argoproj.io/v1alpha1/{path}"


def test_what_is_sent_is_what_was_written(folder: Path, replay: Serve) -> None:
    text = f"{API}kind: AnalysisRun\nmetadata: {{generateName: run-, labels: {{a: y}}}}\n"
    (folder / "a.yaml").write_text(text + "spec: {args: [{name: n, value: 5}], metrics: null, terminate: off}\n")
    cluster = replay()
    assert create(cluster, "-f", "a.yaml").stdout == "analysisrun.argoproj.io/run-x7k2p created\n"
    [(_, body)] = posts(cluster)
    assert body["metadata"]["labels"] == {"a": True}
    assert body["spec"] == {"args": [{"name": False, "value": 5}], "metrics": None, "terminate": False}


def test_the_namespace_of_the_file_comes_first(folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(manifest("Rollout", namespace="there") + "---\n" + manifest("Rollout", "y"))
    cluster = replay()
    assert create(cluster, "-n", "here", "-f", "a.yaml").status == 0
    assert [path.split("/")[5] for path, _ in posts(cluster)] == ["there", "here"]
    assert "namespace" not in json.dumps(TEMPLATE["spec"])


def test_every_document_or_none(folder: Path, replay: Serve) -> None:
    good = manifest("Rollout", "a") + "---\n# nothing\n---\n" + manifest("Experiment", "b")
    (folder / "good.yaml").write_text("---\n" + good)
    (folder / "bad.yaml").write_text(good + "---\n" + manifest("AnalysisRun", bogus=1))
    cluster = replay()
    assert create(cluster, "-f", "good.yaml").stdout == (
        "rollout.argoproj.io/a created\nexperiment.argoproj.io/b created\n"
    )
    other = replay()
    outcome = create(other, "-f", "bad.yaml")
    text = 'Error: error unmarshaling JSON: while decoding JSON: json: unknown field "bogus"\n'
    assert outcome == ("", text, 1)
    assert other.requests == []


def test_files_one_after_the_other(folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(manifest("Rollout", "a"))
    outcome = create(replay(), "-f", "a.yaml", "-f", "nope.yaml")
    assert outcome == ("rollout.argoproj.io/a created\n", "Error: open nope.yaml: no such file or directory\n", 1)


def test_folders_and_standard_input(folder: Path, replay: Serve) -> None:
    (folder / "b.yml").write_text(manifest("Rollout", "b"))
    (folder / "a.json").write_text('{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"a"}}')
    (folder / "notes.txt").write_text("not a manifest")
    cluster = replay()
    assert create(cluster, "-f", ".").stdout == "rollout.argoproj.io/a created\nrollout.argoproj.io/b created\n"
    assert create(cluster, "-f", "-", stdin=manifest("Rollout", "c")).stdout == "rollout.argoproj.io/c created\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "creates of / unsupported"),
        ("kind: Service\napiVersion: v1\n", "creates of /Service unsupported"),
        ("kind: Rollout\napiVersion: apps/v1\n", "creates of apps/Rollout unsupported"),
        ("kind: rollout\napiVersion: argoproj.io/v1\n", "creates of argoproj.io/rollout unsupported"),
        (ROLLOUT + "bogus: 1\n", 'error unmarshaling JSON: while decoding JSON: json: unknown field "bogus"'),
        ('{"kind":"Rollout","apiVersion":"argoproj.io/v1alpha1","bogus":1}', 'json: unknown field "bogus"'),
        ("metadata: {name: x}\n", 'error unmarshaling JSON: while decoding JSON: Object \'Kind\' is missing in '
         '\'{"metadata":{"name":"x"}}\''),
        (manifest("Rollout", namespace=5), ".metadata.namespace accessor error: 5 is of the type int64, "
         "expected string"),
        (manifest("Rollout", namespace=None), ".metadata.namespace accessor error: <nil> is of the type <nil>, "
         "expected string"),
        (ROLLOUT + "kind: Rollout\n", "error converting YAML to JSON: yaml: unmarshal errors:\n"
         '  line 5: key "kind" already set in map'),
    ],
)  # fmt: skip
def test_what_cannot_be_created(text: str, error: str, folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(text)
    cluster = replay()
    assert create(cluster, "-f", "a.yaml") == ("", f"Error: {error}\n", 1)
    assert cluster.requests == []


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("nope.yaml", "open nope.yaml: no such file or directory"),
        ("", "open : no such file or directory"),
        ("empty", "empty holds no file that ends in .yaml, .yml, .json"),
        ("https://example.com/a.yaml", "https://example.com/a.yaml is a URL, which is not fetched: download it first, "
         "or pipe it into -f -"),
        ("a\0b", "open a\\x00b: invalid argument"),
    ],
)  # fmt: skip
def test_places_that_cannot_be_read(place: str, error: str, folder: Path, replay: Serve) -> None:
    (folder / "empty").mkdir()
    assert create(replay(), "-f", place) == ("", f"Error: {error}\n", 1)


def test_a_file_of_a_folder_is_named_when_it_is_bad(folder: Path, replay: Serve) -> None:
    (folder / "bad.yaml").write_text("a: b: c\n")
    assert create(replay(), "-f", ".").stderr.startswith("Error: bad.yaml: error converting YAML to JSON: yaml: mapp")


@pytest.mark.parametrize("depth", [300, 5000])
def test_depth_is_no_accident(depth: int, folder: Path, replay: Serve) -> None:
    plugin = '{"a":' * depth + "1" + "}" * depth
    start = '{"apiVersion":"argoproj.io/v1alpha1","kind":"AnalysisTemplate","metadata":{"name":"x"},"spec":'
    (folder / "a.json").write_text(start + '{"metrics":[{"provider":{"plugin":{"p":' + plugin + "}}}]}}")
    outcome = create(replay(), "-f", "a.json")
    assert outcome.stdout or "exceeded max depth" in outcome.stderr
    outcome = run_cli("create", "ar", "--from-file", "a.json", env=replay().env)
    assert outcome.stdout or "exceeded max depth" in outcome.stderr


def test_nothing_to_create(replay: Serve) -> None:
    outcome = create(replay())
    assert outcome.status == 1
    assert "Usage:" in outcome.stderr


def test_what_is_there_already(folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(manifest("Rollout"))
    cluster = replay()
    create(cluster, "-f", "a.yaml")
    outcome = create(cluster, "-f", "a.yaml")
    assert outcome.status == 1
    assert "already exists" in outcome.stderr


# --- A reply that is lost ------------------------------------------------------------------------------------------


def test_a_lost_request_is_sent_again(folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(manifest("Rollout"))
    cluster = replay(faults=[{"match": "POST", "drop": True}])
    assert create(cluster, "-f", "a.yaml") == ("rollout.argoproj.io/x created\n", "", 0)
    assert [request.partition(" ")[0] for request in cluster.requests] == ["POST", "GET", "POST"]


def test_a_lost_reply_is_looked_up(folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(manifest("Rollout"))
    cluster = replay()
    create(cluster, "-f", "a.yaml")
    cluster.cluster.faults.append({"match": "POST", "drop": True, "times": 1})
    outcome = create(cluster, "-f", "a.yaml")
    assert (outcome.stdout, outcome.status) == ("rollout.argoproj.io/x created\n", 0)
    assert outcome.stderr == 'the reply was lost; rollouts.argoproj.io "x" is there as written\n'
    assert len(posts(cluster)) == 2


def test_something_else_of_that_name_is_there(folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(manifest("Rollout"))
    cluster = replay()
    create(cluster, "-f", "a.yaml")
    (folder / "a.yaml").write_text(manifest("Rollout").replace("spec: {}", "spec: {replicas: 3}"))
    cluster.cluster.faults.append({"match": "POST", "drop": True, "times": 1})
    outcome = create(cluster, "-f", "a.yaml")
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert "is there, but not as written" in outcome.stderr


def test_a_generated_name_cannot_be_looked_up(folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(manifest("AnalysisRun", "", generateName="run-"))
    cluster = replay(faults=[{"match": "POST", "drop": True, "times": 9}])
    outcome = create(cluster, "-f", "a.yaml")
    assert outcome.status == 1
    assert "it is not known whether the creation of a AnalysisRun took" in outcome.stderr
    assert len(cluster.requests) == 1


# --- Watching ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "error"),
    [
        (["ro.yaml", "ro.yaml"], "Cannot watch multiple resources"),
        (["two.yaml"], "Cannot watch multiple resources"),
        (["run.yaml"], "Can only watch resources of type Rollout or Experiment"),
    ],
)
def test_what_cannot_be_watched_is_not_created(names: list[str], error: str, folder: Path, replay: Serve) -> None:
    (folder / "ro.yaml").write_text(manifest("Rollout"))
    (folder / "two.yaml").write_text(manifest("Rollout") + "---\n" + manifest("Rollout", "y"))
    (folder / "run.yaml").write_text(manifest("AnalysisRun"))
    cluster = replay()
    outcome = create(cluster, "-w", *(word for name in names for word in ("-f", name)))
    assert outcome == ("", f"Error: {error}\n", 1)
    assert cluster.requests == []


@pytest.mark.parametrize("kind", ["Rollout", "Experiment"])
def test_what_was_created_is_watched(kind: str, folder: Path, replay: Serve) -> None:
    path = folder / "a.yaml"
    path.write_text(manifest(kind, namespace="there"))
    cluster = replay()
    with in_background("create", "-w", "--no-color", "-f", str(path), env=cluster.env) as running:
        running.until(lambda shown: "Namespace:" in shown.out)
        assert running.out.startswith(f"{kind.lower()}.argoproj.io/x created\n")
        assert "Namespace:       there" in running.out
        running.end(signal.SIGINT)


# --- create analysisrun --------------------------------------------------------------------------------------------


def run(cluster: Replayed, *args: str) -> Outcome:
    return run_cli("create", "analysisrun", *args, env=cluster.env)


def test_a_run_of_a_template(replay: Serve) -> None:
    cluster = replay(TEMPLATE)
    outcome = run(cluster, "--from", "pass", "-a", "foo=a=b", "-a", "zz=1", "-a", "foo=last,1", "--instance-id", "q")
    assert outcome == ("analysisrun.argoproj.io/pass-x7k2p created\n", "", 0)
    [(path, body)] = posts(cluster)
    assert path == "/apis/argoproj.io/v1alpha1/namespaces/default/analysisruns"
    assert body == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {
            "name": "pass-x7k2p",  # the server put it into the body that it logged
            "generateName": "pass-",
            "namespace": "default",
            "labels": {"team": "a", "argo-rollouts.argoproj.io/controller-instance-id": "q"},
            "annotations": {"note": "b"},
            **{key: body["metadata"][key] for key in ("creationTimestamp", "generation", "resourceVersion", "uid")},
        },
        "spec": {
            "args": [{"name": "foo", "value": "last,1"}, {"name": "bar", "value": "x"}],
            "metrics": [{"name": "m"}],
        },
    }
    assert body["metadata"]["uid"] != "t"


def test_a_run_of_a_cluster_template(replay: Serve) -> None:
    meta = {"name": "all"}
    cluster = replay({**TEMPLATE, "kind": "ClusterAnalysisTemplate", "metadata": meta, "spec": {"metrics": []}})
    outcome = run(cluster, "--from", "all", "--global", "--generate-name", "try-", "-a", "free=1")
    assert outcome.stdout == "analysisrun.argoproj.io/try-x7k2p created\n"
    assert cluster.requests[0] == "GET /apis/argoproj.io/v1alpha1/clusteranalysistemplates/all"
    [(_, body)] = posts(cluster)
    assert body["spec"]["args"] == [{"name": "free", "value": "1"}]  # a template without args takes any


def test_a_run_of_a_file(folder: Path, replay: Serve) -> None:
    (folder / "t.yaml").write_text("kind: Anything\nmetadata: {name: t, namespace: there}\nspec: {metrics: [{x: y}]}\n")
    cluster = replay()
    assert run(cluster, "--from-file", "t.yaml", "--name", "mine").stdout == "analysisrun.argoproj.io/mine created\n"
    [(path, body)] = posts(cluster)
    assert path.split("/")[5] == "default"
    assert (body["kind"], body["spec"]) == ("AnalysisRun", {"metrics": [{"x": True}]})
    assert (body["metadata"]["name"], body["metadata"]["generateName"]) == ("mine", "")


def test_a_template_without_a_spec_stays_without(folder: Path, replay: Serve) -> None:
    (folder / "t.yaml").write_text("kind: T\nmetadata: {name: t}\n")
    cluster = replay()
    assert run(cluster, "--from-file", "t.yaml").status == 0
    assert run(cluster, "--from-file", "t.yaml", "--name", "u", "-a", "a=1").status == 0
    bare, given = (body for _, body in posts(cluster))
    assert "spec" not in bare
    assert given["spec"] == {"args": [{"name": "a", "value": "1"}]}


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ([], "one of --from or --from-file must be specified"),
        (["--from", "pass", "--from-file", "t"], "one of --from or --from-file must be specified"),
        (["--from", "pass", "-a", "bad-syntax"], "arguments must be in the form NAME=VALUE"),
        (["--from", "pass"], "args.foo was not resolved"),
        (["--from", "nope"], 'analysistemplates.argoproj.io "nope" not found'),
        (["--from", "nope", "--global"], 'clusteranalysistemplates.argoproj.io "nope" not found'),
        (["--from-file", "nope.yaml"], "open nope.yaml: no such file or directory"),
        (["--from-file", "nameless.yaml"], "name is invalid"),
        (["--from-file", "number.yaml"], ".metadata.name accessor error: 5 is of the type int64, expected string"),
        (["--from-file", "map.yaml"], ".spec.args accessor error: map[a:1] is of the type map[string]interface {}, "
         "expected []interface{}"),
        (["--from-file", "value.yaml"], "json: cannot unmarshal number into Go struct field Argument.value of type "
         "string"),
    ],
)  # fmt: skip
def test_runs_that_cannot_be(args: list[str], error: str, folder: Path, replay: Serve) -> None:
    (folder / "nameless.yaml").write_text("kind: T\nmetadata: {}\n")
    (folder / "number.yaml").write_text("kind: T\nmetadata: {name: 5}\n")
    (folder / "map.yaml").write_text("kind: T\nmetadata: {name: t}\nspec: {args: {a: 1}}\n")
    (folder / "value.yaml").write_text("kind: T\nmetadata: {name: t}\nspec: {args: [{name: a, value: 1}]}\n")
    cluster = replay(TEMPLATE)
    assert run(cluster, *args) == ("", f"Error: {error}\n", 1)
    assert posts(cluster) == []


def test_a_value_of_the_cluster_is_a_value(replay: Serve) -> None:
    source = {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}
    template = {**TEMPLATE, "spec": {"args": [{"name": "foo", "valueFrom": source}]}}
    cluster = replay(template)
    assert run(cluster, "--from", "pass").status == 0
    [(_, body)] = posts(cluster)
    assert body["spec"]["args"] == [{"name": "foo", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_must_not_be_read(folder: Path, replay: Serve) -> None:
    (folder / "a.yaml").write_text(ROLLOUT)
    (folder / "a.yaml").chmod(0)
    assert create(replay(), "-f", "a.yaml") == ("", "Error: open a.yaml: permission denied\n", 1)
