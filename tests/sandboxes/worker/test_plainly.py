"""Which values are seen as plain ones."""

from __future__ import annotations

import collections
import enum

import pytest

from pytest_genx.sandboxes.worker.plainly import plainly

Pair = collections.namedtuple("Pair", "a b")  # noqa: PYI024 -- a kind of its own


class Text(str):
    """Text with a class of its own."""

    __slots__ = ()


class Level(enum.IntEnum):
    """A number with a name."""

    HIGH = 3


class Loose(int):
    """A number that equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class Odd(dict):
    """A dictionary that cannot be looked at, unless by the built-in methods."""

    def items(self):
        raise ValueError

    __iter__ = items


SEEN = {
    "counter": (collections.Counter("aab"), {"a": 2, "b": 1}),
    "default": (collections.defaultdict(list, a=[1]), {"a": [1]}),
    "ordered": (collections.OrderedDict(a=1), {"a": 1}),
    "named tuple": (Pair(1, [Text("x")]), (1, ["x"])),
    "text": (Text("x"), "x"),
    "number": (Level.HIGH, 3),
    "keys": ({"a": 1}.keys(), {"a"}),
    "within": ([Text("x"), {1: Pair(1, 2)}], ["x", {1: (1, 2)}]),
    "odd": (Odd(a=1), {"a": 1}),
}


@pytest.mark.parametrize(("value", "plain"), SEEN.values(), ids=SEEN)
def test_a_value_is_seen_as_the_plain_one_that_it_equals(value, plain):
    """The text says which."""
    assert value == plain
    assert plainly(value) == repr(plain)


def test_what_compares_in_its_own_way_is_not_seen_through():
    """Nor is what equals no plain value."""
    for value in (Loose(1), [Loose(1)], object(), range(3), collections.deque([1]), iter([1])):
        assert plainly(value) is None
    endless = [Text("x")]
    endless.append(endless)
    assert plainly(endless) is None


def test_numbers_of_numpy_are_numbers():
    """Alone and in a list; arrays compare item by item, and are none."""
    numpy = pytest.importorskip("numpy")
    assert plainly(numpy.int64(2)) == "2"
    assert plainly([numpy.float64(0.5), numpy.bool_(True)]) == "[0.5, True]"
    assert plainly(numpy.array([1, 2])) is None
