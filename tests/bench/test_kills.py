"""Mutants and arms: who kills, and what is left out."""

from __future__ import annotations

from pytest_genx.bench.kills import Kills, kills
from pytest_genx.bench.runner import Runner
from pytest_genx.domain import Case

PROGRAM = "def f(a, b):\n    return a < b\n"  # three mutants: `<=`, `>`, None


def case(source):
    """A case of no particular origin."""
    return Case(source, "test")


def count(sandbox, *witnesses, **arms):
    """Run arms of sources on the mutants of the program."""
    named = {name: [case(source) for source in sources] for name, sources in arms.items()}
    return kills(PROGRAM, "f", named, [case(w) for w in witnesses], Runner(sandbox, 0.5), limit=9)


def test_each_arm_has_its_own_kills(sandbox):
    """Equal arguments tell `<=` from `<`, and others do not."""
    found = count(sandbox, edge=["assert f(1, 1) == False"], usual=["assert f(1, 2) == True"])
    assert (found.mutants, found.detectable) == (3, 3)
    assert found.killed == {"edge": 2, "usual": 2}


def test_what_only_a_witness_kills_is_no_equivalent(sandbox):
    """It is among those that an arm could have killed."""
    found = count(sandbox, "assert f(1, 1) is False", usual=["assert f(1, 2) == True"])
    assert (found.detectable, found.killed["usual"]) == (3, 2)


def test_what_nothing_kills_is_counted_apart(sandbox):
    """Shares are given with it and without it."""
    found = count(sandbox, usual=["assert f(1, 2) == True"])
    assert (found.mutants, found.detectable) == (3, 2)
    assert (found.share("usual"), found.share_of_all("usual")) == (1.0, 2 / 3)


def test_a_case_that_the_program_fails_kills_nothing(sandbox):
    """It would kill every mutant."""
    found = count(sandbox, wrong=["assert f(1, 2) == 'x'"], none=[])
    assert found.killed == {"wrong": 0, "none": 0}


def test_shares_of_nothing_do_not_exist():
    """A program without mutants says nothing about an arm."""
    empty = Kills(0, 0, {"a": 0})
    assert empty.share("a") is None
    assert empty.share_of_all("a") is None
