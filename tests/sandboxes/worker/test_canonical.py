"""Texts that identify values of all kinds."""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import itertools
import math
import pathlib
import re
import subprocess
import sys
import threading
import types
import uuid
from typing import Any, NamedTuple

import pytest

from pytest_genx.sandboxes.worker.canonical import ROOM, Unknowable, canonical


class Point:
    def __init__(self, x: Any, y: Any = 0) -> None:
        self.x = x
        self.y = y


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left: Any) -> None:
        self.left = left


class Sub(Slotted):
    pass


class Color(enum.Enum):
    RED = 1
    CRIMSON = RED
    BLUE = 2


class Flag(enum.Flag):
    A = 1
    B = 2


class Pair(NamedTuple):
    left: int
    right: int


class Numbers(list):
    pass


class Failed(Exception):
    pass


@dataclasses.dataclass
class Box:
    size: int
    cache: int = dataclasses.field(default=0, compare=False)


@dataclasses.dataclass
class Other:
    size: int


class Steps:
    """An iterator whose state can be seen."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> int:
        raise StopIteration


def adder(n: int) -> Any:
    return lambda x: x + n


def failed(*args: object, note: int = 0) -> Failed:
    error = Failed(*args)
    error.note = note
    return error


DIFFERENT = {
    "plain": [1, True, 1.0, "1", b"1", None, 1 + 0j, 0.0, -0.0, math.nan, math.inf, -math.inf],
    "containers": [
        [1], (1,), {1}, frozenset({1}), {1: 1}, [[1]], [1, 1], Numbers([1]), Numbers([2]), [[], 1],
        collections.deque([1]), collections.deque([1], 2), collections.deque([1], 3),
    ],
    "dictionaries": [
        {1: 2, 3: 4}, {1: 4, 3: 2}, collections.OrderedDict({1: 2, 3: 4}),
        collections.OrderedDict({3: 4, 1: 2}), collections.Counter({1: 2, 3: 4}),
        collections.defaultdict(int, {1: 2, 3: 4}), collections.defaultdict(list, {1: 2, 3: 4}),
        types.MappingProxyType({1: 2}), {1: 2}.keys(), {1: 2}.values(), {1: 2}.items(),
        collections.ChainMap({1: 2}), collections.ChainMap({1: 2}, {}),
    ],
    "instances": [
        Point(1), Point(2), Point("1"), Point(1, 1), Point([1]), Point(Point(1)), Slotted(1),
        Slotted(2), Sub(1), Box(1), Box(2), Other(1), types.SimpleNamespace(a=1),
        types.SimpleNamespace(a=2), object(), Steps(1), Steps(2),
    ],
    "library": [
        decimal.Decimal("1.5"), decimal.Decimal("1.50"), fractions.Fraction(3, 2),
        dt.date(2020, 1, 2), dt.datetime(2020, 1, 2),  # noqa: DTZ001 -- one without a zone
        dt.datetime(2020, 1, 2, tzinfo=dt.timezone.utc), dt.time(1),
        dt.timedelta(1), pathlib.Path("a"), pathlib.PureWindowsPath("a"), pathlib.Path("b"),
        uuid.UUID(int=1), uuid.UUID(int=2), re.compile("a"), re.compile("a", re.IGNORECASE),
        re.compile("b"),
        re.compile("x" * 300 + "a"), re.compile("x" * 300 + "b"), re.match("a", "ab"),
        re.match("a", "ac"), array.array("i", [1]), array.array("i", [2]), array.array("l", [1]),
        range(3), range(4), slice(1), slice(1, 2), slice(None, 1, [1]), bytearray(b"a"),
        bytearray(b"b"), memoryview(b"a"), memoryview(b"b"), ..., NotImplemented,
    ],
    "enumerations": [Color.RED, Color.BLUE, Flag.A, Flag.B, Flag.A | Flag.B, Flag(0), Color, Flag],
    "namedtuples": [Pair(1, 2), Pair(2, 1), (1, 2)],
    "exceptions": [
        ValueError(), ValueError(1), KeyError(1), Failed(1), failed(1, note=2), OSError(2, "a"),
    ],
    "code": [
        adder, adder(1), adder(2), lambda x: x - 1, lambda x, y=1: x, lambda x, y=2: x, len, max,
        int, str, Point, math, re, [].append, [1].append, Point.__init__, Point(1).__init__,
        functools.partial(max, 1), functools.partial(max, 2), functools.partial(min, 1), str.upper,
    ],
}  # fmt: skip
EQUAL = [
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a", "b", (1, 2)}, {(1, 2), "b", "a"}),
    (Point(1, {2, 3}), Point(1, {3, 2})),
    (Box(1, cache=1), Box(1, cache=2)),
    (Color.RED, Color.CRIMSON),
    (adder(1), adder(1)),
    (decimal.Decimal("1.5"), decimal.Decimal("1.5")),
    (threading.Lock(), threading.Lock()),
    (Point(object()), Point(object())),
]


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
def test_values_that_differ_have_different_texts(values):
    """In type, content, order where it counts, code or class."""
    texts = [canonical(value) for value in values]
    assert len(set(texts)) == len(values), sorted(texts)
    assert len({canonical([value]) for value in values}) == len(values)


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_values_that_are_the_same_have_the_same_text(one, other):
    """Order of sets, dictionaries and attributes, and identity, do not count."""
    assert canonical(one) == canonical(other)


def test_order_of_attributes_does_not_count():
    """A constructor may set them in any order."""
    one, other = Point(1, 2), Point.__new__(Point)
    other.y, other.x = 2, 1
    assert canonical(one) == canonical(other)


def test_no_address_is_ever_written():
    """It would be another one in the next process."""
    every = [v for values in DIFFERENT.values() for v in values]
    for value in (every, threading.Lock(), sys.stdout.__class__, Point(Point(threading.RLock()))):
        assert "0x" not in canonical(value)


@pytest.mark.parametrize(
    "value",
    [iter([1]), (x for x in "ab"), map(str, [1]), itertools.count(), [zip()], Point(reversed([1]))],
    ids=lambda v: type(v).__name__,
)
def test_what_is_used_up_by_looking_is_not_looked_at(value):
    """There is no text, also where it is inside of something."""
    with pytest.raises(Unknowable):
        canonical(value)


def test_cycles_are_references_to_where_they_point():
    """Lists, dictionaries and objects alike."""
    items: list[Any] = [1]
    items += [{"a": items}, items]
    point = Point(1)
    point.y = {"me": point}
    assert canonical(items) == "[1, {'a':<^0>:}, <^0>, ]"
    assert "<^0>" in canonical(point)
    assert canonical([point]) != canonical(point)


def test_work_and_size_are_bounded():
    """Huge, deep and self-sharing values end in a remark on their size."""
    shared: Any = Point(1)
    for _ in range(60):
        shared = Point(shared, shared)
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    for value in (
        shared,
        deep,
        [object()] * 10**6,
        "é" * 10**6,
        b"\0" * 10**6,
        1 << 10**7,
        Numbers([1]) * 10**6,
        {Point: "x" * 10**6},
        set(range(10**5)),
        bytearray(10**6),
    ):
        assert len(canonical(value)) < ROOM + 50
        assert canonical(value) == canonical(value)


def test_huge_values_are_told_apart_by_their_beginning_or_their_size():
    """Of a list or text the first characters count, of a set only how many there are."""
    assert canonical("x" * 10**6) != canonical("x" * (10**6 + 1)) != canonical("y" * 10**6)
    assert canonical([[0]] * 10**6) != canonical([[0]] * (10**6 + 1))
    assert canonical(set(range(10**5))) != canonical(set(range(10**5 + 1)))
    assert canonical([set(range(10**5))]) == canonical([set(range(1, 10**5 + 1))])


def test_the_text_does_not_depend_on_the_hash_seed():
    """Sets and dictionaries are sorted wherever they are, also in code."""
    code = (
        "import types\n"
        "from pytest_genx.sandboxes.worker.canonical import canonical\n"
        "def f(x): return x in {'a', 'b', 'c', 'd'}\n"
        "class P: pass\n"
        "p = P(); p.tags = {*'abcdefgh'}; p.more = {(t, 1): {t} for t in p.tags}\n"
        "huge = {str(i) for i in range(50000)}\n"
        "print(canonical([f, p, types.SimpleNamespace(a={*'xyz'}), huge]))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(texts) == 1
    assert "50000 items" in texts.pop()
