from __future__ import annotations

import pytest

from pytest_genx.domain import Candidate, Case, Execution, Expectation, Outcome
from pytest_genx.pipeline.score import credible, to_matrix, without_broken_anchors

PASS = Execution(Outcome.PASS, digest="a")
OTHER = Execution(Outcome.PASS, digest="c")
FAIL = Execution(Outcome.FAIL, "returned 3, expected 2", digest="b")
CASE = Case("assert f(1) == 2", "model", Expectation("f(1)", "2"))


def candidate(name: str, **more: object) -> Candidate:
    return Candidate(name, name, "model", **more)


CURRENT = candidate("current", incumbent=True)
OTHERS = [candidate(name) for name in "abc"]


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.PASS])
def test_only_pass_counts_as_passing(outcome):
    """Errors, time-outs and crashes are not passes."""
    matrix = to_matrix([CURRENT], [CASE], [[Execution(outcome)]])
    assert not matrix.passed.any()


def test_equal_digests_get_equal_numbers():
    """Observations are numbered by what was observed; no digest is -1."""
    matrix = to_matrix(
        [CURRENT, *OTHERS], [CASE], [[PASS], [FAIL], [PASS], [Execution(Outcome.CRASH)]]
    )
    assert matrix.observed is not None
    column = matrix.observed[:, 0].tolist()
    assert column[0] == column[2] != column[1]
    assert column[3] == -1


def test_incumbent_row_is_known():
    """The matrix says which row is the current code."""
    assert to_matrix([OTHERS[0], CURRENT], [CASE], [[PASS], [PASS]]).incumbent == 1
    assert to_matrix(OTHERS[:1], [CASE], [[PASS]]).incumbent is None


def voices_of(executions, *, anchor=False):
    cases = [Case(f"assert f({n})", "model") for n in range(len(executions[0]))]
    cases[0] = Case("assert f(0)", "docstring", anchor=anchor)
    candidates = [CURRENT, *OTHERS][: len(executions)]
    return credible(to_matrix(candidates, cases, executions), cases, executions).tolist()


def test_voice_needs_two_different_values_in_common_with_the_code():
    """A constant, or one lucky value, is no sign of competence."""
    code = [PASS, PASS, OTHER]
    assert voices_of([code, [PASS, FAIL, OTHER], [PASS, PASS, FAIL]]) == [False, True, False]


def test_exceptions_in_common_give_no_voice():
    """Refusing what the code refuses is easy for a candidate that refuses everything."""
    refusals = [
        Execution(Outcome.PASS, digest=name, raised="ValueError") for name in ("a", "b", "c")
    ]
    assert voices_of([refusals, refusals]) == [False, False]


@pytest.mark.parametrize(("values", "voice"), [("122", True), ("111", False)])
def test_cases_as_written_give_a_voice_against_code_that_is_all_wrong(values, voice):
    """Different values that the tester expected make up for none in common; one is luck."""
    cases = [Case(v, "model", Expectation(f"f({i})", v)) for i, v in enumerate(values)]
    executions = [[FAIL] * 3, [PASS] * 3]
    matrix = to_matrix([CURRENT, OTHERS[0]], cases, executions)
    assert credible(matrix, cases, executions).tolist() == [False, voice]


def test_failed_example_takes_the_voice_away():
    """Unless nothing passes the example at all."""
    code = [PASS, PASS, OTHER]
    assert voices_of([code, [FAIL, PASS, OTHER]], anchor=True) == [False, False]
    assert voices_of([[FAIL, *code[1:]], [FAIL, PASS, OTHER]], anchor=True) == [False, True]


def test_anchor_cut_out_of_its_surroundings_is_left_out():
    """A NameError in an example says nothing of the code; a ValueError does."""
    anchors = [Case(f"f({n})", "docstring", anchor=True) for n in range(2)]
    row = [
        Execution(Outcome.ERROR, "NameError: name 'x' is not defined"),
        Execution(Outcome.ERROR, "ValueError: no"),
    ]
    cases, executions, dropped = without_broken_anchors([CURRENT], anchors, [row])
    assert (cases, executions, dropped) == ([anchors[1]], [[row[1]]], 1)
