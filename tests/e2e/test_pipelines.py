"""The scripts of docs/ci.md against a sandbox, each as a pipeline runs it: in good cases and in bad ones."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import BIN, ROOT, Outcome, run_process

SCRIPTS = ROOT / "docs" / "ci"
TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {{name: smoke}}
spec:
  metrics:
  - name: smoke
    count: 1
    provider:
      job:
        spec:
          backoffLimit: 0
          template:
            spec:
              restartPolicy: Never
              containers: [{{name: check, image: "checks:{tag}"}}]
"""
ROLLOUT = """\
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: {name}, labels: {{team: shop, wave: "{wave}"}}}}
spec:
  replicas: 2
  progressDeadlineSeconds: {deadline}
  selector: {{matchLabels: {{app: {name}}}}}
  strategy:
    canary:
      steps:
      - setWeight: 50
      {analysis}- pause: {{}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: web, image: "web:1"}}]}}
"""
ANALYSIS = "- analysis: {templates: [{templateName: smoke}]}\n      "


def manifest(name: str = "shop", *, wave: int = 1, deadline: int = 600, analysis: bool = True) -> str:
    return ROLLOUT.format(name=name, wave=wave, deadline=deadline, analysis=ANALYSIS if analysis else "")


def sandboxed(folder: Path, manifests: str, lines: str, speed: int = 20, **env: Any) -> Outcome:
    """Run shell lines with a sandbox of their own; `$DOCS` is where the scripts are."""
    file = folder / "manifests.yaml"
    file.write_text(manifests)
    script = f'export PATH="{BIN}:$PATH" DOCS="{SCRIPTS}"\n{lines}'
    return run_process(
        "sandbox", "run", "--load", str(file), f"--speed={speed}", "--", "sh", "-c", script,
        env={"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), **{key: str(value) for key, value in env.items()}},
        cwd=folder, timeout=60,
    )  # fmt: skip


RELEASE = "kubectl-rollouts wait shop 2>/dev/null && sh $DOCS/release.sh"


def release(folder: Path, manifests: str, image: str, **env: Any) -> Outcome:
    return sandboxed(folder, manifests, RELEASE, ROLLOUT="shop", CONTAINER="web", IMAGE=image, **env)


def cases(report: Path) -> list[tuple[str, str]]:
    """The name of each case of a JUnit file and the type of its failure, "" for none."""
    found = []
    for case in ET.fromstring(report.read_text()).iter("testcase"):
        failure = case.find("failure")
        found.append((case.attrib["name"], failure.attrib["type"] if failure is not None else ""))
    return found


def test_a_release_that_is_good(tmp_path: Path) -> None:
    outcome = release(tmp_path, TEMPLATE.format(tag="1.0") + manifest(), "web:2", REPORT="r")
    assert outcome.status == 0, outcome
    assert [line for line in outcome.stdout.splitlines() if not line.startswith("job")] == [
        "rollout 'shop' is healthy",
        "--- update",
        'rollout "shop" image updated',
        "rollout 'shop' is paused",
        "--- analysis",
        "rollout 'shop' reached analysis=step=successful",
        "--- promote",
        "rollout 'shop' promoted",
        "rollout 'shop' is healthy",
    ]
    for part in ("update", "analysis", "promote"):
        assert cases(tmp_path / f"r-{part}.xml") == [("shop", "")]


def test_a_release_whose_image_cannot_be_pulled(tmp_path: Path) -> None:
    outcome = release(tmp_path, TEMPLATE.format(tag="1.0") + manifest(deadline=60), "web:bad", REPORT="r")
    assert outcome.status == 3, outcome
    assert "rollout 'shop' is degraded: ProgressDeadlineExceeded: " in outcome.stderr
    assert "The release of web:bad failed: it was aborted, or is degraded (exit status 3)" in outcome.stderr
    assert cases(tmp_path / "r-update.xml") == [("shop", "exit status 3")]
    assert cases(tmp_path / "r-abort.xml") == cases(tmp_path / "r-undo.xml") == [("shop", "")]
    assert not (tmp_path / "r-promote.xml").exists()
    assert "Status:          ✔ Healthy" in outcome.stdout
    assert "web:1 (stable)" in outcome.stdout


def test_a_release_whose_analysis_fails(tmp_path: Path) -> None:
    (tmp_path / "r-promote.xml").write_text("of an earlier release")
    outcome = release(tmp_path, TEMPLATE.format(tag="fail-1.0") + manifest(), "web:2", LOG_FORMAT="github", REPORT="r")
    assert outcome.status == 3, outcome
    assert sorted(path.name for path in tmp_path.glob("r-*.xml")) == ["r-abort.xml", "r-undo.xml", "r-update.xml"]
    error = (
        "::error title=set image shop::rollout 'shop' is aborted: RolloutAborted: Rollout aborted update to revision 2"
    )
    assert error in outcome.stderr
    assert "::notice title=undo shop::rollout 'shop' is healthy" in outcome.stdout
    assert "Status:          ✔ Healthy" in outcome.stdout


def test_a_release_that_takes_too_long(tmp_path: Path) -> None:
    outcome = release(tmp_path, TEMPLATE.format(tag="1.0") + manifest(), "web:bad", TIMEOUT="4s")
    assert outcome.status == 4, outcome
    assert "rollout 'shop' timed out after 4s: Progressing - " in outcome.stderr
    assert "Status:          ✔ Healthy" in outcome.stdout


def test_a_release_of_what_is_not_there(tmp_path: Path) -> None:
    outcome = sandboxed(tmp_path, "", "sh $DOCS/release.sh", ROLLOUT="shop", CONTAINER="web", IMAGE="web:2")
    assert outcome.status == 6, outcome
    assert outcome.stderr.endswith("The release of web:2 failed: the rollout is not there (exit status 6)\n")
    assert "abort" not in outcome.stdout


SHOPS = manifest("one", wave=1, analysis=False) + manifest("two", wave=2, analysis=False)
UPDATE = """
kubectl-rollouts wait --all 2>/dev/null
kubectl-rollouts set image one web=web:2 --wait=paused 2>/dev/null
kubectl-rollouts set image two web=web:2 --wait=paused 2>/dev/null
"""


def test_what_waits_is_promoted_wave_by_wave(tmp_path: Path) -> None:
    outcome = sandboxed(tmp_path, SHOPS, f"{UPDATE} sh $DOCS/promote.sh", SELECTOR="team=shop")
    assert outcome.status == 0, outcome
    lines = outcome.stdout.splitlines()
    assert lines[-4:] == [
        "rollout 'one' promoted",
        "rollout 'one' is healthy",
        "rollout 'two' promoted",
        "rollout 'two' is healthy",
    ]
    assert cases(tmp_path / "promote.xml") == [("one", ""), ("two", "")]


def test_a_wave_that_fails_keeps_the_next_one_from_beginning(tmp_path: Path) -> None:
    lines = f"{UPDATE} kubectl-rollouts sandbox pods --slow 600 >/dev/null; sh $DOCS/promote.sh"
    outcome = sandboxed(tmp_path, SHOPS, lines, SELECTOR="team=shop", TIMEOUT="1s", speed=1)
    assert outcome.status == 4, outcome
    assert "rollout 'two' promoted" not in outcome.stdout
    assert outcome.stderr.endswith("0 of 2 done, 1 failed, 1 not begun\n")
    assert cases(tmp_path / "promote.xml") == [("one", "exit status 4")]


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ("", 0),
        ("kubectl-rollouts set image one web=web:2 --wait=paused 2>/dev/null", 5),
        ("kubectl-rollouts set image one web=web:2; kubectl-rollouts abort one --wait 2>/dev/null", 3),
    ],
    ids=["healthy", "waits for a person", "aborted"],
)
def test_a_gate(tmp_path: Path, before: str, status: int) -> None:
    lines = f"kubectl-rollouts wait --all 2>/dev/null; {before}; sh $DOCS/gate.sh" if before else "sh $DOCS/gate.sh"
    outcome = sandboxed(tmp_path, SHOPS, lines, SELECTOR="team=shop", TOLERATE="0s")
    assert outcome.status == status, outcome
    failed = f"exit status {status}" if status else ""
    assert sorted(cases(tmp_path / "gate.xml")) == [("one", failed), ("two", "")]
    assert ("\none " in outcome.stdout) == bool(status)


def test_every_script_is_in_the_page_and_runs_in_a_strict_shell() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    for script in SCRIPTS.iterdir():
        assert f"(ci/{script.name})" in page
        assert f"sh docs/ci/{script.name}" in page
        assert script.read_text().startswith("#!/bin/sh\n")
