"""The official client package against the sandbox, as an independent opinion of its API."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_rollouts.sandbox.cluster import Sandbox
from tests.sandbox.conftest import config_map, rollout

GROUP = ("argoproj.io", "v1alpha1", "default", "rollouts")


@pytest.fixture(scope="module")
def kubernetes() -> Any:
    """Imported once: it takes seconds."""
    import kubernetes

    return kubernetes


@pytest.fixture
def api(kubernetes: Any, sandbox: Sandbox) -> Iterator[Any]:
    client = kubernetes.client.ApiClient(kubernetes.client.Configuration(host=sandbox.url))
    yield client
    client.rest_client.pool_manager.clear()
    client.close()


def test_custom_objects(kubernetes: Any, api: Any) -> None:
    custom = kubernetes.client.CustomObjectsApi(api)
    made = custom.create_namespaced_custom_object(*GROUP, rollout(replicas=1))
    assert made["metadata"]["generation"] == 1
    patched = custom.patch_namespaced_custom_object(*GROUP, "web", {"spec": {"paused": True}})
    assert patched["spec"]["paused"] is True
    custom.patch_namespaced_custom_object_status(*GROUP, "web", {"status": {"abort": True}})
    assert custom.get_namespaced_custom_object_status(*GROUP, "web")["kind"] == "Rollout"
    scale = custom.get_namespaced_custom_object_scale(*GROUP, "web")
    assert scale["spec"]["replicas"] == 1
    listed = custom.list_namespaced_custom_object(*GROUP)
    assert [item["metadata"]["name"] for item in listed["items"]] == ["web"]
    custom.delete_namespaced_custom_object(*GROUP, "web")
    with pytest.raises(kubernetes.client.ApiException) as caught:
        custom.get_namespaced_custom_object(*GROUP, "web")
    assert caught.value.status == 404


def test_core_and_apps(kubernetes: Any, api: Any) -> None:
    models = kubernetes.client
    core, apps = models.CoreV1Api(api), models.AppsV1Api(api)
    core.create_namespace(models.V1Namespace(metadata=models.V1ObjectMeta(name="team")))
    assert "team" in [item.metadata.name for item in core.list_namespace().items]
    core.create_namespaced_config_map("team", config_map("a", "team", key="value"))
    assert core.read_namespaced_config_map("a", "team").data == {"key": "value"}
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
    }
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    apps.create_namespaced_deployment("team", {"metadata": {"name": "web"}, "spec": spec})
    web = apps.read_namespaced_deployment("web", "team")
    assert web.spec.strategy.rolling_update.max_surge == "25%"
    image = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}}}
    patched = apps.patch_namespaced_deployment("web", "team", image)
    assert patched.spec.template.spec.containers[0].image == "web:2"
    apps.patch_namespaced_deployment_scale("web", "team", {"spec": {"replicas": 0}})
    assert apps.read_namespaced_deployment_scale("web", "team").spec.replicas in (0, None)
    page = core.list_namespace(limit=2)
    assert len(page.items) == 2
    assert len(core.list_namespace(limit=2, _continue=page.metadata._continue).items) == 2
    assert core.list_pod_for_all_namespaces(label_selector="app=web", field_selector="status.phase=Running") is not None
    core.delete_namespace("team")


def test_watching(kubernetes: Any, api: Any) -> None:
    core = kubernetes.client.CoreV1Api(api)
    version = core.list_namespaced_config_map("default").metadata.resource_version
    seen = []

    def make() -> None:
        core.create_namespaced_config_map("default", config_map("a", n="1"))
        core.patch_namespaced_config_map("a", "default", {"data": {"n": "2"}})
        core.delete_namespaced_config_map("a", "default")

    worker = threading.Thread(target=make)
    worker.start()
    watch = kubernetes.watch.Watch()
    for event in watch.stream(
        core.list_namespaced_config_map,
        "default",
        resource_version=version,
        field_selector="metadata.name=a",
        timeout_seconds=20,
    ):
        seen.append((event["type"], event["object"].data))
        if len(seen) == 3:
            watch.stop()
    worker.join()
    assert seen == [("ADDED", {"n": "1"}), ("MODIFIED", {"n": "2"}), ("DELETED", {"n": "2"})]


def test_a_forgotten_version_is_an_exception(kubernetes: Any, api: Any, sandbox: Sandbox) -> None:
    core = kubernetes.client.CoreV1Api(api)
    sandbox.store._histories["ConfigMap"]._floor = sandbox.store.version
    watch = kubernetes.watch.Watch()
    with pytest.raises(kubernetes.client.ApiException) as caught:
        list(watch.stream(core.list_namespaced_config_map, "default", resource_version="1", timeout_seconds=5))
    assert caught.value.status == 410


def test_evictions_keep_to_budgets(kubernetes: Any, api: Any, sandbox: Sandbox) -> None:
    models = kubernetes.client
    core = models.CoreV1Api(api)
    metadata = {"name": "web", "labels": {"app": "web"}}
    core.create_namespaced_pod("default", {"metadata": metadata, "spec": {"containers": [{"name": "a", "image": "a"}]}})
    budget = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}
    models.PolicyV1Api(api).create_namespaced_pod_disruption_budget("default", budget)
    eviction = {"metadata": {"name": "web", "namespace": "default"}}
    with pytest.raises(models.ApiException) as caught:
        core.create_namespaced_pod_eviction("web", "default", eviction)
    assert caught.value.status == 429
    models.PolicyV1Api(api).delete_namespaced_pod_disruption_budget("b", "default")
    core.create_namespaced_pod_eviction("web", "default", eviction)
