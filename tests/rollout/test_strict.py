"""Strict decoding: unknown fields and wrong types, with Go's texts (spec/commands.md §7.1, spec/lint.md §3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_rollouts.rollout.documents import documents
from kubectl_rollouts.rollout.schema_argo import ARGO
from kubectl_rollouts.rollout.schema_core import CORE
from kubectl_rollouts.rollout.strict import fields_of, number_text, strict_error, time_error

WRONG = "json: cannot unmarshal"
QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def of_yaml(text: str, kind: str = "Rollout") -> str:
    [document] = documents(text.encode())
    return strict_error(document.value, kind, yaml=True)


def of_json(text: str, kind: str = "Rollout") -> str:
    [document] = documents(text.encode())
    return strict_error(document.value, kind, yaml=False)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("spec: {replicas: '3'}", f"{WRONG} string into Go struct field RolloutSpec.spec.replicas of type int32"),
        ("spec: {paused: 'yes'}", f"{WRONG} string into Go struct field RolloutSpec.spec.paused of type bool"),
        ("spec: {replicas: 3.5}", f"{WRONG} number 3.5 into Go struct field RolloutSpec.spec.replicas of type int32"),
        ("spec: {replicas: 5000000000}", f"{WRONG} number 5000000000 into Go struct field RolloutSpec.spec.replicas "
         "of type int32"),
        ("spec: []", f"{WRONG} array into Go struct field Rollout.spec of type v1alpha1.RolloutSpec"),
        ("kind: [a]", f"{WRONG} array into Go struct field Rollout.TypeMeta.kind of type string"),
        ("metadata: {labels: {a: {}}}", f"{WRONG} object into Go struct field ObjectMeta.metadata.labels of type "
         "string"),
        ("metadata: {labels: [a]}", f"{WRONG} array into Go struct field ObjectMeta.metadata.labels of type "
         "map[string]string"),
        ("spec: {strategy: {canary: {steps: [{setWeight: x}]}}}", f"{WRONG} string into Go struct field "
         "CanaryStep.spec.strategy.canary.steps.setWeight of type int32"),
        ("spec: {strategy: {canary: {steps: [x]}}}", f"{WRONG} string into Go struct field "
         "CanaryStrategy.spec.strategy.canary.steps of type v1alpha1.CanaryStep"),
        ("spec: {strategy: {canary: {steps: {}}}}", f"{WRONG} object into Go struct field "
         "CanaryStrategy.spec.strategy.canary.steps of type []v1alpha1.CanaryStep"),
        ("spec: {strategy: {canary: {analysis: {templates: 1}}}}", f"{WRONG} number into Go struct field "
         "RolloutAnalysisBackground.spec.strategy.canary.analysis.RolloutAnalysis.templates of type "
         "[]v1alpha1.AnalysisTemplateRef"),
        ("spec: {strategy: {canary: {analysis: {startingStep: a}}}}", f"{WRONG} string into Go struct field "
         "RolloutAnalysisBackground.spec.strategy.canary.analysis.startingStep of type int32"),
        ("spec: {strategy: {canary: {maxSurge: true}}}", f"{WRONG} bool into Go struct field "
         "CanaryStrategy.spec.strategy.canary.maxSurge of type int32"),
        ("spec: {strategy: {canary: {maxSurge: 1.5}}}", f"{WRONG} number 1.5 into Go struct field "
         "CanaryStrategy.spec.strategy.canary.maxSurge of type int32"),
        ("spec: {strategy: {canary: {trafficRouting: {plugins: [a]}}}}", f"{WRONG} array into Go struct field "
         "RolloutTrafficRouting.spec.strategy.canary.trafficRouting.plugins of type map[string]json.RawMessage"),
        ("spec: {template: {spec: {containers: [{resources: {limits: 5}}]}}}", f"{WRONG} number into Go struct field "
         "ResourceRequirements.spec.template.spec.containers.resources.limits of type v1.ResourceList"),
        ("spec: {template: {spec: {volumes: [{emptyDir: x}]}}}", f"{WRONG} string into Go struct field "
         "Volume.spec.template.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource"),
        ("spec: {template: {spec: {containers: [{imagePullPolicy: []}]}}}", f"{WRONG} array into Go struct field "
         "Container.spec.template.spec.containers.imagePullPolicy of type v1.PullPolicy"),
        ("spec: {template: {spec: {containers: [{resources: {limits: {cpu: x}}}]}}}", QUANTITY),
        ("spec: {restartAt: 5}", f"{WRONG} number into Go struct field RolloutSpec.spec.restartAt of type string"),
        ("spec: {restartAt: x}", 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
        ("spec: {zz: 1, aa: 2}", 'json: unknown field "aa"'),
        ("spec: {template: {spec: {containers: [{imag: x}]}}}", 'json: unknown field "imag"'),
        ("metadata: {nam: x}", 'json: unknown field "nam"'),
        ("status: {fase: x}", 'json: unknown field "fase"'),
    ],
)  # fmt: skip
def test_what_does_not_fit(text: str, error: str) -> None:
    assert of_yaml(text) == error


@pytest.mark.parametrize(
    "text",
    [
        "spec: {Replicas: 3, PAUSED: yes}",
        "spec: {replicas: 3.0, template: null, strategy: {canary: {maxSurge: 25%, maxUnavailable: null}}}",
        "metadata: {name: 5, labels: {a: yes, b: 1.5, c: null}}",
        "spec: {template: {spec: {containers: [{name: x, args: [1, yes]}]}}}",
        "spec: {template: {spec: {containers: [{resources: {limits: {cpu: 1.5, memory: 1Gi}}}]}}}",
        "spec: {strategy: {canary: {steps: [{plugin: {config: [any, {thing: 1}]}}, null]}}}",
        "spec: {restartAt: 2026-01-01T00:00:00Z}",
        "spec: {restartAt: 2026-01-01T0:00:00.5+01:00}",
        "{}",
    ],
)
def test_what_fits(text: str) -> None:
    assert of_yaml(text) == ""


def test_a_type_that_decodes_itself_is_reported_before_all_others() -> None:
    assert "maxSurge" in of_yaml("spec: {aaa: 1, strategy: {canary: {maxSurge: true}}}")


def test_json_is_stricter_and_goes_in_its_own_order() -> None:
    assert of_json('{"metadata":{"name":5}}').endswith(
        "number into Go struct field ObjectMeta.metadata.name of type string"
    )
    assert of_json('{"spec":{"replicas":3.0}}') == (
        f"{WRONG} number 3.0 into Go struct field RolloutSpec.spec.replicas of type int32"
    )
    assert of_json('{"zz":1,"aa":2}') == 'json: unknown field "zz"'


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        ("Experiment", "spec: {templates: [{name: [x]}]}", f"{WRONG} array into Go struct field "
         "TemplateSpec.spec.templates.name of type string"),
        ("AnalysisTemplate", "spec: {metrics: [{provider: {web: {timeoutSeconds: x}}}]}", f"{WRONG} string into Go "
         "struct field WebMetric.spec.metrics.provider.web.timeoutSeconds of type int64"),
        ("ClusterAnalysisTemplate", "spec: {metrics: [{intervall: 5s}]}", 'json: unknown field "intervall"'),
        ("AnalysisRun", "spec: {metrics: [{provider: {job: {spec: {template: {spec: {containers: [{x: 1}]}}}}}}]}",
         'json: unknown field "x"'),
    ],
)  # fmt: skip
def test_other_kinds(kind: str, text: str, error: str) -> None:
    assert of_yaml(text, kind) == error


def test_the_tables_are_whole() -> None:
    """Every type that a shape names is there, and every type is used."""
    used = {"Rollout", "Experiment", "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun"}
    used |= {"core.Service", "core.Ingress", "core.IngressV1beta1"}  # what `lint` reads beside them
    for table, prefix in ((ARGO, ""), (CORE, "core.")):
        for name, text in table.items():
            if text.startswith("{}"):
                continue
            for field in fields_of(prefix + name).values():
                inner = field.shape.lstrip("[]{}")
                assert inner in ("s", "b", "i", "l", "t", "q", "x", "*") or inner[0] == "=" or _known(inner), field
                used.add(inner)
            used |= {
                f"{'' if item.startswith('+core.') else prefix}{item[1:]}"
                for item in text.split(", ")
                if item[:1] == "+"
            }
    assert {name for name in ARGO if name not in used} == set()
    assert {name for name in CORE if f"core.{name}" not in used} == set()


def _known(name: str) -> bool:
    return name.removeprefix("core.") in CORE if name.startswith("core.") else name in ARGO


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("", 'cannot parse "" as "2006"'),
        ("2026", 'cannot parse "" as "-"'),
        ("2026-1-1", 'cannot parse "1-1" as "01"'),
        ("2026-01-01 00:00:00Z", 'cannot parse " 00:00:00Z" as "T"'),
        ("2026-01-01T00:00:00", 'cannot parse "" as "Z07:00"'),
        ("2026-01-01T00:00:00+1", 'cannot parse "+1" as "Z07:00"'),
    ],
)
def test_times_that_cannot_be_parsed(text: str, rest: str) -> None:
    assert time_error(text) == f'parsing time {json.dumps(text)} as "2006-01-02T15:04:05Z07:00": {rest}'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("2026-13-01T00:00:00Z", "month out of range"),
        ("2026-02-30T00:00:00Z", "day out of range"),
        ("2026-01-01T24:00:00Z", "hour out of range"),
        ("2026-01-01T00:60:00Z", "minute out of range"),
        ("2026-01-01T00:00:00Zx", 'extra text: "x"'),
    ],
)
def test_times_that_are_none(text: str, error: str) -> None:
    assert time_error(text) == f'parsing time "{text}": {error}'


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (3.5, "3.5"), (1e16, "10000000000000000"), (1e21, "1e+21"), (1e-7, "1e-7"), (1e-6, "0.000001"),
     (1.5e300, "1.5e+300"), (-2.0, "-2")],
)  # fmt: skip
def test_numbers_as_go_writes_them(value: Any, text: str) -> None:
    assert number_text(value) == text
