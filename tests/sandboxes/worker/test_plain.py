"""Plain values and their literals."""

from __future__ import annotations

import ast
import collections
import enum
import math
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from pytest_genx.sandboxes.worker.plain import MAX_DEPTH, MAX_TEXT, plain

WRITTEN = {
    "1": 1,
    "True": True,
    "None": None,
    "-0.0": -0.0,
    "1e+300": 1e300,
    "(1+2j)": 1 + 2j,
    "'a\\n'": "a\n",
    "b'\\x00'": b"\0",
    "[]": [],
    "()": (),
    "(1,)": (1,),
    "('a',)": ("a",),
    "[1, 2.5, None, True]": [1, 2.5, None, True],
    "['a', 1]": ["a", 1],
    "[[1], (2, 3)]": [[1], (2, 3)],
    "{}": {},
    "{'b': 1, 'a': [2]}": {"b": 1, "a": [2]},
    "{1, 2, 10}": {10, 2, 1},
    "{'a', 1}": {1, "a"},
    hex(3**5000): 3**5000,
    f"[1, {hex(-(3**5000))}]": [1, -(3**5000)],
    f"[1, {hex(1 << 3000)}]": [1, 1 << 3000],
}
NOT_LITERAL = {
    "set()": set(),
    "frozenset()": frozenset(),
    "frozenset({1, 2})": frozenset({2, 1}),
    "{frozenset({1}), frozenset({2})}": {frozenset({2}), frozenset({1})},
    "float('inf')": math.inf,
    "[1.5, float('-inf'), nan]": [1.5, -math.inf, math.nan],
}


class Pair(NamedTuple):
    left: int


class Color(enum.IntEnum):
    RED = 1


class Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        raise AssertionError("code of the value ran")


@pytest.mark.parametrize(("text", "value"), WRITTEN.items(), ids=[t[:30] for t in WRITTEN])
def test_a_plain_value_is_a_python_literal(text, value):
    """It rebuilds the same value, of the same types."""
    assert plain(value) == text
    assert ast.literal_eval(text) == value
    assert repr(ast.literal_eval(text)) == repr(value) or isinstance(value, set)


@pytest.mark.parametrize(("text", "value"), NOT_LITERAL.items(), ids=NOT_LITERAL)
def test_what_python_has_no_literal_for_is_spelled_out(text, value):
    """These spellings are those that the reader knows."""
    assert plain(value) == text


@pytest.mark.parametrize(
    "value",
    [
        Pair(1), Color.RED, Text("a"), [1, Text("a")], {Text("a"): 1}, object(), int, len,
        range(3), bytearray(b"a"), collections.OrderedDict(a=1), iter([1]), complex(0, math.inf),
        [complex(math.nan, 1)], slice(1), ...,
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_subclasses_and_all_other_types_are_not_plain(value):
    """None of their code runs."""
    assert plain(value) is None


def test_dictionaries_keep_their_order_unless_told_otherwise():
    """The text that is compared does not see it, nor does `==`."""
    value = {"b": {2: 0, 1: 0}, "a": 1}
    assert plain(value) == "{'b': {2: 0, 1: 0}, 'a': 1}"
    assert plain(value, ordered=False) == "{'a': 1, 'b': {1: 0, 2: 0}}"


def test_work_and_size_are_bounded():
    """Deep, cyclic, long and self-sharing values are not plain."""
    loop: list[Any] = []
    loop.append(loop)
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    shared: Any = "x"
    for _ in range(40):
        shared = [shared, shared]
    assert plain(deep) is not None
    for value in (
        loop,
        [deep],
        shared,
        "x" * (MAX_TEXT + 1),
        "\ue000" * (MAX_TEXT // 2),
        ["x" * 1000] * 2000,
        [0] * MAX_TEXT,
        [[]] * MAX_TEXT,
        1 << (MAX_TEXT * 8),
        [b"x" * 600000, b"x" * 600000],
        dict.fromkeys(range(MAX_TEXT)),
    ):
        assert plain(value) is None


def test_long_lists_of_numbers_are_written_whole():
    """They are written in pieces, which does not show."""
    for value in (list(range(5000)), tuple(range(1025)), [0.5] * 2048):
        assert plain(value) == repr(value)


def test_the_text_does_not_depend_on_the_hash_seed():
    """Sets are sorted, by value where that can be."""
    code = (
        "from pytest_genx.sandboxes.worker.plain import plain\n"
        "print(plain([{*'abcdefgh'}, {(1, 'a'), (2, 'b'), 'c', None, b'd'}]))"
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
