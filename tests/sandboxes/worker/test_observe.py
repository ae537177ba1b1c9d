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

from pytest_genx.sandboxes.worker.observe import EXTRA_NAMES, observe, one_line, type_name

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


def test_values_that_contain_themselves_end():
    """Depth is limited."""
    loop: list[Any] = []
    loop.append(loop)
    assert observe(loop, {}, LIMIT) == (None, None, "list")


def test_long_values_have_no_expression():
    """The limit is on the text."""
    assert observe("x" * 100, {}, 50).value is None
    assert observe("x" * 100, {}, 50).digest is not None
    assert observe([0] * 2**21, {}, 50).digest is None


def test_one_line_is_one_line():
    """White space is folded, and the rest is cut."""
    assert one_line(" a\n\tb ") == "a b"
    assert one_line("x" * 300) == "x" * 197 + "..."
    assert one_line("\ud800\0") == "\\ud800\\x00"
