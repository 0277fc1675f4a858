"""The walk-throughs of `sandbox demo`: what a person would type, played on a sandbox in front of their eyes.

A demo is data: scenes, each a sentence, a command line, and the state that the release comes to. Every command runs as
a process of its own, the way a user runs it, and on a terminal the release is watched with the real
`get rollout --watch`. Without a terminal the same scenes print a screen each.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from kubectl_rollouts.errors import Failure

MANIFESTS = Path(__file__).parent / "manifests"
PATIENCE = 30.0  # seconds that a scene may take before the demo says that it is stuck
SETTLE = 2.5  # seconds that the end of a scene stays on the screen
READ = 1.5  # seconds to read a sentence in, before the live screen covers it


class Scene(NamedTuple):
    """One step: what is said, what is typed, and what the rollout's status must come to."""

    say: str
    command: tuple[str, ...] = ()
    manifest: str = ""
    phase: str = ""
    step: int | None = None
    revision: int | None = None
    hold: float = SETTLE


class Demo(NamedTuple):
    """A walk-through of one rollout."""

    title: str
    rollout: str
    notes: str
    scenes: tuple[Scene, ...]


CANARY = Demo(
    "A canary release: half of the traffic first, then a person decides",
    "rollout-canary",
    "Waits are shorter than in the guide: pods count as available after 2 s (minReadySeconds), not 30 s.",
    (
        Scene(
            "Version 1.23.1 is in production. The Rollout takes its pods over from the Deployment `web`.",
            manifest="canary.yaml",
            phase="Healthy",
        ),
        Scene(
            "Release 1.23.2. Half of the traffic goes to the new version, then the release waits for a person.",
            ("set", "image", "rollout-canary", "web=hello:1.23.2"),
            phase="Paused",
            step=1,
            revision=2,
        ),
        Scene(
            "It looks good: promote it. The rest of the traffic follows, the old pods go.",
            ("promote", "rollout-canary"),
            phase="Healthy",
            step=3,
            revision=2,
        ),
        Scene(
            "Release 1.23.3, up to the same pause.",
            ("set", "image", "rollout-canary", "web=hello:1.23.3"),
            phase="Paused",
            step=1,
            revision=3,
        ),
        Scene(
            "This one has a problem: abort. All traffic is back on 1.23.2 at once.",
            ("abort", "rollout-canary"),
            phase="Degraded",
        ),
    ),
)

BLUEGREEN = Demo(
    "A blue-green release: the new version stands ready, then a person switches",
    "rollout-bluegreen",
    "Waits are shorter than in the guide: the old pods stay 5 s after the switch (scaleDownDelaySeconds), not 30 s.",
    (
        Scene(
            "Version 1.23.1 (blue) serves all users.",
            manifest="bluegreen.yaml",
            phase="Healthy",
        ),
        Scene(
            "Release 1.23.2 (green). Its pods start beside the blue ones and get no traffic yet.",
            ("set", "image", "rollout-bluegreen", "web=hello:1.23.2"),
            phase="Paused",
            revision=2,
        ),
        Scene(
            "Promote: the service switches to green at once, blue is scaled down after a while.",
            ("promote", "rollout-bluegreen"),
            phase="Healthy",
            revision=2,
            hold=8,
        ),
    ),
)

ABORT = Demo(
    "A release that cannot start, and the way back",
    "rollout-canary",
    "Image tags that begin with `bad` cannot be pulled in the sandbox.",
    (
        Scene("Version 1.23.1 is in production.", manifest="canary.yaml", phase="Healthy"),
        Scene(
            "Release an image that does not exist. The new pod never starts; production does not notice.",
            ("set", "image", "rollout-canary", "web=hello:bad-tag"),
            phase="Progressing",
            revision=2,
            hold=5,
        ),
        Scene(
            "Abort it: the rollout stays Degraded, so that nobody overlooks it.",
            ("abort", "rollout-canary"),
            phase="Degraded",
        ),
        Scene(
            "Undo goes back to the last good template, and the rollout is Healthy again.",
            ("undo", "rollout-canary"),
            phase="Healthy",
        ),
    ),
)

ANALYSIS = Demo(
    "A canary that is measured: a job decides, no person has to",
    "shop",
    "The job's image decides in the sandbox: a tag that begins with `fail` fails.",
    (
        Scene("Version 1.0 of the shop is in production.", manifest="analysis.yaml", phase="Healthy"),
        Scene(
            "Release 1.1. A smoke test runs twice against the canary; it passes, the release goes on by itself.",
            ("set", "image", "shop", "shop=shop:1.1"),
            phase="Healthy",
            step=4,
            revision=2,
        ),
        Scene("The smoke test changes: it fails from now on.", manifest="analysis-failing.yaml"),
        Scene(
            "Release 1.2. The smoke test fails, the controller aborts the release by itself.",
            ("set", "image", "shop", "shop=shop:1.2"),
            phase="Degraded",
            revision=3,
        ),
    ),
)

