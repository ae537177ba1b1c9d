"""Figures carry intervals, and the card's table is written by the command."""

from __future__ import annotations

import random

import pytest

from pytest_genx.errors import BadOption
from pytest_genx.train.measure import BEGIN, END, Measure, interval, summarise, table, write_card


def test_an_interval_holds_the_mean_and_narrows_with_problems():
    """Ten times the problems give a narrower interval around the same mean."""
    rng = random.Random(0)
    few, many = ([0.0, 1.0] * 10, [0.0, 1.0] * 100)
    low, high = interval(few, rng)
    lower, upper = interval(many, rng)
    assert low < lower < 0.5 < upper < high


def test_equal_values_have_no_width():
    """A figure that is the same everywhere has an interval of one point."""
    assert interval([0.25] * 5, random.Random(0)) == (0.25, 0.25)


def test_nothing_but_failures_leaves_room_for_doubt():
    """No success in n problems does not prove a rate of zero, nor n successes one of one."""
    low, high = interval([0.0] * 60, random.Random(0))
    assert low == 0.0
    assert 0.05 < high < 0.07
    assert interval([1.0] * 60, random.Random(0)) == (1.0 - high, 1.0)


def test_each_figure_of_the_rows_is_summarised():
    """One measure a key, over all rows."""
    rows = [{"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 0.0}]
    a, b = summarise("set", rows, random.Random(0))
    assert (a.on, a.figure, a.problems, a.mean) == ("set", "a", 2, 0.5)
    assert (b.mean, b.low) == (0.0, 0.0)


def test_the_card_keeps_everything_but_the_marked_section(tmp_path):
    """Only what stands between the marks is replaced, and a second time too."""
    card = tmp_path / "README.md"
    card.write_text(f"# Card\n\n{BEGIN}\nold\n{END}\n\nend\n", "utf-8")
    text = table([Measure("set", "calls that run", 3, 0.5, 0.25, 0.75)])
    for _ in range(2):
        write_card(card, text)
    assert card.read_text("utf-8") == f"# Card\n\n{BEGIN}\n\n{text}\n\n{END}\n\nend\n"
    assert "| set | calls that run | 3 | 50.0 | 25.0 to 75.0 |" in text


def test_a_file_without_marks_is_refused(tmp_path):
    """A card is never overwritten as a whole."""
    path = tmp_path / "notes.md"
    path.write_text("mine", "utf-8")
    with pytest.raises(BadOption, match="measured: begin"):
        write_card(path, "table")
    assert path.read_text("utf-8") == "mine"
