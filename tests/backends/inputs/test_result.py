from __future__ import annotations

import ast

import pytest

from pytest_genx.backends.inputs.namespace import namespace_of
from pytest_genx.backends.inputs.result import Result, result_of
from pytest_genx.domain import Context

ABOVE = """
import itertools
from itertools import pairwise as pairs
from functools import partial
class Stream:
    def __next__(self): ...
def helper(x):
    yield x
"""


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("return x", Result.VALUE),
        ("return [y for y in x]", Result.VALUE),
        ("return None", Result.VALUE),
        ("yield x", Result.ITERATOR),
        ("yield from x", Result.ITERATOR),
        ("return map(str, x)", Result.ITERATOR),
        ("return pairs(x)", Result.ITERATOR),
        ("return itertools.chain(x)", Result.ITERATOR),
        ("return helper(x)", Result.ITERATOR),
        ("return Stream()", Result.ITERATOR),
        ("it = iter(x)\nreturn it", Result.ITERATOR),
        ("if x:\n    return []\nreturn zip(x)", Result.ITERATOR),
        ("if x:\n    return x\nreturn zip(x)", Result.VALUE),
        ("return x.count(1)", Result.VALUE),
        ("return itertools.count(x)", Result.ENDLESS),
        ("return itertools.repeat(x, 3)", Result.ITERATOR),
        ("while True:\n    yield x", Result.ENDLESS),
        ("while True:\n    if x:\n        return\n    yield x", Result.ITERATOR),
        ("a, b = itertools.tee(x)\nreturn a, b", Result.NESTED),
        ("out = []\nout.append(iter(x))\nreturn out", Result.NESTED),
        ("yield iter(x)", Result.NESTED),
        ("return lambda: x", Result.OPAQUE),
        ("return partial(print, x)", Result.OPAQUE),
        ("def inner():\n    yield x\nreturn inner", Result.OPAQUE),
        ("def inner():\n    yield x\nreturn 3", Result.VALUE),
    ],
)
def test_the_body_tells_what_a_call_gives(target_of, body, result):
    """By its own yields, and by what it returns."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    target = target_of(f"{ABOVE}\ndef f(x):\n{lines}")
    function = ast.parse(target.source).body[0]
    assert result_of(function, namespace_of(target, Context())) is result


@pytest.mark.parametrize(
    ("hint", "result"),
    [
        ("Iterator[int]", Result.ITERATOR),
        ("'typing.Iterable[int]'", Result.ITERATOR),
        ("AsyncIterator[int]", Result.OPAQUE),
        ("list[int]", Result.VALUE),
    ],
)
def test_the_return_annotation_tells_too(target_of, hint, result):
    """Where the body does not."""
    target = target_of(f"def f(x) -> {hint}:\n    return g(x)\n")
    function = ast.parse(target.source).body[0]
    assert result_of(function, namespace_of(target, Context())) is result
