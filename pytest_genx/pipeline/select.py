"""Ranked cases -> the few that are worth keeping, and a reason for each of the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_genx.domain import Case, Execution, Finding, Oracle, Outcome
from pytest_genx.matrix import Bools, PassMatrix, Ranking


def reasons_against(
    matrix: PassMatrix,
    ranking: Ranking,
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
    findings: Sequence[Finding],
    oracle: Oracle,
) -> list[str]:
    """Say for each case why it must not be kept; an empty string means that it may be.

    Args:
        matrix: the pass matrix.
        ranking: scores of both sides.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
        findings: suspected bugs; a case on the same call would freeze the bug.
        oracle: with `CODE`, other candidates have no say.
    """
    if matrix.incumbent is None:
        return ["the target is a stub: no code passes yet"] * len(cases)
    suspected = {f.case.expectation.call for f in findings if f.case.expectation is not None}
    overruling = _overruling(matrix, ranking) if oracle is not Oracle.CODE else None
    tells_nothing = _constant(cases, executions[matrix.incumbent])
    reasons = []
    for j, case in enumerate(cases):
        current = executions[matrix.incumbent][j]
        call = case.expectation.call if case.expectation is not None else None
        if case.anchor:
            reason = "already among your examples or tests"
        elif current.outcome is not Outcome.PASS:
            reason = f"the current code gives {current.outcome.name}"
        elif call in suspected:
            reason = "its call shows a suspected bug"
        elif overruling is not None and not matrix.passed[overruling, j]:
            reason = "a better-ranked candidate disagrees"
        elif tells_nothing and case.expectation is not None and case.expectation.value == "None":
            reason = "the target returned None for every input"
        else:
            reason = ""
        reasons.append(reason)
    return reasons


def choose(
    matrix: PassMatrix,
    ranking: Ranking,
    cases: Sequence[Case],
    eligible: Sequence[bool],
    limit: int,
) -> list[int]:
    """Pick up to `limit` cases, each for what it adds to those before it.

    Greedy: most candidates newly told apart from the current code, then an expected value
    not yet seen, then the score, then the shorter text.

    Args:
        matrix: the pass matrix, with an incumbent.
        ranking: scores of both sides.
        cases: columns.
        eligible: which of them may be kept.
        limit: at most so many.

    Returns:
        Column indices in order of choice.
    """
    left = [j for j, ok in enumerate(eligible) if ok]
    failed: Bools = ~matrix.passed
    told_apart = np.zeros(len(matrix.passed), dtype=np.bool_)
    values: set[str] = set()
    chosen: list[int] = []
    while left and len(chosen) < limit:
        best = min(
            left,
            key=lambda j: (
                -int((failed[:, j] & ~told_apart).sum()),
                _expected(cases[j]) in values,
                -float(ranking.case_scores[j]),
                len(cases[j].source),
                cases[j].source,
            ),
        )
        left.remove(best)
        chosen.append(best)
        told_apart |= failed[:, best]
        values.add(_expected(cases[best]))
    return chosen


def _overruling(matrix: PassMatrix, ranking: Ranking) -> int | None:
    """Row of the best candidate when it ranks above the current code."""
    assert matrix.incumbent is not None
    scores = ranking.candidate_scores
    best = int(np.argmax(scores))
    return best if scores[best] > scores[matrix.incumbent] else None


def _constant(cases: Sequence[Case], row: Sequence[Execution]) -> bool:
    """Say whether the current code returned None wherever it returned."""
    values = {e.value for c, e in zip(cases, row, strict=True) if c.expectation and e.value}
    return values == {"None"}


def _expected(case: Case) -> str:
    """What the case compares with; its own text when it is free-form."""
    if case.expectation is None:
        return case.source
    return case.expectation.value or f"raises {case.expectation.raises}"
