"""Examples in the prose of a docstring are read when nothing else can be meant."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from pytest_genx.domain import TargetKind
from pytest_genx.pipeline.prose import prose_examples


def examples(text, target, known=frozenset()):
    """What a docstring states, as source."""
    return [
        ast.unparse(ast.fix_missing_locations(found))
        for found in prose_examples(text, target, known)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "half(4) == 2",
        "half(4) -> 2",
        "half(4) => 2",
        "half(4) → 2",
        "half(4) ➞ 2",
        "half(4) = 2",
        "half(4) returns 2",
        "half(4) should return 2.",
        "For example, `half(4)` returns `2`.",
        "Such as half(4) == 2, since it is even.",
        "half(4) returns 2 because 4 is even",
        "half(4) == 2  # even",
        "- half( 4 ) -> 2;",
    ],
)
def test_an_example_is_a_call_and_a_value(half, text):
    """In all ways that people write it."""
    assert examples(text, half) == ["assert half(4) == 2"]


def test_a_line_may_hold_several(half):
    """Each is read to where the next begins."""
    found = examples("half(4) == 2, half([1, (2)][0]) == [0, 1][0] and half(6) == 3", half)
    assert found == ["assert half(4) == 2", "assert half(6) == 3"]


def test_values_may_be_made_by_calls_and_known_names(half):
    """`set()` and `Color.RED` are values; the names must be known."""
    text = (
        "half(1) == set()\nhalf(2) == Color.RED\nhalf(3) == Size.BIG\nhalf(4) == [1, {'a': None}]"
    )
    assert examples(text, half, {"Color"}) == [
        "assert half(1) == set()",
        "assert half(2) == Color.RED",
        "assert half(4) == [1, {'a': None}]",
    ]


def test_errors_may_be_stated(half):
    """By a name that is known to be one."""
    text = "half(-1) raises ValueError, half(-2) raises a TypeError. half(-3) raises questions"
    assert examples(text, half) == [
        "with pytest.raises(ValueError):\n    half(-1)",
        "with pytest.raises(TypeError):\n    half(-2)",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "half(n) == m",
        "half(x) returns 2",
        "half(4) returns nothing",
        "half(4) returns all",
        "half() -> int",
        "half(n: int) -> 2",
        "other.half(4) == 2",
        "behalf(4) == 2",
        "half(4) == half(5)",
        "half(4) -> 1, 2",
        ">>> half(4) == 2",
        "half(4) is called",
        "half(4 == 2",
        "half(4) ==",
    ],
)
def test_a_formula_is_no_example(half, text):
    """Placeholders, types, other functions, and ambiguous values are left alone."""
    assert examples(text, half) == []


def test_methods_need_their_class(half):
    """An object of no known making cannot be called."""
    method = replace(half, qualname="A.half", kind=TargetKind.METHOD)
    assert examples("a.half(4) == 2 and A(1).half(4) == 2", method, {"A"}) == [
        "assert A(1).half(4) == 2"
    ]
    static = replace(method, kind=TargetKind.STATICMETHOD)
    assert examples("A.half(4) -> 2", static, {"A"}) == ["assert A.half(4) == 2"]
