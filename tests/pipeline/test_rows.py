from __future__ import annotations

from dataclasses import replace

import numpy as np

from pytest_genx.domain import Candidate, Case, Execution, Finding, Outcome
from pytest_genx.matrix import Ranking
from pytest_genx.pipeline.rows import target_done
from pytest_genx.pipeline.score import to_matrix

CASES = [Case("assert a", "model", count=2), Case("assert b", "model", ("import math",))]
EXECUTIONS = [
    [Execution(Outcome.PASS), Execution(Outcome.TIMEOUT)],
    [Execution(Outcome.CRASH), Execution(Outcome.PASS)],
]
RANKING = Ranking("planted", np.array([1 / 3, 0.9]), np.array([0.25, 0.5]))


def done(target, *, incumbent=True, findings=(), cases=CASES):
    candidates = [
        Candidate("one", "one", "file", incumbent=incumbent),
        Candidate("two", "two", "model", count=3),
    ]
    matrix = to_matrix(candidates, cases, EXECUTIONS)
    return target_done(
        "half.py::half",
        target,
        candidates,
        cases,
        EXECUTIONS,
        matrix,
        RANKING,
        findings=findings,
        chosen=[0],
        reasons=["", "too slow"],
        notes=["a note"],
    )


def test_outcomes_are_one_letter_a_pair(half):
    """Rows are candidates, letters are outcomes."""
    assert done(half).outcomes == ("PT", "CP")


def test_rows_carry_scores_counts_and_agreement(half):
    """Everything a reporter shows stands in the record."""
    record = done(half)
    assert [(c.count, c.score, c.passed) for c in record.candidates] == [
        (1, 0.333333, 1),
        (3, 0.9, 1),
    ]
    assert [(c.score, c.agree, c.incumbent) for c in record.cases] == [
        (0.25, 1, "P"),
        (0.5, 1, "T"),
    ]


def test_kept_cases_have_no_reason_and_the_others_do(half):
    """Why a case was not kept is never left open."""
    assert [(c.kept, c.reason) for c in done(half).cases] == [(True, ""), (False, "too slow")]


def test_findings_point_at_their_case(half):
    """A finding names the column it is about."""
    finding = Finding(CASES[1], 0.51234567, 3, "TIMEOUT", "agreed")
    (row,) = done(half, findings=[finding]).findings
    assert (row.case, row.score, row.supporters) == (1, 0.512346, 3)


def test_only_a_stub_gets_a_proposal(half):
    """The best-scored candidate is proposed where there is no code yet."""
    assert done(half).proposal is None
    stub = replace(half, is_stub=True)
    record = done(stub, incumbent=False)
    assert record.proposal == 1
    assert [case.incumbent for case in record.cases] == ["", ""]


def test_only_what_passes_every_example_is_proposed(half):
    """A better score does not make up for a failed example."""
    stub = replace(half, is_stub=True)
    first, second = (replace(case, anchor=True) for case in CASES)
    assert done(stub, incumbent=False, cases=[first, CASES[1]]).proposal == 0
    record = done(stub, incumbent=False, cases=[first, second])
    assert record.proposal is None
    assert record.notes[-1] == "no candidate passes every example: nothing is proposed"
