from __future__ import annotations

import ast

import pytest

from pytest_genx.backends.inputs.hints import PLAIN, shape_of_hint
from pytest_genx.backends.inputs.namespace import namespace_of
from pytest_genx.backends.inputs.shape import (
    ANY,
    COUNT,
    FLOAT,
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
from pytest_genx.domain import Context

MODULE = """
import typing as t
from collections import deque as Queue
from typing import NewType, TypeVar
class Cart: ...
class Outer:
    class Inner: ...
Numbers = list[int]
UserId = NewType("UserId", int)
T = TypeVar("T")
Number = TypeVar("Number", int, float)
Text = TypeVar("Text", bound=str)
Loop = "Loop"
def f(): ...
"""


@pytest.fixture
def hint(target_of):
    namespace = namespace_of(target_of(MODULE), Context())
    return lambda text: shape_of_hint(ast.parse(text, mode="eval").body, namespace)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("int", INT),
        ("'int'", INT),
        ("None", NONE),
        ("t.Optional[str]", union(STR, NONE)),
        ("int | str", union(INT, STR)),
        ("t.Union[int, None]", union(INT, NONE)),
        ("list[int]", collection(INT)),
        ("t.Iterable['str']", collection(STR)),
        ("Queue[int]", collection(INT, "«collections.deque»")),
        ("set[list[int]]", collection(collection(INT, "tuple"), "set")),
        ("dict[str, float]", mapping(STR, FLOAT)),
        ("t.Counter[str]", mapping(STR, COUNT, "«collections.Counter»")),
        ("tuple[int, ...]", collection(INT, "tuple")),
        ("tuple[int, str]", Shape(Kind.TUPLE, parts=(INT, STR))),
        ("t.Literal['a', 2]", fixed("'a'", "2")),
        ("t.Annotated[int, 'meta']", INT),
        ("t.Callable[[int, int], str]", Shape(Kind.CALLABLE, parts=(STR,), sizes=(2,))),
        ("Cart", Shape(Kind.INSTANCE, "Cart")),
        ("Outer.Inner", Shape(Kind.INSTANCE, "Outer.Inner")),
        ("type[Cart]", fixed("Cart")),
        ("Numbers", collection(INT)),
        ("UserId", INT),
        ("Number", union(INT, FLOAT)),
        ("Text", STR),
        ("datetime.date", PLAIN["date"]),
    ],
)
def test_a_hint_says_what_values_look_like(hint, text, shape):
    """As a string, under any name it was imported by, through aliases."""
    assert hint(text) == shape


@pytest.mark.parametrize("text", ["T", "t.Any", "Unknown", "'not a type('", "Loop", "3"])
def test_a_hint_that_says_nothing_is_any(hint, text):
    """Type variables, foreign classes, strings that are no types, endless aliases."""
    assert hint(text) == ANY
