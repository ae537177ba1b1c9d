"""Rewards by cross-execution, in a real sandbox on a small problem."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from pytest_genx import plugins
from pytest_genx.config import Config
from pytest_genx.domain import Case
from pytest_genx.train.rounds.execute import Runner, execute
from pytest_genx.train.rounds.formats import Task
from pytest_genx.train.rounds.lines import executed_line, split
from pytest_genx.train.rounds.preferences import Evidence
from pytest_genx.train.rounds.problems import make_problem
from pytest_genx.train.rounds.rewards import Arena, arena, reward_functions
from pytest_genx.train.rounds.sample import read_samples


@pytest.fixture(scope="module")
def problem():
    """The larger of two numbers."""
    task = Task(
        "p", "Take the larger.", "f", ("def f(a, b):\n    return a if a > b else b\n",),
        ("assert f(2, 5) == 5",),
    )  # fmt: skip
    return make_problem(task)


@pytest.fixture(scope="module")
def run():
    """The engine."""
    make = plugins.sandbox(plugins.load(), "process")
    with closing(make(Config(rootdir=Path.cwd(), workers=1))) as sandbox:
        yield Runner(sandbox, 0.5)


def test_each_role_is_paid_for_its_own_rows(problem, run):
    """Shares of cases passed and of faults detected, None for the other role, 0 for nonsense."""
    wrong = ("def f(a, b):\n    return a\n", "def f(a, b):\n    return b\n")
    place = Arena(
        problem, (Case("assert f(2, 5) == 5", "x"), Case("assert f(5, 2) == 5", "x")), wrong
    )
    coder, tester = reward_functions([place], run)
    completions = [
        "    return max(a, b)", "    return b\n# and so on", "    )(",
        "2, 5) == 5\nassert f(5, 2) == 5", "2, 5) == 5", "2, 5) == 2", "no",
    ]  # fmt: skip
    columns = {"problem": ["p"] * 7, "role": ["coder"] * 3 + ["tester"] * 4}
    paid = coder(completions=completions, prompts=[], **columns)
    assert paid == [1.1, 0.6, 0.0, None, None, None, None]
    paid = tester(completions=completions, prompts=[], **columns)
    assert paid[:3] == [None] * 3
    both, one, false, nothing = paid[3:]
    assert both == pytest.approx(0.85 + 0.05 * 2 / 12 + 0.1)
    assert one == pytest.approx(0.85 / 2 + 0.05 / 12 + 0.1)
    assert false == pytest.approx(0.1)
    assert nothing == 0.0
    assert (coder.__name__, tester.__name__) == ("coder", "tester")


def test_an_arena_is_what_the_round_knows(problem, run):
    """Validated cases and sound tests; mutants that something tells, and codes that are wrong."""
    texts = {
        "coder": ["    return a", "    return max(a, b)"], "tester": ["assert f(7, 1) == 0"],
    }  # fmt: skip
    line = {"problem": "p"} | {
        role: [{"text": t, "seed": i, "tokens": 9} for i, t in enumerate(found)]
        for role, found in texts.items()
    }
    samples = [s for role in (problem.coder.role, problem.tester.role)
               for s in read_samples(line, role)]  # fmt: skip
    done = execute(problem, samples, run, n_mutants=4, seed=0)
    parts = next(split([executed_line(problem, done)]))
    evidence = Evidence(problem, line, *parts)
    place = arena(evidence, n_mutants=4, most=9, seed=0)
    assert [case.source for case in place.cases] == ["assert f(7, 1) == 7", "assert f(2, 5) == 5"]
    assert place.cases[0].expectation.value == "7"
    codes = [program for program in place.wrong if "return a\n" in program]
    assert len(codes) == 1
    assert 2 <= len(place.wrong) <= 5
    assert not any("max" in program for program in place.wrong)
    assert len(arena(evidence, n_mutants=4, most=1, seed=0).wrong) == 1
