"""Functions of source folders come with calls that run."""

from __future__ import annotations

import random

import pytest

from pytest_genx.train.execute import Executor
from pytest_genx.train.sources import bare, doctest_calls, literal_call, source_functions

MODULE = '''\
import math

RATE = 3


def area(radius: float, sides: int = 4) -> float:
    """Return a number.

    >>> area(2.0)
    12.0
    >>> round(area(1.5, sides=3), 1)
    4.5
    """
    if sides < 3:
        raise ValueError("too few")
    return radius * sides * RATE / 2


def reads(path: str) -> str:
    text = open(path).read()
    return text.strip()


def walks(node: object) -> int:
    step = node.left.right
    return step.value
'''


@pytest.fixture
def folder(tmp_path):
    """Write a module into a folder."""
    (tmp_path / "shapes.py").write_text(MODULE, "utf-8")
    (tmp_path / "broken.py").write_text("def f(:\n", "utf-8")
    return tmp_path


def test_a_function_that_stands_alone_has_calls_that_ran(folder):
    """What opens files or needs objects is left out; constants of the module stand above."""
    with Executor(cpu=0.5) as executor:
        found = list(source_functions(folder, executor, random.Random(0)))
    assert [f.name for f in found] == ["area"]
    (area,) = found
    assert "RATE = 3" in area.above
    namespace = {}
    exec(area.program, namespace)
    assert len(area.calls) >= 4
    for call in area.calls:
        assert eval(call.source, namespace) == pytest.approx(eval(call.value), abs=1e-3)


def test_doctests_give_their_calls(folder):
    """A call inside another one counts too."""
    source = MODULE[MODULE.index("def area") : MODULE.index("def reads")]
    assert doctest_calls(source, "area") == ["area(2.0)", "area(1.5, sides=3)"]


def test_only_literal_arguments_make_a_literal_call():
    """Names and other functions are refused."""
    assert literal_call("f(1, x=[{}])", "f")
    assert not literal_call("f(a)", "f")
    assert not literal_call("g(1)", "f")
    assert not literal_call("f(", "f")


def test_a_bare_definition_has_no_text_and_no_hints():
    """The rest stays as it was."""
    source = 'def f(a: int, *, b: str = "x") -> int:\n    """Doc."""\n    return a'
    assert bare(source, docstring=False, hints=False) == "def f(a, *, b='x'):\n    return a"
    assert bare(source, docstring=True, hints=False).count("Doc.") == 1
    assert "a: int" in bare(source, docstring=False, hints=True)
