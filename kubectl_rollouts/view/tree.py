"""The screens of `get rollout` and `get experiment`: facts to rows of styled spans (spec/view.md §1, §2, §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_rollouts.rollout.info import revisions
from kubectl_rollouts.view.durations import age, human_duration
from kubectl_rollouts.view.escape import visible
from kubectl_rollouts.view.spans import Screen, plain
from kubectl_rollouts.view.theme import icon_style, status_style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubectl_rollouts.rollout.analysis import AnalysisRunInfo, JobInfo
    from kubectl_rollouts.rollout.experiments import ExperimentInfo, ImageInfo
    from kubectl_rollouts.rollout.info import Revision, RolloutInfo
    from kubectl_rollouts.rollout.pods import PodInfo
    from kubectl_rollouts.rollout.replica_sets import ReplicaSetInfo
    from kubectl_rollouts.view.spans import Cell, Line, Row, Span

LABEL_WIDTH = 17

_BLANK = plain("")
# The STATUS cell of a revision: no icon, a blank, no text.
_NO_STATUS = plain(" ")
_TITLES: Row = (plain("NAME"), plain("KIND"), plain("STATUS"), plain("AGE"), plain("INFO"))
_ROLLOUT, _REPLICA_SET, _POD = plain("Rollout"), plain("ReplicaSet"), plain("Pod")
_EXPERIMENT, _ANALYSIS_RUN, _JOB = plain("Experiment"), plain("AnalysisRun"), plain("Job")


def rollout_screen(info: RolloutInfo, now: float) -> Screen:
    """The screen of a rollout at the instant `now` (epoch seconds)."""
    header = _header(info)
    header.append(_line("Strategy:", info.strategy))
    if info.strategy == "Canary":
        header.append(_line("  Step:", info.step))
        header.append(_line("  SetWeight:", info.set_weight))
        header.append(_line("  ActualWeight:", info.actual_weight))
    header.extend(_image_lines(info.images))
    replicas = (
        ("Desired", info.desired),
        ("Current", info.current),
        ("Updated", info.updated),
        ("Ready", info.ready),
        ("Available", info.available),
    )
    summary = ", ".join([f"{label} {count}" for label, count in replicas])
    brief = [*header, _line("Replicas:", summary), _BLANK]
    header.append(plain("Replicas:"))
    header.extend([_line(f"  {label}:", str(count)) for label, count in replicas])
    header.append(_BLANK)
    tree = _Tree(now)
    tree.rollout(info)
    return Screen(header, tree.rows, brief)


def experiment_screen(info: ExperimentInfo, now: float) -> Screen:
    """The screen of an experiment at the instant `now` (epoch seconds)."""
    header = _header(info)
    header.extend(_image_lines(info.images))
    header.append(_BLANK)
    tree = _Tree(now)
    tree.experiment(info, "", "")
    return Screen(header, tree.rows, header)


def stale_line(reason: str) -> Line:
    """The line that a watched terminal shows above the header while the state may be out of date."""
    return (("Stale:".ljust(LABEL_WIDTH), ""), _icon("⚠"), (f" {visible(reason)}", ""))


# --- Header --------------------------------------------------------------------------------------------------------


def _line(label: str, value: str) -> Line:
    return plain(label.ljust(LABEL_WIDTH) + value)


def _icon(icon: str) -> Span:
    return (icon, icon_style(icon))


def _header(info: RolloutInfo | ExperimentInfo) -> list[Line]:
    """The lines that both screens begin with."""
    header = [
        _line("Name:", visible(info.name)),
        _line("Namespace:", visible(info.namespace)),
        (("Status:".ljust(LABEL_WIDTH), ""), _icon(info.icon), (f" {visible(info.status)}", "")),
    ]
    if info.message:
        header.append(_line("Message:", visible(info.message, keep_newlines=True)))
    return header


def _image_lines(images: Sequence[ImageInfo]) -> Iterator[Line]:
    label = "Images:"
    for image in images:
        spans: list[Span] = [(label.ljust(LABEL_WIDTH) + visible(image.image), "")]
        for index, tag in enumerate(image.tags):
            spans.append((", " if index else " (", ""))
            spans.append((visible(tag), "none" if tag.startswith("Σ:") else tag))
        if image.tags:
            spans.append((")", ""))
        yield tuple(spans)
        label = ""


# --- Tree ----------------------------------------------------------------------------------------------------------


def _glyphs(prefix: str, last: bool) -> tuple[str, str]:
    """What stands before a node's icon, and before those of its children."""
    return (f"{prefix}└──", f"{prefix}   ") if last else (f"{prefix}├──", f"{prefix}│  ")


