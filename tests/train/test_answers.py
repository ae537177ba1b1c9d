"""Answers are read statement by statement, whatever else the model wrote."""

from __future__ import annotations

import pytest

from pytest_genx.train.answers import agrees, read_answer
from pytest_genx.train.families.calls import Call


def call(source, value=None, raised=None):
    """Make a call without lines."""
    return Call(source, value, raised, frozenset())


def test_assertions_and_raises_are_read_in_order():
    """Both forms of the training documents come back."""
    text = (
        "assert f(1) == 2\nassert C(3).m('a\\n') == [1]\nwith pytest.raises(ValueError):\n    f(-1)"
    )
    assert read_answer(text) == [
        call("f(1)", "2"), call("C(3).m('a\\n')", "[1]"), call("f(-1)", raised="ValueError"),
    ]  # fmt: skip


@pytest.mark.parametrize("bad", ["assert f(1 == 2", "assert f(", "with pytest.raises(", "nonsense"])
def test_a_broken_statement_does_not_hide_the_others(bad):
    """What does not parse is skipped."""
    assert read_answer(f"assert f(1) == 1\n{bad}\nassert f(2) == 2") == [
        call("f(1)", "1"), call("f(2)", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "ran", "expected"),
    [
        (call("f()", "[1, 2]"), call("f()", "[1,2]"), True),
        (call("f()", "1"), call("f()", "2"), False),
        (call("f()", "x + 1"), call("f()", "2"), False),
        (call("f()", raised="ValueError"), call("f()", raised="ValueError"), True),
        (call("f()", raised="ValueError"), call("f()", "1"), False),
        (call("f()", "None"), call("f()", raised="KeyError"), False),
        (call("f()", "1"), None, False),
    ],
)
def test_agreement_compares_values_or_exceptions(written, ran, expected):
    """Equal values agree however they are written; a timeout agrees with nothing."""
    assert agrees(written, ran) is expected
