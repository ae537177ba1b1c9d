"""Ranked cases -> the few that are worth keeping, and a reason for each of the others."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from pytest_genx.domain import ANSWER, Case, Execution, Finding, Oracle, Outcome, Weakness
from pytest_genx.matrix import Bools, PassMatrix, Ranking

_ODD = re.compile(r"(.)\1\1|\d{5}")  # what small models write when they lose the thread

MIN_OVERRULING = 2  # distinct candidates


def reasons_against(
    matrix: PassMatrix,
    ranking: Ranking,
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
    voices: Bools,
    findings: Sequence[Finding],
    oracle: Oracle,
    weak: Sequence[Weakness | None] = (),
) -> list[str]:
    """Say for each case why it must not be kept; an empty string means that it may be.

    Args:
        matrix: the pass matrix.
        ranking: scores of both sides.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
        voices: `[n_candidates] bool`, candidates whose word counts against the code.
        findings: suspected bugs; a case on the same call would freeze the bug.
        oracle: with `CODE`, other candidates have no say.
        weak: for each case why it is no whole witness; () when that was not looked into.
    """
    if matrix.incumbent is None:
        return ["the target is a stub: no code passes yet"] * len(cases)
    suspected = {f.case.expectation.call for f in findings if f.case.expectation is not None}
    trusted = oracle is Oracle.CODE
    overruled = None if trusted else _overruled(matrix, ranking, executions, voices)
    confirmed = _confirmed(matrix, voices) if any(f.case.anchor for f in findings) else None
    tells_nothing = _constant(cases, executions[matrix.incumbent])
    reasons = []
    for j, case in enumerate(cases):
        current = executions[matrix.incumbent][j]
        call = case.expectation.call if case.expectation is not None else None
        if case.anchor and case.origin != ANSWER:
            reason = "already among your examples or tests"
        elif current.outcome is not Outcome.PASS:
            reason = f"the current code gives {current.outcome.name}"
        elif weak and (weakness := weak[j]) is not None and weakness.reason:
            reason = weakness.reason
        elif call in suspected:
            reason = "its call shows a suspected bug"
        elif confirmed is not None and not confirmed[j]:
            reason = "the current code contradicts an example, and nothing else confirms this value"
        elif overruled is not None and overruled[j]:
            reason = "candidates that rank no lower agree on something else"
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

    Greedy: most candidates newly told apart from the current code, then a shape (arguments
    given, kind of result) and an expected value less often seen, then the score, then what
    reads better: no long runs of one character or of digits, and short.

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
    seen: Counter[str] = Counter()
    chosen: list[int] = []
    while left and len(chosen) < limit:
        best = min(
            left,
            key=lambda j: (
                -int((failed[:, j] & ~told_apart).sum()),
                seen[_shape(cases[j])],
                seen[_expected(cases[j])],
                -float(ranking.case_scores[j]),
                len(_ODD.findall(cases[j].source)),
                len(cases[j].source),
                cases[j].source,
            ),
        )
        left.remove(best)
        chosen.append(best)
        told_apart |= failed[:, best]
        seen.update((_shape(cases[best]), _expected(cases[best])))
    return chosen


def _overruled(
    matrix: PassMatrix,
    ranking: Ranking,
    executions: Sequence[Sequence[Execution]],
    voices: Bools,
) -> Bools:
    """`[n_cases] bool`: enough candidates that rank no lower did the same other thing.

    One alone proves nothing: a small model's luckiest guess often outranks good code.
    """
    scores = ranking.candidate_scores
    equals = np.flatnonzero(voices & (scores >= scores[matrix.incumbent])).tolist()
    overruled = np.zeros(matrix.passed.shape[1], dtype=np.bool_)
    for j in range(len(overruled)):
        others = (executions[i][j] for i in equals if not matrix.passed[i, j])
        votes = Counter(e.digest for e in others if e.outcome is Outcome.FAIL and e.digest)
        overruled[j] = max(votes.values(), default=0) >= MIN_OVERRULING
    return overruled


def _confirmed(matrix: PassMatrix, voices: Bools) -> Bools:
    """`[n_cases] bool`: somebody besides the code, whose word counts, passes it."""
    return np.asarray(matrix.passed[voices].any(axis=0))


def _constant(cases: Sequence[Case], row: Sequence[Execution]) -> bool:
    """Say whether the current code returned None wherever it returned."""
    values = {e.value for c, e in zip(cases, row, strict=True) if c.expectation and e.value}
    return values == {"None"}


def _shape(case: Case) -> str:
    """How many arguments the call gives, and what kind of thing it expects."""
    if case.expectation is None:
        return "free"
    call = ast.parse(case.expectation.call, mode="eval").body
    given = sum(
        len(node.args) + len(node.keywords) for node in ast.walk(call) if isinstance(node, ast.Call)
    )
    expected = _expected(case)
    try:
        value = ast.literal_eval(expected)
    except (ValueError, SyntaxError):
        return f"{given} {expected.partition('(')[0]}"
    size = "empty" if isinstance(value, (str, bytes, list, tuple, dict, set)) and not value else ""
    return f"{given} {value if isinstance(value, bool) else type(value).__name__} {size}"


def _expected(case: Case) -> str:
    """What the case compares with; its own text when it is free-form."""
    if case.expectation is None:
        return case.source
    return case.expectation.value or f"raises {case.expectation.raises}"