class _Tree:
    """The rows under way; `now` dates their ages. A node is added with `branch` before it and `below` its children."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.rows: list[Row] = [_TITLES]
        self._statuses: dict[tuple[str, str], Cell] = {}

    def status(self, icon: str, status: str) -> Cell:
        """A STATUS cell; thousands of pods share a few."""
        cell = self._statuses.get((icon, status))
        if cell is None:
            cell = self._statuses[icon, status] = (_icon(icon), (f" {visible(status)}", ""))
        return cell

    def age(self, created: float | None) -> Cell:
        """An AGE cell."""
        return ((age(created, self.now), ""),)

    def rollout(self, info: RolloutInfo) -> None:
        name = plain(f"⟳ {visible(info.name)}")
        self.rows.append((name, _ROLLOUT, self.status(info.icon, info.status), self.age(info.created), _BLANK))
        found = revisions(info)
        for left, revision in enumerate(found, 1 - len(found)):
            self._revision(revision, *_glyphs("", left == 0))

    def _revision(self, revision: Revision, branch: str, below: str) -> None:
        self.rows.append((plain(f"{branch}# revision:{revision.number}"), _BLANK, _NO_STATUS, _BLANK, _BLANK))
        self._children(below, revision.replica_sets, revision.experiments, revision.analysis_runs)

    def experiment(self, info: ExperimentInfo, branch: str, below: str) -> None:
        name = ((f"{branch}Σ ", ""), (visible(info.name), status_style(info.status)))
        self.rows.append((name, _EXPERIMENT, self.status(info.icon, info.status), self.age(info.created), _BLANK))
        self._children(below, info.replica_sets, [], info.analysis_runs)

    def _children(
        self,
        prefix: str,
        replica_sets: Sequence[ReplicaSetInfo],
        experiments: Sequence[ExperimentInfo],
        analysis_runs: Sequence[AnalysisRunInfo],
    ) -> None:
        """The three lists one after the other; which node is the last is judged over them all."""
        left = len(replica_sets) + len(experiments) + len(analysis_runs)
        for replica_set in replica_sets:
            left -= 1
            self._replica_set(replica_set, *_glyphs(prefix, left == 0))
        for experiment in experiments:
            left -= 1
            self.experiment(experiment, *_glyphs(prefix, left == 0))
        for run in analysis_runs:
            left -= 1
            self._analysis_run(run, *_glyphs(prefix, left == 0))

    def _replica_set(self, info: ReplicaSetInfo, branch: str, below: str) -> None:
        tags = _shown_tags(info.tags)
        name = ((f"{branch}⧉ ", ""), (visible(info.name), " ".join(tags)))
        notes = [(tag, tag) for tag in tags]
        if info.scale_down:
            notes.append((f"delay:{self._delay(info.scale_down_at)}", ""))
        status = self.status(info.icon, info.status)
        self.rows.append((name, _REPLICA_SET, status, self.age(info.created), _joined(notes)))
        if info.pods:
            middle, last = f"{below}├──□ ", f"{below}└──□ "
            self.rows.extend([self._pod(pod, middle) for pod in info.pods[:-1]])
            self.rows.append(self._pod(info.pods[-1], last))

    def _delay(self, deadline: float | None) -> str:
        if deadline is None:
            return ""  # QUIRK 10: the annotation is no time
        left = deadline - self.now
        return "passed" if left < 0 else human_duration(left)

    def _pod(self, info: PodInfo, before: str) -> Row:
        notes = f"ready:{info.ready}/{info.total}"
        if info.restarts > 0:
            notes = f"{notes},restarts:{info.restarts}"
        return (
            ((before + visible(info.name), ""),),
            _POD,
            self.status(info.icon, info.status),
            self.age(info.created),
            ((notes, ""),),
        )

    def _analysis_run(self, info: AnalysisRunInfo, branch: str, below: str) -> None:
        name = ((f"{branch}α ", ""), (visible(info.name), status_style(info.status)))
        notes: list[Span] = []
        for icon, count in (("✔", info.successful), ("✖", info.failed), ("?", info.inconclusive), ("⚠", info.error)):
            if count > 0:
                notes.extend((("," if notes else "", ""), _icon(icon), (f" {count}", "")))
        status = self.status(info.icon, info.status)
        self.rows.append((name, _ANALYSIS_RUN, status, self.age(info.created), tuple(notes) or _BLANK))
        for left, job in enumerate(info.jobs, 1 - len(info.jobs)):
            self._job(job, *_glyphs(below, left == 0))

    def _job(self, info: JobInfo, branch: str, _below: str) -> None:
        name = ((f"{branch}⊞ ", ""), (visible(info.name), status_style(info.status)))
        self.rows.append((name, _JOB, self.status(info.icon, info.status), self.age(info.created), _BLANK))


def _shown_tags(tags: tuple[str, ...]) -> list[str]:
    """The tags of a ReplicaSet in the order of INFO; of canary, active and preview only the first."""
    shown = ["stable"] if "stable" in tags else []
    shown.extend([tag for tag in ("canary", "active", "preview") if tag in tags][:1])
    shown.extend([tag for tag in ("ping", "pong") if tag in tags])
    return shown


def _joined(spans: Sequence[Span]) -> Cell:
    """Spans with commas between them."""
    if len(spans) < 2:
        return tuple(spans) or _BLANK
    return tuple(part for index, span in enumerate(spans) for part in ((",", ""), span)[not index :])
