# ruff: noqa: RUF001 -- names that only look usual
"""What programs that share a process are given, and what they may not name."""

from __future__ import annotations

import types

import pytest

from pytest_genx.sandboxes.worker import vet
from pytest_genx.sandboxes.worker.views import VIEWS, Views

DEPTH = 3


def test_nothing_that_is_offered_leads_to_anything_mutable():
    """By no attribute that code may name is there a container, a module or a maker of classes."""
    views = Views()
    for name in VIEWS:
        views._import(name, fromlist=("x",))
    names = [views.names, *map(vars, views._modules.values())]
    todo = [(v, 0) for one in names for n, v in one.items() if n[0] != "_"]
    seen = {}
    while todo:
        value, depth = todo.pop()
        if id(value) in seen or type(value) in vet._ATOMS:
            continue
        seen[id(value)] = value
        assert not isinstance(value, (list, dict, set, bytearray, types.ModuleType)), value
        assert not (isinstance(value, type) and issubclass(value, type)), value
        if depth < DEPTH:
            allowed = [n for n in dir(value) if n[0] != "_" and names_harmlessly(n)]
            todo += [(getattr(value, n), depth + 1) for n in allowed if hasattr(value, n)]
    assert len(seen) > 400


def names_harmlessly(name: str) -> bool:
    """Say whether code that reads an attribute of that name would be shared."""
    return vet.harmless(compile(f"x.{name}", "x", "eval"))


@pytest.mark.parametrize(
    "source",
    [
        "x._y", "x.__class__", "x.gi_frame", "x.tb_frame", "x.mro()", "x.format_map(y)",
        "x.format(y)", "(x or 'b').format(y)", "(x if y else 'b').format(y)",
        "'{0.__class__}'.format(x)",
        "'{:{0.f_back}}'.format(x)", "x.ｆ_globals", "x.__ｃlass__", "str.format",
        "[x.y for x.y in z]", "__builtins__", "eval", "lambda: x._y",
    ],
)  # fmt: skip
def test_expressions_that_reach_inside_are_not_harmless(source):
    """Inner names, however they are spelt, and format strings that may hold them."""
    assert not vet.harmless(compile(source, "x", "eval"))


@pytest.mark.parametrize(
    "source",
    ["_x + __name__", "'{0.real:>{1}}'.format(x, 3)", "format(x, '>3')", "x.y(_)", "f'{x:>3}'"],
)
def test_usual_expressions_are_harmless(source):
    """Names of the program's own may begin as they like."""
    assert vet.harmless(compile(source, "x", "eval"))


def test_views_that_are_not_kept_leave_no_id():
    """What is offered is alive, so that nothing else can be taken for it."""
    views = Views()
    views._import("collections", fromlist=("x",))
    views._import("collections.abc")
    alive = {id(v) for m in views._modules.values() for v in (m, *vars(m).values())}
    assert views.offered <= alive | {*map(id, views.names.values())}
