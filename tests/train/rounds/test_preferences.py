"""Which answers are right, which problems are of use, and which answers make a pair."""

from __future__ import annotations

import pytest

from pytest_genx.domain import Role
from pytest_genx.train.rounds.formats import Task
from pytest_genx.train.rounds.preferences import Answer, Evidence, contested, judged, pairs
from pytest_genx.train.rounds.problems import make_problem
from pytest_genx.train.rounds.recipe import PreferencePart

RIGHT, WRONG = "    return a if a > b else b", "    return a"
TRUE, FALSE, WEAK = "assert f(1, 2) == 2", "assert f(1, 2) == 1", "assert f(3, 3) == 3"


@pytest.fixture
def problem():
    """The larger of two numbers, with one original test."""
    task = Task(
        "p", "Take the larger.", "f", ("def f(a, b):\n    return max(a, b)\n",),
        ("assert f(2, 5) == 5",),
    )  # fmt: skip
    return make_problem(task)


def evidence(problem, coder, tester):
    """A round of it: the cases are TRUE, FALSE (which is the same call) and WEAK; codes two.

    Columns: TRUE corrected, WEAK, the original test. Rows: one mutant that TRUE alone tells.
    """
    line = {
        "problem": "p",
        "coder": [{"text": t, "seed": i, "tokens": n} for i, (t, n) in enumerate(coder)],
        "tester": [{"text": t, "seed": i, "tokens": 9} for i, t in enumerate(tester)],
    }

    def case(written, outcome, corrected, status):
        return {"written": written, "count": 1, "outcome": outcome, "call": "f", "status": status,
                "corrected": corrected}  # fmt: skip

    cases = [case(FALSE, "F", TRUE, ""), case(TRUE, "P", TRUE, "duplicate"),
             case(WEAK, "P", WEAK, "")]  # fmt: skip
    codes = [{"source": "def f(a, b):\n" + RIGHT, "count": 2},
             {"source": "def f(a, b):\n" + WRONG, "count": 1}]  # fmt: skip
    outcomes = {
        "problem": "p", "useful": 2, "tests": 1, "reference": "PPP", "mutants": ["FPP"],
        "code_rows": ["PPP", "FPF"],
    }  # fmt: skip
    return Evidence(
        problem, line, {"problem": "p", "cases": cases, "silent": 0},
        {"problem": "p", "codes": codes, "unreadable": 1}, outcomes,
    )  # fmt: skip


def test_a_coder_is_right_when_its_code_passes_everything(problem):
    """Layout does not matter, what holds no code is wrong, and a cut answer has not ended."""
    coder = [
        (RIGHT, 9),
        (WRONG, 9),
        ("    return (a if a > b else b)  # larger", 9),
        ("    )(", 20),
    ]
    found = judged(evidence(problem, coder, []), 1.0, 20)
    assert [a.right for a in found] == [True, False, True, False]
    assert [a.ended for a in found] == [True, True, True, False]
    assert {a.prompt for a in found} == {problem.coder.text}
    assert [a.completion for a in found] == [text for text, _ in coder]


def test_a_tester_is_right_when_its_cases_hold_and_one_of_them_tells_a_fault(problem):
    """A wrong value counts as it was written, and what everything passes tells nothing."""
    tester = [TRUE, FALSE, WEAK, f"{TRUE}\n{WEAK}", f"{TRUE}\n{FALSE}", "assert f("]
    found = judged(evidence(problem, [], tester), 1.0, 20)
    assert [a.right for a in found] == [True, False, False, True, False, False]
    assert found[0].completion == "1, 2) == 2"
    half = judged(evidence(problem, [], tester), 0.5, 20)
    assert [a.right for a in half] == [True, False, False, True, True, False]


def test_only_problems_strictly_between_the_limits_stay(problem):
    """Always right and always wrong teach nothing; the shares are of each role, copies counted."""

    def of(name, role, rights):
        return [
            Answer(name, role, "x", str(i or ""), ended=True, right=bool(right))
            for i, right in enumerate(rights)
        ]

    answers = [
        *of("half", Role.CODER, [1, 0]), *of("half", Role.TESTER, [1, 1]),
        *of("fifth", Role.CODER, [1, 0, 0, 0, 0]),
    ]  # fmt: skip
    kept = contested(answers, PreferencePart())
    assert [(a.problem, a.role) for a in kept] == [("half", Role.CODER)] * 2
    copies = [*answers[:2], *answers[:2]]
    assert len(contested(copies, PreferencePart())) == 2


def test_no_pair_comes_twice():
    """Each of more answers meets one of the other kind, up to the cap."""
    answers = [Answer("p", Role.CODER, "x", c, ended=True, right=c in "ab") for c in "abcde"]
    found = [(p.chosen.completion, p.rejected.completion) for p in pairs(answers, 9)]
    assert found == [("a", "c"), ("b", "d"), ("a", "e")]
    assert len(pairs(answers, 2)) == 2
    assert pairs(answers[:2], 2) == []


def test_without_a_reference_there_is_no_truth():
    """A stub has no right answers and no wrong ones."""
    problem = make_problem(Task("p", "Do.", "f", (), ("assert f(1, 2) == 2",), starter="def f(a):"))
    assert judged(evidence(problem, [(RIGHT, 9)], [TRUE]), 1.0, 20) == []
