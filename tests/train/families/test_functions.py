"""Composed functions: true labels, held-out keys apart, usual forms."""

from __future__ import annotations

import ast
import random

import pytest

from pytest_genx.train.families.calls import LONGEST_VALUE, assertion, choose, run_calls
from pytest_genx.train.families.catalogue import draw, load_families
from pytest_genx.train.families.composition import held_out, rename
from pytest_genx.train.families.functions import draw_function, dress

FAMILIES = load_families()


def functions(n, *, seed=1, evaluation=False):
    """Draw some functions."""
    rng = random.Random(seed)
    return [draw_function(rng, FAMILIES, evaluation=evaluation) for _ in range(n)]


def test_every_label_is_true_when_executed():
    """Each assertion written from a call holds in a fresh run of the module."""
    checked = 0
    for function in functions(150):
        program = function.program
        for call in function.calls:
            namespace = {"pytest": pytest}
            exec(program, namespace)
            exec(assertion(call), namespace)
            checked += 1
    assert checked > 1000


def test_examples_in_docstrings_are_true():
    """What a docstring shows of the function is what the function does."""
    seen = 0
    for function in functions(300, seed=2):
        if function.owner is not None:
            continue
        for line in (ast.get_docstring(ast.parse(function.source).body[0]) or "").splitlines():
            left, equals, right = line.partition(" == ")
            if equals and left.startswith(function.name + "("):
                namespace = {}
                exec(function.program, namespace)
                assert eval(left, namespace) == ast.literal_eval(right)
                seen += 1
    assert seen > 5


def test_training_never_shows_a_held_out_composition():
    """The keys of both sides are disjoint, and neither side is empty."""
    shown = {f.key for f in functions(300, seed=3)}
    kept = {f.key for f in functions(100, seed=4, evaluation=True)}
    assert not any(map(held_out, shown))
    assert all(map(held_out, kept))
    assert not shown & kept


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.names[0])
def test_every_family_gives_calls_that_run(family):
    """Each body of each family parses under any names, and most of its calls return."""
    rng = random.Random(5)
    returned = 0
    for _ in range(6):
        function = dress(draw(family, rng), rng)
        ast.parse(function.source)
        returned += sum(call.value is not None for call in function.calls)
    assert returned >= 6


def test_forms_and_docstrings_vary():
    """Functions, methods and static methods, with and without hints and docstrings, occur."""
    drawn = functions(300, seed=6)
    assert {f.owner is None for f in drawn} == {True, False}
    assert any(f.source.startswith("@staticmethod") for f in drawn)
    assert {"->" in f.source.splitlines()[0] for f in drawn} == {True, False}
    for mark in ('"""', ">>> ", "Args:", ":param ", " == "):
        assert any(mark in f.source for f in drawn)
        assert any(mark not in f.source for f in drawn)


def test_the_same_seed_draws_the_same_functions():
    """Chance comes from the generator alone."""
    assert functions(20, seed=9) == functions(20, seed=9)


def test_chosen_calls_reach_both_branches_and_raise_last():
    """Greedy choice covers the lines before it repeats an outcome."""
    program = (
        "def f(x):\n    if x < 0:\n        raise ValueError\n"
        "    if x > 10:\n        return 'big'\n    return 'small'\n"
    )
    calls = run_calls(program, [f"f({x})" for x in (1, 2, 3, 4, 5, 6, 7, 8, 50, -1)])
    chosen = choose(calls, 3, random.Random(0))
    assert [c.source for c in chosen[1:]].count("f(-1)") == 1
    assert chosen[-1].raised == "ValueError"
    assert {c.value for c in chosen} == {"'big'", "'small'", None}


def test_values_too_long_to_read_are_left_out():
    """No expected value is longer than a person would still read."""
    program = "def f(n):\n    return 'x' * n\n"
    short, long = run_calls(program, ["f(3)", f"f({LONGEST_VALUE})"])
    assert short.value == "'xxx'"
    assert long.value is None


def test_renaming_leaves_strings_and_attributes_alone():
    """Only identifiers change, also inside the fields of f-strings."""
    source = 'total = data.total + len("total") + int(f"{total} total")'
    renamed = rename(source, {"total": "sum_"})
    assert renamed == 'sum_ = data.total + len("total") + int(f"{sum_} total")'
