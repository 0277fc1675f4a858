"""The Rich writer on terminals of all sizes (design: "Two ways to show the same rows")."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.spans import Screen
from kubectl_rollouts.view.terminal import LiveScreen, fitted, print_screen, window_size
from kubectl_rollouts.view.tree import experiment_screen, rollout_screen
from tests.support.objects import DAY, NOON, experiment, experiment_facts, facts, pod, replica_set, rollout
from tests.support.terminals import ENTER, HIDE, LEAVE, SHOW, Terminal, terminal

Json = dict[str, Any]
MESSAGE = "more replicas need to be updated, but the image of the newest revision cannot be pulled"


def canary(pods: int = 3, message: str = MESSAGE, name: str = "canary-demo") -> Screen:
    """A canary with two revisions of `pods` pods each."""
    values = [
        rollout(
            {"replicas": pods, "strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}}},
            {"phase": "Degraded", "message": message, "stableRS": "s", "currentPodHash": "c", "currentStepIndex": 1},
            name=name,
        )
    ]
    for revision, pod_hash in ((2, "c"), (1, "s")):
        owner = f"{name}-65fb5ffc8{revision}"
        values.append(replica_set(owner, pod_hash, revision, owner=name, images=[f"img:{revision}"], replicas=pods))
        values.extend(pod(f"{owner}-{index:05}", owner, age=7 * DAY) for index in range(pods))
    return rollout_screen(facts(*values), NOON)


def drawn(screen: Screen, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(fitted(screen, width, height))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue().splitlines()


def exact(screen: Screen) -> list[str]:
    return [line.rstrip() for line in write_screen(screen, color=False).splitlines()]


def shown_on(one: Terminal, screen: Screen, color: bool = True) -> list[str]:
    with one.file() as file:
        print_screen(screen, color, file)
    one.drained()
    return one.lines


def test_on_a_large_window_all_is_as_in_a_pipe() -> None:
    screen = canary()
    with terminal(150, 60) as one:
        lines = shown_on(one, screen)
    expected = exact(screen)
    assert lines[: len(expected)] == expected
    assert not any(lines[len(expected) :])


def test_colours_are_those_of_the_theme() -> None:
    with terminal(150, 60) as one:
        lines = shown_on(one, canary())
        (row,) = [index for index, line in enumerate(lines) if "⧉ canary-demo-65fb5ffc81" in line]
        colours = {one.screen.buffer[row][lines[row].index(text)].fg for text in ("canary-demo", "✔", "stable")}
        assert colours == {"green"}
        assert one.screen.buffer[2][17].data == "✖"
        assert one.screen.buffer[2][17].fg == "red"
        assert one.screen.buffer[2][19].fg == "default"


def test_without_colour_nothing_but_text_is_sent() -> None:
    with terminal(150, 60) as one:
        shown_on(one, canary(), color=False)
        assert re.findall(rb"\x1b(?!\]9;)", one.raw) == []


def test_a_narrow_window_cuts_columns_and_wraps_none() -> None:
    screen = canary()
    with terminal(60, 60) as one:
        lines = shown_on(one, screen)
    text = "\n".join(lines)
    assert "Message:         more replicas need to be updated, but the\n                 image of the newest" in text
    at = next(index for index, line in enumerate(lines) if line.startswith("NAME"))
    tree = [line for line in lines[at:] if line]
    assert len(tree) == len(screen.rows)
    assert [line.split()[:2] for line in tree[:2]] == [["NAME", "KIND"], ["⟳", "canary-demo"]]
    assert all("✔ Running" in line and "7d" in line for line in tree if "□" in line)
    assert not any("INFO" in line or "ready" in line for line in tree)


def test_info_gives_way_first() -> None:
    screen = canary()
    width = max(map(len, exact(screen)[-10:])) - 4
    tree = drawn(screen, width, 100)[-10:]
    whole = exact(screen)[-10:]
    for line, full in zip(tree, whole, strict=True):
        if len(full) <= width:
            assert line.rstrip() == full
        else:
            assert line == full[: width - 1] + "…"


def test_a_low_window_keeps_the_header_and_the_newest_revisions() -> None:
    screen = canary(pods=30)
    with terminal(100, 20) as one:
        lines = shown_on(one, screen)
    assert lines[0] == "Name:            canary-demo"
    assert lines[3].startswith("Message:         more replicas")
    at = next(index for index, line in enumerate(lines) if line.startswith("NAME"))
    assert [line.split("  ")[0] for line in lines[at + 1 : at + 3]] == ["⟳ canary-demo", "├──# revision:2"]
    more = re.fullmatch(r"… (\d+) more rows", lines[18])
    assert more
    assert int(more[1]) + (18 - at) == len(screen.rows)
    assert lines[19] == ""  # for the prompt


@pytest.mark.parametrize(("width", "height"), [(60, 20), (20, 20), (40, 10), (60, 8)])
def test_a_low_window_shows_the_top_of_the_tree_whatever_the_header(width: int, height: int) -> None:
    lines = drawn(canary(), width, height)
    assert len(lines) == height
    titles = next(index for index, line in enumerate(lines) if line.startswith("NAME"))
    assert [line[:3] for line in lines[titles + 1 : titles + 4]] == ["⟳ c", "├──", "│  "]
    assert lines[-1].endswith("more rows") and lines[0].startswith("Name:")


def test_the_brief_header_says_the_same_numbers() -> None:
    low = drawn(canary(pods=30), 120, 20)
    assert "Replicas:        Desired 30, Current 0, Updated 0, Ready 0, Available 0" in [line.rstrip() for line in low]
    high = [line.rstrip() for line in drawn(canary(pods=30), 120, 40)]
    assert "  Desired:       30" in high


def test_an_experiment_fits_too() -> None:
    info = experiment_facts(experiment("e"), *[replica_set(f"rs{index:02}", owner="e") for index in range(40)])
    lines = drawn(experiment_screen(info, NOON), 80, 20)
    assert len(lines) == 20
    assert lines[-1].rstrip() == "… 27 more rows"


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 130), st.integers(1, 50), st.integers(0, 12))
def test_whatever_the_window_nothing_leaves_it(width: int, height: int, pods: int) -> None:
    screen = canary(pods)
    lines = drawn(screen, width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    full = exact(screen)
    if len(full) <= height and max(map(len, full)) <= width:
        assert [line.rstrip() for line in lines] == full
    if height > 3 and width >= 30:
        assert lines[0].rstrip() == "Name:            canary-demo"


HOSTILE = "[red]x[/red][link=http://e]\x1b[31m\x1b]8;;http://e\x07t\x1b]8;;\x07\u202e\x9b2J:smile:"
HOSTILE_SHOWN = r"[red]x[/red][link=http://e]\x1b[31m\x1b]8;;http://e\x07t\x1b]8;;\x07\u202e\x9b2J:smile:"


def test_hostile_texts_are_shown_literally() -> None:
    values = [
        rollout({}, {"phase": HOSTILE, "message": f"{HOSTILE}\n{HOSTILE}"}, name=HOSTILE),
        replica_set(HOSTILE, "h", owner=HOSTILE, images=[HOSTILE]),
        pod(HOSTILE, HOSTILE, None, {"phase": HOSTILE}),
    ]
    values[1]["metadata"]["uid"] = "rs"
    values[2]["metadata"]["ownerReferences"] = [{"uid": "rs"}]
    screen = rollout_screen(facts(*values), NOON)
    with terminal(400, 60) as one:
        lines = shown_on(one, screen)
        sequences = set(re.findall(rb"\x1b(?!\]9;)[^m]*m", one.raw))
        assert "\x9b" not in one.raw.decode()
    assert [line for line in lines if line] == [line for line in exact(screen) if line]
    assert sum(line.count(HOSTILE_SHOWN) for line in lines) == 10
    assert sequences <= {b"\x1b[0m", b"\x1b[32m", b"\x1b[31m", b"\x1b[33m", b"\x1b[94m"}


def test_wide_characters_do_not_break_the_columns() -> None:
    info = facts(rollout({}, {"phase": "健康"}), replica_set("rs"), pod("p", "rs", None, {"phase": "日本語日本語"}))
    lines = drawn(rollout_screen(info, NOON), 50, 40)
    tree = lines[-5:]
    assert tree[0].split()[:2] == ["NAME", "KIND"]
    ends = {Console().render_str(line[: line.index("60m")]).cell_len for line in tree if "60m" in line}
    assert len(ends) == 1


def test_a_file_that_is_no_terminal_has_a_size_all_the_same() -> None:
    assert window_size(io.StringIO()) == (80, 24)
    with terminal(61, 17) as one, one.file() as file:
        assert window_size(file) == (61, 17)
        assert LiveScreen(True, print, file).size == (61, 17)


def test_a_live_screen_leaves_the_terminal_as_it_was() -> None:
    said: list[str] = []
    with terminal(60, 20) as one, one.file() as file:
        print("before", file=file, flush=True)
        with LiveScreen(True, said.append, file) as live:
            one.drained()
            assert ENTER not in one.raw
            live.show(canary(pods=30))
            one.wait_for("more rows")
            assert one.lines[0] == "Name:            canary-demo"
            assert one.raw.count(ENTER) == one.raw.count(HIDE) == 1
            live.say("connection lost\x1b[2J")
            live.say("connection lost\x1b[2J")
            live.show(canary(pods=30))
            one.wait_for(r"connection lost\x1b[2J")
            one.resize(50, 12)
            live.show(canary(pods=1))
            one.wait_for(r"connection lost\x1b[2J")
            live.suspend()
            one.drained()
            assert one.raw.rindex(LEAVE) > one.raw.rindex(ENTER)
            live.show(canary(pods=2))
            one.drained()
            assert one.raw.count(ENTER) == 2
        one.drained()
        after = one.raw[one.raw.rindex(LEAVE) :]
        assert SHOW in one.raw[one.raw.rindex(HIDE) :]
        assert after.count(b"Name:            canary-demo") == 1
    assert said == ["connection lost\x1b[2J"]


def test_a_live_screen_that_showed_nothing_writes_nothing() -> None:
    with terminal() as one:
        with one.file() as file, pytest.raises(ValueError, match="odd"), LiveScreen(True, print, file):
            raise ValueError("odd")
        one.drained()
        assert re.fullmatch(rb"\x1b\]9;\d+\x07", one.raw)


@pytest.mark.parametrize("step", ["set_alt_screen", "show_cursor", "push_render_hook"])
def test_a_screen_that_is_interrupted_while_it_is_taken_is_given_back(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    done = getattr(Console, step)

    def interrupted(console: Console, *args: Any) -> None:
        done(console, *args)
        raise KeyboardInterrupt

    with terminal() as one:
        with one.file() as file, pytest.raises(KeyboardInterrupt), LiveScreen(True, print, file) as live:
            monkeypatch.setattr(Console, step, interrupted)
            live.show(canary(1))
        one.drained()
        assert one.raw.rfind(LEAVE) >= one.raw.rfind(ENTER)
        assert one.raw.rfind(SHOW) >= one.raw.rfind(HIDE)


@pytest.mark.parametrize("text", ["x" * 3_000_000, "x\n" * 1_000_000, "健" * 1_000_000])
def test_texts_of_megabytes_are_cut_before_they_are_drawn(text: str) -> None:
    values = [rollout({}, {"phase": "Degraded", "message": text}, name=text), replica_set("h", images=[text])]
    screen = rollout_screen(facts(*values), NOON)
    *header, table = fitted(screen, 80, 24).renderables
    cells = [cell for column in table.columns for cell in column.cells]
    assert all(len(piece) < 10_000 for piece in (*header, *cells))
    assert len(drawn(screen, 80, 24)) <= 24
