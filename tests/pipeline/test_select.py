from __future__ import annotations

import numpy as np

from pytest_genx.domain import (
    ANSWER,
    Case,
    Execution,
    Expectation,
    Finding,
    Oracle,
    Outcome,
    Weakness,
)
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.pipeline.select import choose, reasons_against

PASS, FAIL = Execution(Outcome.PASS, value="2"), Execution(Outcome.FAIL, digest="other")


def case(n: int, value: str = "2", **more: object) -> Case:
    return Case(f"assert f({n}) == {value}", "model", Expectation(f"f({n})", value), **more)


def matrix_of(rows, cases=(), *, incumbent: int | None = 0) -> PassMatrix:
    passed = np.array(rows, dtype=bool)
    n, m = passed.shape
    anchors = np.array([c.anchor for c in cases] or [False] * m)
    counts = np.ones(n, int), np.ones(m, int)
    return PassMatrix(passed, *counts, anchors=anchors, incumbent=incumbent)


def ranking_of(matrix: PassMatrix, candidates=None, cases=None) -> Ranking:
    n, m = matrix.passed.shape
    return Ranking(
        "planted",
        np.array(candidates if candidates is not None else [0.5] * n, dtype=float),
        np.array(cases if cases is not None else [0.5] * m, dtype=float),
    )


def reasons_of(
    rows, cases, *, candidates=None, findings=(), oracle=Oracle.CONSENSUS, row=None, voiced=None
):
    matrix = matrix_of(rows, cases)
    executions = [[PASS if p else FAIL for p in r] for r in rows]
    if row is not None:
        executions[0] = row
    ranking = ranking_of(matrix, candidates)
    voices = np.arange(len(rows)) > 0
    if voiced is not None:
        voices = np.array(voiced)
    return reasons_against(matrix, ranking, cases, executions, voices, findings, oracle)


def test_case_that_passes_on_the_code_may_be_kept():
    """A plain agreement has nothing against it."""
    assert reasons_of([[1], [1]], [case(1)]) == [""]


def test_failing_cases_and_anchors_are_not_kept():
    """What fails is no test, and what is trusted is already there."""
    reasons = reasons_of([[0, 1]], [case(1), case(2, anchor=True)])
    assert reasons == ["the current code gives FAIL", "already among your examples or tests"]


def test_weak_cases_are_kept_for_no_other_reason_than_their_own():
    """The reason is the weakness's; one without a reason may be kept."""
    matrix = matrix_of([[1, 1, 1]])
    cases = [case(1), case(2), case(3)]
    weak = [Weakness("twin", 0.5, "said already"), Weakness("twin", 0.5), None]
    reasons = reasons_against(
        *(matrix, ranking_of(matrix), cases, [[PASS] * 3], np.zeros(1, bool), []),
        Oracle.CONSENSUS,
        weak,
    )
    assert reasons == ["said already", "", ""]


def test_answer_of_the_user_may_be_kept():
    """It is trusted like an example, and stands nowhere yet."""
    assert reasons_of([[1]], [case(1, anchor=True)]) != [""]
    answer = Case("assert f(1) == 2", ANSWER, Expectation("f(1)", "2"), anchor=True)
    assert reasons_of([[1]], [answer]) == [""]


def test_nothing_is_kept_for_a_stub():
    """Without code no case can pass in the suite."""
    matrix = matrix_of([[1]], incumbent=None)
    reasons = reasons_against(
        matrix, ranking_of(matrix), [case(1)], [[PASS]], np.zeros(1, bool), [], Oracle.CONSENSUS
    )
    assert reasons == ["the target is a stub: no code passes yet"]


def test_a_suspected_bug_is_not_frozen_into_a_test():
    """The value that the code gives now on a suspicious call is not kept."""
    wrong, right = case(1, "3"), case(1, "2")
    finding = Finding(right, 0.9, 3, "returned 3", "agreed")
    reasons = reasons_of([[1, 0]], [wrong, right], findings=[finding])
    assert reasons[0] == "its call shows a suspected bug"


