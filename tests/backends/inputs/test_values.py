from __future__ import annotations

import ast
import random

import pytest

from pytest_genx.backends.inputs.shape import (
    ANY,
    BOOL,
    BYTES,
    COUNT,
    FLOAT,
    FUNCTION,
    INT,
    NONE,
    STR,
    Kind,
    Shape,
    collection,
    fixed,
    mapping,
    union,
)
from pytest_genx.backends.inputs.values import draw, edges, typical

SHAPES = [
    ANY,
    BOOL,
    BYTES,
    COUNT,
    FLOAT,
    FUNCTION,
    INT,
    NONE,
    STR,
    fixed("'a'", "'b'"),
    union(INT, NONE),
    collection(INT),
    collection(collection(STR), "set"),
    collection(ANY, "iter"),
    mapping(collection(INT), STR),
    mapping(ANY, ANY),
    Shape(Kind.TUPLE, parts=(INT, STR)),
    Shape(Kind.TUPLE, "list", (INT, INT)),
    Shape(Kind.RECORD, parts=(STR,), names=("name",)),
    Shape(Kind.INSTANCE, "dict", (collection(Shape(Kind.TUPLE, parts=(STR, INT))),), ("",)),
    Shape(Kind.CALLABLE, parts=(BOOL,), sizes=(2,)),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind.name)
def test_every_value_is_an_expression_that_can_be_evaluated(shape):
    """Typical, edge or drawn, whatever the shape; keys and members of sets are hashable."""
    rng = random.Random(1)
    for text in [*typical(shape), *edges(shape), *(draw(shape, rng) for _ in range(50))]:
        eval(text)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind.name)
def test_drawn_values_are_small(shape):
    """They end in people's test files."""
    rng = random.Random(2)
    for _ in range(200):
        text = draw(shape, rng)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                assert abs(node.value) <= 100
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert len(node.value) <= 13
            if isinstance(node, ast.List | ast.Set | ast.Tuple):
                assert len(node.elts) <= 5


def test_empty_values_come_first_among_the_edges():
    """They are what code forgets."""
    assert edges(STR)[:2] == ["''", "' '"]
    assert edges(INT)[:3] == ["0", "1", "-1"]
    assert edges(collection(INT))[0] == "[]"
    assert edges(mapping(STR, INT))[0] == "{}"


def test_limits_of_the_source_are_edges():
    """Right after the empty value."""
    assert edges(Shape(Kind.INT, limits=("17", "18")))[:3] == ["0", "17", "18"]


def test_examples_of_the_source_are_typical():
    """Before anything made up, in elements too."""
    mode = Shape(Kind.STR, examples=("'fast'", "'slow'"))
    assert typical(mode)[:2] == ["'fast'", "'slow'"]
    assert typical(collection(mode))[0].startswith("['fast', 'slow'")


def test_none_is_the_last_typical_value_of_an_optional():
    """A base call should do something."""
    assert typical(union(NONE, INT))[0] != "None"
    assert typical(union(NONE, INT))[-1] == "None"


def test_what_counts_stays_below_fifty():
    """Whatever the source compares it with."""
    shape = Shape(Kind.COUNT, limits=("1000000", "49"))
    rng = random.Random(3)
    found = {*edges(shape), *(draw(shape, rng) for _ in range(300))}
    assert "49" in found
    assert max(int(text) for text in found) <= 50


def test_examples_are_varied_in_draws():
    """A character of a string is changed for one of its class."""
    shape = Shape(Kind.STR, examples=("'AB-12'",))
    rng = random.Random(4)
    found = {ast.literal_eval(draw(shape, rng)) for _ in range(200)}
    assert len([text for text in found if "-" in text and text[0].isalpha()]) > 20


def test_functions_take_as_many_arguments_as_they_get():
    """And give what is done with their result."""
    for arity in range(5):
        for text in typical(Shape(Kind.CALLABLE, parts=(ANY,), sizes=(arity,))):
            if text.startswith("lambda"):
                eval(text)(*["a"] * arity)
    assert all(isinstance(eval(text)(1), bool) for text in typical(
        Shape(Kind.CALLABLE, parts=(BOOL,), sizes=(1,))
    ))  # fmt: skip
