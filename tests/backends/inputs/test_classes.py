from __future__ import annotations

import pytest

from pytest_genx.backends.inputs.classes import expand
from pytest_genx.backends.inputs.namespace import namespace_of
from pytest_genx.backends.inputs.shape import ANY, Kind, Shape
from pytest_genx.backends.inputs.values import typical
from pytest_genx.domain import Context

MODULE = """
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, NamedTuple, Protocol, TypedDict

class Color(Enum):
    RED = 1
    BLUE = 2

@dataclass
class Base:
    kind: ClassVar[str] = "base"
    size: int

@dataclass
class Item(Base):
    color: Color

@dataclass
class Order:
    items: list[Item] = field(default_factory=list)
    note: str = ""

class Point(NamedTuple):
    x: int
    y: int

class User(TypedDict):
    name: str
    age: int

class Plain:
    pass

class Named:
    def __init__(self, name, *, strict):
        self.name = name.strip()

class Heir(Named):
    pass

class Shape(ABC):
    @abstractmethod
    def area(self): ...

class Square(Shape):
    def __init__(self, side: float):
        self.side = side

class Duck(Protocol):
    def quack(self): ...

class Mapping(dict):
    pass

class Problem(ValueError):
    pass

class Loop:
    def __init__(self, inner: "Loop"):
        self.inner = inner
def f(): ...
"""


@pytest.fixture
def built(target_of):
    namespace = namespace_of(target_of(MODULE), Context())
    return lambda name: typical(expand(Shape(Kind.INSTANCE, name), namespace))[0]


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("Color", "Color.RED"),
        ("Item", "Item(3, Color.BLUE)"),
        ("Order", "Order([Item(3, Color.BLUE), Item(7, Color.RED), Item(10, Color.BLUE)])"),
        ("Point", "Point(3, 7)"),
        ("User", "{'name': 'hello world', 'age': 7}"),
        ("Plain", "Plain()"),
        ("Named", "Named('hello world', strict=False)"),
        ("Heir", "Heir('hello world', strict=False)"),
        ("Shape", "Square(2.5)"),
        ("Mapping", "Mapping({'a': 1, 'b': 'a'})"),
        ("Problem", "Problem('hello world')"),
    ],
)
def test_an_instance_is_built_as_its_class_asks(built, name, expression):
    """By constructor, by fields, by base class, by a concrete heir."""
    assert built(name) == expression


def test_a_class_nobody_implements_cannot_be_built(target_of):
    """Nor one of which the module has only the name."""
    namespace = namespace_of(target_of(MODULE), Context())
    for name in ("Duck", "Elsewhere"):
        assert expand(Shape(Kind.INSTANCE, name), namespace) == ANY


def test_a_class_that_needs_itself_ends(built):
    """After a few levels, with something generic."""
    assert built("Loop").count("Loop(") <= 4


def test_an_object_of_unknown_class_is_one_that_has_its_attributes(target_of):
    """A class of the module if there is one."""
    namespace = namespace_of(target_of(MODULE), Context())
    known = expand(Shape(Kind.OBJECT, parts=(ANY, ANY), names=("x", "y")), namespace)
    assert known.name == "Point"
    unknown = Shape(Kind.OBJECT, parts=(ANY,), names=("nothing_like_it",))
    assert expand(unknown, namespace) == unknown


def test_a_class_shown_by_the_context_counts_when_it_is_imported(target_of):
    """Its source stands in another file."""
    source = "from shop.models import Price\ndef f(p: Price): ...\n"
    context = Context(surroundings="class Price:\n    def __init__(self, cents: int): ...\n")
    namespace = namespace_of(target_of(source), context)
    assert typical(expand(Shape(Kind.INSTANCE, "Price"), namespace))[0] == "Price(3)"