DEMOS = {"canary": CANARY, "bluegreen": BLUEGREEN, "abort": ABORT, "analysis": ANALYSIS}

Object = dict[str, Any]


class Stage(NamedTuple):
    """Where a demo is played: a running sandbox, and the screen."""

    apply: Callable[[Path], None]
    """Loads a manifest, as `kubectl apply -f` would."""
    rollout: Callable[[str], Object | None]
    """The rollout of that name in the namespace `default`, as stored."""
    environment: dict[str, str]
    """What the commands see: KUBECONFIG names the sandbox."""
    program: str
    """How the user calls us (`kubectl rollouts`)."""
    again: str
    """What the user can type as things are: the path of the program where it is not installed."""
    out: TextIO


def play(demo: Demo, stage: Stage) -> None:
    """Play all scenes; raises Failure when the release does not come to a scene's end within its time."""
    terminal = stage.out.isatty()
    _tell(stage, f"\n{_bold(demo.title, terminal)}\n{_wrapped(demo.notes, terminal)}\n")
    for number, scene in enumerate(demo.scenes, 1):
        _tell(stage, f"\n{_bold(_wrapped(f'{number}. {scene.say}', terminal), terminal)}\n")
        if terminal:
            time.sleep(READ)
        if scene.manifest:
            _tell(stage, f"$ kubectl apply -f {scene.manifest}\n")
            stage.apply(MANIFESTS / scene.manifest)
        if scene.command:
            _run(stage, scene.command)
        if scene.phase:
            _watch(demo, scene, stage, terminal)
    last = "That was it. To try it yourself, in a shell with a cluster of its own:"
    _tell(stage, f"\n{_wrapped(last, terminal)}\n\n    {stage.again} sandbox run -- bash\n\n")


def _watch(demo: Demo, scene: Scene, stage: Stage, terminal: bool) -> None:
    """Show the release until the scene's end: live on a terminal, else one screen at the end."""
    arguments = ["get", "rollout", demo.rollout, *(["--watch"] if terminal else ["--no-color"])]
    _tell(stage, f"$ {stage.program} {' '.join(arguments)}\n")
    if not terminal:
        _wait(demo, scene, stage)
        subprocess.run(_command(arguments), env=stage.environment, check=False, stdout=stage.out)
        return
    viewer = subprocess.Popen(_command(arguments), env=stage.environment)
    try:
        _wait(demo, scene, stage)
    finally:
        if viewer.poll() is None:
            viewer.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            viewer.wait(5)
        if viewer.poll() is None:
            viewer.kill()
            viewer.wait()


def _wait(demo: Demo, scene: Scene, stage: Stage) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _reached(scene, stage.rollout(demo.rollout)):
        if time.monotonic() > deadline:
            raise Failure(f"the demo is stuck: {demo.rollout} did not become {scene.phase} within {PATIENCE:.0f} s")
        time.sleep(0.1)
    time.sleep(scene.hold)


def _reached(scene: Scene, rollout: Object | None) -> bool:
    """Whether the release has come to the scene's end, of the newest generation."""
    if rollout is None:
        return False
    metadata, status = rollout["metadata"], rollout.get("status") or {}
    revision = (metadata.get("annotations") or {}).get("rollout.argoproj.io/revision")
    return (
        status.get("phase") == scene.phase
        and status.get("observedGeneration") == str(metadata.get("generation"))
        and scene.step in (None, status.get("currentStepIndex"))
        and (scene.revision is None or revision == str(scene.revision))
    )


def _run(stage: Stage, arguments: tuple[str, ...]) -> None:
    _tell(stage, f"$ {stage.program} {' '.join(arguments)}\n")
    done = subprocess.run(_command(arguments), env=stage.environment, check=False, stdout=stage.out)
    if done.returncode:
        raise Failure(f"the demo is stuck: {stage.program} {' '.join(arguments)} failed")


def _command(arguments: list[str] | tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "kubectl_rollouts", *arguments]


def _bold(text: str, terminal: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if terminal and "NO_COLOR" not in os.environ else text


def _wrapped(text: str, terminal: bool) -> str:
    """A sentence in lines of whole words, where there is a window to fit it to."""
    if not terminal:
        return text
    import shutil
    import textwrap

    return textwrap.fill(text, max(20, shutil.get_terminal_size().columns - 1))


def _tell(stage: Stage, text: str) -> None:
    stage.out.write(text)
    stage.out.flush()
