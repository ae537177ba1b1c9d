"""Values and their texts."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import uuid
from typing import Any, NamedTuple

import pytest

from pytest_genx.sandboxes.worker.observe import EXTRA_NAMES, observe, one_line, short, type_name

LIMIT = 1 << 16


class Color(enum.Enum):
    RED = 1


class Pair(NamedTuple):
    left: int
    right: Any


@dataclasses.dataclass
class Box:
    items: set[str]
    seen: int = dataclasses.field(default=0, init=False)


class MyInt(int):
    pass


NAMES = {"Color": Color, "Pair": Pair, "Box": Box, "MyInt": MyInt}
REBUILT = {
    "1": 1,
    "True": True,
    "None": None,
    "'a\\n'": "a\n",
    "b'a'": b"a",
    "0.1": 0.1,
    "-0.0": -0.0,
    "float('inf')": math.inf,
    "float('-inf')": -math.inf,
    "(1+2j)": 1 + 2j,
    "[1, [2, 'x']]": [1, [2, "x"]],
    "(1,)": (1,),
    "()": (),
    "{2: 'b', 1: 'a'}": {2: "b", 1: "a"},
    "{1, 2, 10}": {10, 2, 1},
    "{'a', 1}": {1, "a"},
    "set()": set(),
    "frozenset({1})": frozenset({1}),
    "frozenset()": frozenset(),
    "{frozenset({1}), frozenset({2})}": {frozenset({2}), frozenset({1})},
    "range(0, 3)": range(3),
    "int": int,
    "Color.RED": Color.RED,
    "[Color.RED]": [Color.RED],
    "Pair(left=1, right={2, 3})": Pair(1, {3, 2}),
    "Box(items={'a', 'b'})": Box({"b", "a"}),
    "MyInt(3)": MyInt(3),
    "[MyInt(3)]": [MyInt(3)],
    "Decimal('1.50')": decimal.Decimal("1.50"),
    "Fraction(1, 2)": fractions.Fraction(1, 2),
    "datetime.date(2020, 1, 2)": dt.date(2020, 1, 2),
    "datetime.timedelta(days=1)": dt.timedelta(days=1),
    "Path('a/b')": pathlib.Path("a/b"),
    "deque([1, 2], maxlen=3)": collections.deque([1, 2], maxlen=3),
    "OrderedDict([('a', {1, 2})])": collections.OrderedDict(a={2, 1}),
    "Counter({'a': 2})": collections.Counter("aa"),
    "Counter()": collections.Counter(),
    "defaultdict(int, {'a': 1})": collections.defaultdict(int, a=1),
    "bytearray(b'a')": bytearray(b"a"),
    hex(3**5000): 3**5000,
}


@pytest.mark.parametrize(("text", "value"), REBUILT.items(), ids=[t[:30] for t in REBUILT])
def test_the_expression_rebuilds_the_value(text, value):
    """Evaluated with the imports it may need, it gives an equal value of the same type."""
    seen = observe(value, NAMES, LIMIT)
    assert seen.value == text
    assert seen.digest is not None
    names = dict(NAMES)
    for statement in EXTRA_NAMES.values():
        exec(statement, names)
    again = eval(text, names)
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize(
    "value",
    [math.nan, [math.nan], uuid.UUID(int=1), complex(0, math.inf), slice(1), len],
    ids=repr,
)
def test_what_cannot_be_rebuilt_has_a_digest_alone(value):
    """The text is faithful enough to tell values apart, not to be written."""
    seen = observe(value, {}, LIMIT)
    assert seen.value is None or eval(seen.value, {}) == value
    assert seen.digest is not None


@pytest.mark.parametrize(
    "value",
    [object(), [object()], iter([1]), (x for x in "ab"), lambda: 1, open, type_name, math],
    ids=lambda v: type(v).__name__,
)
def test_what_has_no_faithful_text_has_no_expression(value):
    """Addresses change from run to run, and iterators are not consumed."""
    assert observe(value, {}, LIMIT).value is None


def test_iterators_are_not_consumed():
    """The case still has its values."""
    iterator = iter([1, 2])
    assert observe(iterator, {}, LIMIT) == (None, None, "list_iterator")
    assert list(iterator) == [1, 2]


def test_digests_tell_types_and_values_apart_and_nothing_else():
    """Dictionaries are equal in any order, numbers of other types are not."""
    values = [1, True, 1.0, "1", b"1", [1], (1,), {1}, frozenset({1}), {1: 1}, None]
    assert len({observe(v, {}, LIMIT).digest for v in values}) == len(values)
    one, two = {"a": 1, "b": [{2: 3, 4: 5}]}, {"b": [{4: 5, 2: 3}], "a": 1}
    assert observe(one, {}, LIMIT).digest == observe(two, {}, LIMIT).digest
    assert observe(one, {}, LIMIT).value != observe(two, {}, LIMIT).value


def test_names_of_the_case_come_first():
    """Where `datetime` is the class, the expression is written for the class."""
    value = dt.datetime(2020, 1, 2, tzinfo=dt.timezone.utc)
    seen = observe(value, {"datetime": dt.datetime, "timezone": dt.timezone}, LIMIT)
    assert seen.value == "datetime(2020, 1, 2, 0, 0, tzinfo=timezone.utc)"
    assert seen.digest == observe(value, {}, LIMIT).digest


def test_a_class_that_the_case_does_not_know_has_no_expression():
    """Locals cannot be written down."""

    @dataclasses.dataclass
    class Local:
        x: int

    seen = observe(Local(1), {}, LIMIT)
    assert seen.value is None
    assert seen.type_name.endswith("Local")


def test_values_that_contain_themselves_have_a_digest_alone():
    """They are told apart by where they point, and no expression writes them."""
    loop: list[Any] = []
    loop.append(loop)
    again: list[Any] = []
    again.append(again)
    twice: list[Any] = [[]]
    twice[0].append(twice)
    assert observe(loop, {}, LIMIT).value is None
    assert observe(loop, {}, LIMIT) == observe(again, {}, LIMIT)
    assert observe(loop, {}, LIMIT).digest != observe(twice, {}, LIMIT).digest


def test_long_values_have_no_expression():
    """The limit is on the text; a digest takes the beginning and the length."""
    assert observe("x" * 100, {}, 50).value is None
    assert observe("x" * 100, {}, 50).digest is not None
    values = ([0] * 2**21, [0] * (2**21 + 1), [1] * 2**21, "x" * 2**22, b"x" * 2**22)
    digests = {observe(value, {}, 50).digest for value in values}
    assert len(digests - {None}) == len(values)


@pytest.mark.parametrize(
    "hook", ["__repr__", "__eq__", "__hash__", "__getattribute__", "__reduce_ex__", "__str__"]
)
@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, MemoryError])
def test_what_a_value_does_when_looked_at_does_not_matter(hook, error):
    """Its own code may raise what it likes; the class and the attributes are known anyway."""

    def fail(*_: object) -> None:
        raise error

    hostile = type("Hostile", (), {hook: fail, "__module__": "m"})()
    object.__setattr__(hostile, "size", 1)
    seen = observe([hostile], {}, LIMIT)
    assert (seen.value, seen.type_name) == (None, "list")
    other = type("Hostile", (), {hook: fail, "__module__": "m"})()
    object.__setattr__(other, "size", 2)
    assert None is not seen.digest != observe([other], {}, LIMIT).digest is not None
    assert "\n" not in short([hostile])


def test_classes_that_lie_are_seen_through():
    """Names of classes come from `type`, not from a metaclass or an instance."""

    class Meta(type):
        def __getattribute__(cls, name):
            raise SystemExit(name)

    class Odd(metaclass=Meta):
        @property
        def __class__(self):
            raise SystemExit

        @property
        def __dict__(self):
            raise SystemExit

    class Number(int):
        __module__ = 5

        def __repr__(self):
            return 5

    assert observe(Odd(), {}, LIMIT).type_name.endswith("Odd")
    assert observe(Number(3), {}, LIMIT).type_name.endswith("Number")
    assert observe(Number(3), {}, LIMIT).digest != observe(Number(4), {}, LIMIT).digest


def test_an_expression_makes_values_and_calls_nothing_else():
    """A `__repr__` that calls the function under test would make a test that cannot fail."""

    class Sly(int):
        def __repr__(self):
            return "f(3)"

    names = {"f": lambda x: Sly(int(x)), "Sly": Sly}
    assert observe(Sly(3), names, LIMIT).value is None
    assert observe(Sly(3), {**names, "f": Sly}, LIMIT).value == "f(3)"


def test_one_line_is_one_line():
    """White space is folded, and the rest is cut."""
    assert one_line(" a\n\tb ") == "a b"
    assert one_line("x" * 300) == "x" * 197 + "..."
    assert one_line("\ud800\0") == "\\ud800\\x00"
