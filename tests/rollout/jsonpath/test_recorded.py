"""Templates and columns against what the real kubectl answered (record.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.view.output.formats import Writer, parse_format

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
OBJECTS = {
    "list": RECORDED["list"],
    "odd": RECORDED["odd"],
    "odds": RECORDED["odds"],
    "web": next(one for one in RECORDED["list"]["items"] if one["metadata"]["name"] == "web"),
}
CASES = [
    (form, which, expression, told)
    for form in ("jsonpath", "columns")
    for which, cases in RECORDED[form].items()
    for expression, told in cases
]
# The order in which Go walks through a map is left to chance.
UNORDERED = {
    *("{..image}", "{..name}", "{.people..langs}", "{.map..c}", "{.items[0]..image}", "{.map.*.c}"),
    *("{.conds[*].*}", "{range .map.*}{@},{end}", "{..}|", "{.*}|", "{..*}|", "{.metadata.*}", "{.metadata..*}"),
    *("{.map[*]}", "{...y}", "{..y}", "{.deep..[0]}", "{.list..}", "A:.", "A:{.}"),
}


def written(form: str, obj: Any) -> str:
    return Writer(parse_format(form, lambda path: Path(path).read_text()), terminal=False).text(obj)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 550
    assert sum(told is not None for *_, told in CASES) >= 350


@pytest.mark.parametrize(("form", "which", "expression", "told"), CASES, ids=[f"{c[0]}-{c[1]}-{c[2]}" for c in CASES])
def test_the_answer_is_kubectls(form: str, which: str, expression: str, told: str | None) -> None:
    option = ("custom-columns=" if form == "columns" else "jsonpath=") + expression
    if told is None:
        with pytest.raises(Failure):
            written(option, OBJECTS[which])
        return
    answer = written(option, OBJECTS[which])
    if expression in UNORDERED:
        assert sorted(answer) == sorted(told)
    else:
        assert answer == told


@pytest.mark.parametrize("which", ["list", "odd"])
def test_json_and_names_are_kubectls_bytes(which: str) -> None:
    assert written("json", OBJECTS[which]) == RECORDED["json"][which]
    assert written("name", OBJECTS[which]) == RECORDED["name"][which]


@pytest.mark.parametrize("which", ["list", "odd"])
def test_yaml_says_the_same(which: str) -> None:
    text = written("yaml", OBJECTS[which])
    assert yaml.safe_load(text) == OBJECTS[which]
    assert layout(text) == layout(RECORDED["yaml"][which])


def layout(text: str) -> list[str]:
    """Indents and keys, in their order."""
    return [
        line.split(":")[0] if ":" in line else line[: len(line) - len(line.lstrip(" -"))] for line in text.splitlines()
    ]
