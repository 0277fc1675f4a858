"""The writer of columns, against its rule in other words (spec/view.md §2.4)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.view.table import column_widths, lay_out

cells = st.text(st.characters(exclude_characters="\n\t"), max_size=6)
ragged = st.lists(st.lists(cells, min_size=1, max_size=5), min_size=1, max_size=8)


def same_length(rows: list[list[str]]) -> list[list[str]]:
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows]


@given(ragged.map(same_length), st.integers(0, 4), st.integers(0, 9))
def test_columns_of_a_full_table(rows: list[list[str]], padding: int, minimum: int) -> None:
    lines = lay_out(rows, padding=padding, minimum=minimum).split("\n")[:-1]
    widths = [max(minimum, max(map(len, column)) + padding) for column in zip(*rows, strict=True)][:-1]
    assert lines == ["".join(map(str.ljust, row[:-1], widths)) + row[-1] for row in rows]


def by_definition(rows: list[list[str]], padding: int, minimum: int) -> str:
    """Each cell as wide as the widest of its block: the rows above and below that reach as far without a gap."""
    text = ""
    for index, row in enumerate(rows):
        for column, cell in enumerate(row[:-1]):
            block = [index]
            for step in (-1, 1):
                other = index + step
                while 0 <= other < len(rows) and len(rows[other]) > column + 1:
                    block.append(other)
                    other += step
            width = max(minimum, padding + max(len(rows[one][column]) for one in block))
            text += cell.ljust(width)
        text += row[-1] + "\n"
    return text


@given(ragged, st.integers(0, 4), st.integers(0, 9))
def test_columns_of_a_ragged_table(rows: list[list[str]], padding: int, minimum: int) -> None:
    assert lay_out(rows, padding=padding, minimum=minimum) == by_definition(rows, padding, minimum)


def test_examples() -> None:
    assert lay_out([]) == ""
    assert lay_out([["a"], ["bcd"]]) == "a\nbcd\n"
    assert lay_out([["NAME", "KIND"], ["x", ""], ["", "y"]]) == "NAME  KIND\nx     \n      y\n"
    # A line of one cell lets no width through.
    assert lay_out([["long cell", "x"], ["alone"], ["a", "x"]]) == "long cell  x\nalone\na  x\n"
    assert lay_out([["é⚠", "x"], ["abc", "y"]]) == "é⚠   x\nabc  y\n"
    assert lay_out([["a", "b"], ["c", "d"]], minimum=5) == "a    b\nc    d\n"
    assert lay_out([[], []]) == "\n\n"


def test_lengths_stand_for_texts_with_colour_codes() -> None:
    rows = [["\x1b[32mok\x1b[0m", "x"], ["abc", "y"]]
    assert lay_out(rows, [[2, 1], [3, 1]]) == "\x1b[32mok\x1b[0m   x\nabc  y\n"
    assert column_widths([[2, 1], [3, 9]]) == [5]
