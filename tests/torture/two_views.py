"""Rollouts and Deployments of the sandbox through our client and the `kubernetes` package, held against a model.

What a write must do is written here anew, from the API's conventions: subresources, generations, preconditions, dry
runs, the three kinds of patches, selectors, pages and watches. No controllers run, so nobody else changes anything.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kubectl_rollouts.cluster.client import JSON_PATCH, MERGE_PATCH, Client
from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
from kubectl_rollouts.cluster.resources import Resource
from kubectl_rollouts.release.resources import DEPLOYMENTS, ROLLOUTS
from kubectl_rollouts.sandbox.cluster import Sandbox
from kubectl_rollouts.sandbox.seed import seed as seeded
from tests.torture.against_sandbox import STRATEGIC_MERGE_PATCH, _merged
from tests.torture.campaign import Campaign, Case

Object = dict[str, Any]
Outcome = tuple[int, Any]  # the status, and the object (or the reason of the failure)
ALL = "All"  # of a dry run


class Still(Sandbox):
    """The API server alone, without controllers."""

    def start(self) -> Sandbox:
        seeded(self.store)
        self.server.start()
        return self


class Call(NamedTuple):
    """One request."""

    verb: str
    name: str = ""
    body: Any = None
    kind: str = ""  # of a patch
    part: str = ""  # the subresource
    dry: bool = False


class Ours:
    """Through our client."""

    def __init__(self, client: Client, resource: Resource) -> None:
        self.client, self.resource = client, resource

    def do(self, call: Call) -> Outcome:
        client, where = self.client, (self.resource, "default")
        query = {"dryRun": ALL} if call.dry else None
        path = self.resource.path("default", call.name, call.part)
        calls: dict[str, Callable[[], Any]] = {
            "get": lambda: json.loads(client.request("GET", path).body),
            "create": lambda: client.create(*where, call.body, query=query),
            "replace": lambda: client.replace(*where, call.name, call.body, subresource=call.part, query=query),
            "patch": lambda: client.patch(
                *where, call.name, call.body, subresource=call.part, content_type=call.kind, query=query
            ),
            "delete": lambda: client.delete(*where, call.name, body=call.body, query=query),
        }
        try:
            return 200, calls[call.verb]()
        except ApiError as error:
            return error.code, error.reason

    def list(self, selector: str, fields: str, limit: int) -> tuple[list[Object], str]:
        """All pages of a list, and its version."""
        if not limit:
            found = self.client.list(self.resource, "default", label_selector=selector, field_selector=fields)
            return found.items, found.resource_version
        items: list[Object] = []
        query = {"limit": str(limit)}
        query |= {key: value for key, value in (("labelSelector", selector), ("fieldSelector", fields)) if value}
        while True:
            page = json.loads(self.client.request("GET", self.resource.path("default"), query=query).body)
            items += page["items"]
            assert len(page["items"]) <= limit
            if not page["metadata"].get("continue"):
                return items, page["metadata"]["resourceVersion"]
            query["continue"] = page["metadata"]["continue"]

    def watch(self, version: str, selector: str) -> list[tuple[str, Object]]:
        """All events since a version."""
        watch = self.client.watch(self.resource, "default", dict, version, label_selector=selector, timeout_seconds=1)
        with watch:
            return [(event.kind, event.object) for event in watch if event.kind != "BOOKMARK"]


class Theirs:
    """Through the official package, which knows both as custom objects: paths are all that it needs of a kind."""

    def __init__(self, api: Any, resource: Resource) -> None:
        import kubernetes

        self.kubernetes = kubernetes
        self.custom = kubernetes.client.CustomObjectsApi(api)
        self.where = (resource.group, resource.version, "default", resource.plural)

    def do(self, call: Call) -> Outcome:
        custom, where = self.custom, self.where
        part = f"_{call.part}" if call.part else ""
        settings: dict[str, Any] = {"dry_run": ALL} if call.dry else {}
        method = {"replace": "replace", "patch": "patch", "get": "get"}.get(call.verb, call.verb)
        send = getattr(custom, f"{method}_namespaced_custom_object{part}")
        if call.verb == "create":
            arguments: tuple[Any, ...] = (*where, call.body)
        elif call.verb in ("get", "delete"):
            arguments = (*where, call.name)
        else:
            arguments = (*where, call.name, call.body)
        if call.verb == "patch":
            settings["_content_type"] = call.kind
        if call.verb == "delete" and call.body is not None:
            settings["body"] = self.kubernetes.client.V1DeleteOptions(preconditions=call.body["preconditions"])
        try:
            return 200, send(*arguments, **settings)
        except self.kubernetes.client.ApiException as error:
            return int(error.status), json.loads(error.body)["reason"]

    def list(self, selector: str, fields: str, limit: int) -> tuple[list[Object], str]:
        """All pages of a list, and its version."""
        items: list[Object] = []
        token: dict[str, Any] = {"limit": limit} if limit else {}
        while True:
            page = self.custom.list_namespaced_custom_object(
                *self.where, label_selector=selector, field_selector=fields, **token
            )
            items += page["items"]
            if not page["metadata"].get("continue"):
                return items, page["metadata"]["resourceVersion"]
            token["_continue"] = page["metadata"]["continue"]

    def watch(self, version: str, selector: str) -> list[tuple[str, Object]]:
        """All events since a version."""
        stream = self.kubernetes.watch.Watch().stream(
            self.custom.list_namespaced_custom_object,
            *self.where,
            resource_version=version,
            label_selector=selector,
            timeout_seconds=1,
        )
        return [(event["type"], event["object"]) for event in stream if event["type"] != "BOOKMARK"]


# --- What there must be ----------------------------------------------------------------------------------------------


def _spec(name: str, image: str) -> Object:
    return {
        "replicas": 1,
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "main", "image": image}]},
        },
    }


class Held(NamedTuple):
    """An object as it must be."""

    labels: dict[str, str]
    spec: Object
    status: Object
    generation: int
    uid: str
    version: str

    def changed(self, **what: Any) -> Held:
        """After a write; its generation counts changes of the spec."""
        new = self._replace(**what)
        return new._replace(generation=self.generation + (new.spec != self.spec))


def _held(obj: Object) -> Held:
    meta = obj["metadata"]
    return Held(
        meta.get("labels") or {},
        obj.get("spec") or {},
        obj.get("status") or {},
        meta.get("generation", 0),
        meta["uid"],
        meta.get("resourceVersion", ""),  # a dry run's creation has none
    )


class Course:
    """Random writes by both clients, each held against what must come of it."""

    kinds = ("Rollout", "Deployment")

    def __init__(self, seed: int, kind: str, ours: Ours, theirs: Theirs) -> None:
        self.chance = random.Random(seed)
        self.kind = kind
        self.ours, self.theirs = ours, theirs
        self.label = f"case{seed}"
        self.names = [f"{self.label}-{letter}" for letter in "abc"]
        self.model: dict[str, Held] = {}
        self.log: list[str] = []

    def run(self) -> None:
        """Sixty writes, then everything is compared once more, watches included."""
        _, start = self.ours.list("", "", 0)
        for _ in range(60):
            self.step()
            if self.chance.random() < 0.15:
                self.compare()
        self.compare()
        self.watched(start)
        for name in list(self.model):
            assert self.theirs.do(Call("delete", name))[0] == 200

    def step(self) -> None:
        """One write, by one of the two."""
        name = self.chance.choice(self.names)
        held = self.model.get(name)
        verbs = [
            "create", "replace", "stale", "bare", "merge", "labels", "status", "json", "failing", "strategic", "scale",
            "delete", "guarded delete", "wrong uid", "wrong version", "get", "invalid", "nothing",
        ]  # fmt: skip
        verb = self.chance.choice(verbs if held is not None else [*verbs, *["create"] * 12])
        dry = self.chance.random() < 0.2
        call, code, after = getattr(self, "_" + verb.replace(" ", "_"))(name, held)
        if held is None and call.verb != "create" and code != 415:  # the form of a request is looked at first
            code, after = 404, None
        call = call._replace(dry=dry and call.verb != "get")
        who = self.chance.choice([self.ours, self.theirs])
        got, answer = who.do(call)
        said = json.dumps(answer, default=str)[:400]
        told = f"{verb}{', dry' if call.dry else ''} of {self.kind} {name} by {type(who).__name__}: {got} {said}"
        assert got == code or (code == 200 and got == 201), f"{told}, expected {code}: {call}\nbefore: {held}"
        if code != 200:
            return
        if call.verb == "delete":
            if not call.dry:
                self.model.pop(name)
            return
        if call.part == "scale":
            assert answer["kind"] == "Scale", told
            assert (answer["spec"].get("replicas") or 0) == (after.spec.get("replicas") or 0), told
            if not call.dry:
                self.model[name] = self._read(name, after, held, told)
            return
        self._same(_held(answer), after, held, told)
        if not call.dry and call.verb != "get":
            self.model[name] = _held(answer)

    def _read(self, name: str, after: Held, held: Held | None, told: str) -> Held:
        code, answer = self.ours.do(Call("get", name))
        assert code == 200, told
        self._same(_held(answer), after, held, told)
        return _held(answer)

    @staticmethod
    def _same(got: Held, after: Held, held: Held | None, told: str) -> None:
        """What was answered is what must be; a write that changes nothing makes no new version."""
        assert (got.labels, got.spec, got.status, got.generation) == (
            after.labels,
            after.spec,
            after.status,
            after.generation,
        ), f"{told}\nexpected {after}\nbefore {held}"
        if held is not None:
            assert got.uid == held.uid, told
            unchanged = (after.labels, after.spec, after.status) == (held.labels, held.spec, held.status)
            assert unchanged or got.version != held.version or "dry" in told, told
            assert not unchanged or got.version == held.version, f"{told}: a new version, and nothing has changed"

    # --- What the writes are, each with its status and what there is afterwards -----------------------------------

    def _object(self, name: str, **more: Any) -> Object:
        group = "argoproj.io/v1alpha1" if self.kind == "Rollout" else "apps/v1"
        return {
            "apiVersion": group,
            "kind": self.kind,
            "metadata": {"name": name, "labels": {"case": self.label}},
            **more,
        }

    def _created(self, name: str) -> Object:
        spec = _spec(name, self.chance.choice(["a:1", "a:2"]))
        if self.kind == "Rollout":
            spec["strategy"] = {"canary": {"steps": [{"setWeight": self.chance.choice([10, 50])}, {"pause": {}}]}}
        else:  # all that a server would fill in
            spec["template"]["spec"] |= {
                "restartPolicy": "Always",
                "terminationGracePeriodSeconds": 30,
                "dnsPolicy": "ClusterFirst",
                "securityContext": {},
                "schedulerName": "default-scheduler",
            }
            spec["template"]["spec"]["containers"][0] |= {
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent",
            }
            spec |= {
                "strategy": {"type": "Recreate"},
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
            }
        return spec

    def _create(self, name: str, held: Held | None) -> Any:
        spec = self._created(name)
        body = self._object(name, spec=copy.deepcopy(spec), status={"replicas": 7})
        after = Held({"case": self.label}, spec, {}, 1, "", "")
        return Call("create", name, body), 200 if held is None else 409, after

    def _edited(self, held: Held | None) -> Object:
        spec = copy.deepcopy(held.spec) if held is not None else _spec("x", "a:1")
        what = self.chance.randrange(4)
        if what == 0:
            spec["replicas"] = self.chance.randrange(5)
        elif what == 1:
            spec["template"]["spec"]["containers"][0]["image"] = self.chance.choice(["a:1", "a:2", "a:3"])
        elif what == 2:
            spec["paused"] = True
        else:
            spec["minReadySeconds"] = self.chance.randrange(1, 30)
        return spec

    def _replace(self, name: str, held: Held | None, version: str = "") -> Any:
        spec = self._edited(held)
        body = self._object(name, spec=spec, status={"replicas": 9})
        body["metadata"]["resourceVersion"] = version or (held.version if held is not None else "1")
        after = held.changed(spec=spec, labels={"case": self.label}) if held is not None else None
        return Call("replace", name, body), 200, after

    def _stale(self, name: str, held: Held | None) -> Any:
        call, _, after = self._replace(name, held, "1")
        return call, 409, after

    def _bare(self, name: str, held: Held | None) -> Any:
        """A replacement that names no version: custom resources need one, the others do without."""
        call, _, after = self._replace(name, held)
        del call.body["metadata"]["resourceVersion"]
        return call, 422 if self.kind == "Rollout" else 200, after

    def _merge(self, name: str, held: Held | None) -> Any:
        change: Object = self.chance.choice(
            [
                {"replicas": self.chance.randrange(5)},
                {"paused": self.chance.choice([True, None])},
                {"minReadySeconds": self.chance.choice([None, 3, 4])},
                {"paused": True, "replicas": 2},
            ]
        )
        if self.kind == "Deployment":  # what a server fills in again when it is taken away
            change = {key: value for key, value in change.items() if key != "paused" or value} or {"replicas": 3}
        after = held.changed(spec=_merged(held.spec, change)) if held is not None else None
        return Call("patch", name, {"spec": change, "status": {"replicas": 3}}, MERGE_PATCH), 200, after

    def _labels(self, name: str, held: Held | None) -> Any:
        change = {self.chance.choice("xy"): self.chance.choice([None, "1", "2"])}
        after = held.changed(labels=_merged(held.labels, change)) if held is not None else None
        return Call("patch", name, {"metadata": {"labels": change}}, MERGE_PATCH), 200, after

    def _status(self, name: str, held: Held | None) -> Any:
        """The status alone: neither the spec nor the generation moves."""
        change = {"replicas": self.chance.choice([None, 1, 2]), "readyReplicas": self.chance.randrange(1, 4)}
        if self.kind == "Rollout":
            change["phase"] = self.chance.choice(["Healthy", "Paused", None])
        after = held.changed(status=_merged(held.status, change)) if held is not None else None
        body = {"spec": {"replicas": 77}, "status": change}
        return Call("patch", name, body, MERGE_PATCH, part="status"), 200, after

    def _json(self, name: str, held: Held | None) -> Any:
        spec = copy.deepcopy(held.spec) if held is not None else {}
        number = self.chance.randrange(6)
        operations = [
            {"op": "test", "path": "/metadata/name", "value": name},
            {"op": "add", "path": "/spec/minReadySeconds", "value": number + 1},
            {"op": "replace", "path": "/spec/replicas", "value": number},
        ]
        spec |= {"minReadySeconds": number + 1, "replicas": number}
        there = held is not None and "replicas" in held.spec
        after = held.changed(spec=spec) if held is not None else None
        # Replacing what is not there makes the whole patch invalid.
        return Call("patch", name, operations, JSON_PATCH), 200 if there else 422, after

    def _failing(self, name: str, held: Held | None) -> Any:
        operations = [
            {"op": "replace", "path": "/spec/replicas", "value": 9},
            {"op": "test", "path": "/metadata/name", "value": "another"},
        ]
        return Call("patch", name, operations, JSON_PATCH), 422, held

    def _strategic(self, name: str, held: Held | None) -> Any:
        """Containers are merged by their names; custom resources know no such patch."""
        image = self.chance.choice(["a:4", "a:5"])
        change = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}}
        if self.kind == "Rollout":
            return Call("patch", name, change, STRATEGIC_MERGE_PATCH), 415, held
        spec = copy.deepcopy(held.spec) if held is not None else {}
        if held is not None:
            spec["template"]["spec"]["containers"][0]["image"] = image
        after = held.changed(spec=spec) if held is not None else None
        return Call("patch", name, change, STRATEGIC_MERGE_PATCH), 200, after

    def _scale(self, name: str, held: Held | None) -> Any:
        count = self.chance.randrange(6)
        spec = {**held.spec, "replicas": count} if held is not None else {}
        after = held.changed(spec=spec) if held is not None else None
        if self.chance.random() < 0.3:
            return Call("get", name, part="scale"), 200, held
        if self.chance.random() < 0.5:
            return Call("patch", name, {"spec": {"replicas": count}}, MERGE_PATCH, part="scale"), 200, after
        body = {"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": count}}
        body["metadata"] = {"name": name, "namespace": "default"}
        if held is not None:
            body["metadata"] |= {"resourceVersion": held.version, "uid": held.uid}
        return Call("replace", name, body, part="scale"), 200, after

    def _delete(self, name: str, held: Held | None) -> Any:
        return Call("delete", name), 200, held

    def _guarded_delete(self, name: str, held: Held | None) -> Any:
        guard = {"uid": held.uid, "resourceVersion": held.version} if held is not None else {}
        return Call("delete", name, {"preconditions": guard}), 200, held

    def _wrong_uid(self, name: str, held: Held | None) -> Any:
        return Call("delete", name, {"preconditions": {"uid": "another"}}), 409, held

    def _wrong_version(self, name: str, held: Held | None) -> Any:
        return Call("delete", name, {"preconditions": {"resourceVersion": "1"}}), 409, held

    def _get(self, name: str, held: Held | None) -> Any:
        return Call("get", name, part=self.chance.choice(["", "status"])), 200, held

    def _invalid(self, name: str, held: Held | None) -> Any:
        # A custom resource is refused by its schema, a built-in one cannot even be read.
        wrong = {"spec": {"replicas": "many"}}
        return Call("patch", name, wrong, MERGE_PATCH), 422 if self.kind == "Rollout" else 400, held

    def _nothing(self, name: str, held: Held | None) -> Any:
        return Call("patch", name, {}, MERGE_PATCH), 200, held

    # --- Reading --------------------------------------------------------------------------------------------------

    def compare(self) -> None:
        """Both see the same, whole and in pages, and it is what there must be."""
        case = f"case={self.label}"
        wanted: dict[tuple[str, str], list[str]] = {
            (case, ""): sorted(self.model),
            (f"{case},x=1", ""): sorted(n for n, held in self.model.items() if held.labels.get("x") == "1"),
            (f"{case},x in (1,2),!y", ""): sorted(
                n for n, held in self.model.items() if "x" in held.labels and "y" not in held.labels
            ),
            (f"{case},x!=1", ""): sorted(n for n, held in self.model.items() if held.labels.get("x") != "1"),
            (f"{case},x notin (2)", ""): sorted(n for n, held in self.model.items() if held.labels.get("x") != "2"),
            (case, f"metadata.name={self.names[0]}"): [n for n in self.names[:1] if n in self.model],
        }
        for (selector, fields), names in wanted.items():
            for who in (self.ours, self.theirs):
                limit = self.chance.choice([0, 1, 2])
                items, _ = who.list(selector, fields, limit)
                told = f"{self.kind} {selector} {fields} by {type(who).__name__}, {limit} a page"
                assert [obj["metadata"]["name"] for obj in items] == names, told
                for obj in items:
                    assert _held(obj) == self.model[obj["metadata"]["name"]], told

    def watched(self, start: str) -> None:
        """Both are told the same since the beginning, in order, and it adds up to what there is."""
        for selector in (f"case={self.label}", f"case={self.label},x=1"):
            told = [who.watch(start, selector) for who in (self.ours, self.theirs)]
            assert [(kind, obj["metadata"]["name"], _held(obj)) for kind, obj in told[0]] == [
                (kind, obj["metadata"]["name"], _held(obj)) for kind, obj in told[1]
            ], selector
            seen: dict[str, Held] = {}
            versions = [int(obj["metadata"]["resourceVersion"]) for _, obj in told[0]]
            assert versions == sorted(set(versions)), versions
            for kind, obj in told[0]:
                name = obj["metadata"]["name"]
                assert (name in seen) == (kind != "ADDED"), f"{kind} of {name}"
                if kind == "DELETED":
                    del seen[name]
                else:
                    seen[name] = _held(obj)
            one = selector.endswith("x=1")
            assert seen == {n: held for n, held in self.model.items() if not one or held.labels.get("x") == "1"}


@contextlib.contextmanager
def _open() -> Iterator[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package, while it is imported
        import kubernetes

    with Still() as sandbox, Client(ClusterConfig(server=sandbox.url)) as client:
        api = kubernetes.client.ApiClient(kubernetes.client.Configuration(host=sandbox.url))
        kinds = (("Rollout", ROLLOUTS), ("Deployment", DEPLOYMENTS))
        views = {kind: (Ours(client, resource), Theirs(api, resource)) for kind, resource in kinds}

        def case(seed: int) -> None:
            kind = Course.kinds[seed % 2]
            Course(seed, kind, *views[kind]).run()

        try:
            yield case
        finally:
            api.rest_client.pool_manager.clear()
            api.close()


CAMPAIGNS = [
    Campaign(
        "two views",
        "sixty random writes to rollouts and deployments by both clients: both see what the API's rules say",
        _open,
        long=100,
        short=4,
        threads=6,
    ),
]