def test_contradicted_example_casts_doubt_on_every_value_of_the_code():
    """Where the code fails an example, its other values need a candidate that passes it."""
    anchor = case(0, anchor=True)
    finding = Finding(anchor, 0.9, 1, "returned 3", "the docstring says so")
    cases = [anchor, case(1), case(2)]
    rows = [[0, 1, 1], [0, 1, 1]]
    alone = reasons_of(rows, cases, findings=[finding], voiced=[False, False])
    assert (
        alone[1:]
        == ["the current code contradicts an example, and nothing else confirms this value"] * 2
    )
    confirmed = reasons_of([[0, 1, 1], [1, 1, 0]], cases, findings=[finding])
    assert confirmed[1] == ""
    assert confirmed[2] != ""


def test_candidates_that_agree_overrule_the_code_unless_it_is_trusted():
    """Two that rank no lower than the code and did the same other thing keep a value out."""
    rows, scores = [[1], [0], [0]], [0.2, 0.9, 0.9]
    reason = ["candidates that rank no lower agree on something else"]
    assert reasons_of(rows, [case(1)], candidates=scores) == reason
    assert reasons_of(rows, [case(1)], candidates=scores, oracle=Oracle.CODE) == [""]
    assert reasons_of(rows, [case(1)], candidates=[0.2, 0.2, 0.2]) == reason
    assert reasons_of(rows, [case(1)], candidates=[0.2, 0.9, 0.1]) == [""]


def test_none_for_every_input_tells_nothing():
    """A target that only ever returned None gets no `is None` tests."""
    row = [Execution(Outcome.PASS, value="None")]
    assert reasons_of([[1]], [case(1, "None")], row=row) == [
        "the target returned None for every input"
    ]


def test_choice_tells_candidates_apart_before_it_looks_at_scores():
    """The case that only wrong candidates fail goes first, whatever its score."""
    matrix = matrix_of([[1, 1, 1], [1, 1, 0], [1, 1, 0]])
    ranking = ranking_of(matrix, cases=[0.9, 0.8, 0.1])
    cases = [case(1, "1"), case(2, "1"), case(3, "1")]
    assert choose(matrix, ranking, cases, [True] * 3, 2) == [2, 0]


def test_choice_prefers_values_not_yet_seen():
    """Of two cases that tell equally much, the one with a new expected value goes first."""
    matrix = matrix_of([[1, 1, 1]])
    cases = [case(1, "1"), case(2, "1"), case(3, "5")]
    assert choose(matrix, ranking_of(matrix), cases, [True] * 3, 2) == [0, 2]


def test_choice_alternates_between_shapes():
    """A long run of one kind of result does not crowd out the others."""
    cases = [case(1, "1"), case(2, "2"), case(3, "[]"), case(4, "'x'")]
    matrix = matrix_of([[1] * 4])
    ranking = ranking_of(matrix, cases=[0.9, 0.9, 0.1, 0.1])
    assert set(choose(matrix, ranking, cases, [True] * 4, 3)) == {0, 2, 3}


def test_choice_prefers_what_reads_well():
    """Of equals, the one without long runs of one character or of digits goes first."""
    matrix = matrix_of([[1, 1, 1]])
    calls = ["f('1,,,,,,')", "f('8377465')", "f('hello world')"]
    cases = [Case(f"assert {c} == 2", "model", Expectation(c, "2")) for c in calls]
    assert choose(matrix, ranking_of(matrix), cases, [True] * 3, 1) == [2]


def test_choice_keeps_to_the_limit_and_to_what_is_eligible():
    """Never more than asked for, and nothing that has a reason against it."""
    matrix = matrix_of([[1, 1, 1]])
    cases = [case(n, str(n)) for n in range(3)]
    assert choose(matrix, ranking_of(matrix), cases, [False, True, True], 1) == [1]
    assert choose(matrix, ranking_of(matrix), cases, [False] * 3, 5) == []
