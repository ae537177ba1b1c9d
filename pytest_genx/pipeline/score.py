"""Executions x ranker -> ranking and findings; which cases are worth keeping is not its job."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_genx.domain import Candidate, Case, Execution, Finding, Oracle, Outcome
from pytest_genx.matrix import PassMatrix, Ranking

MIN_SUPPORTERS = 3  # distinct candidates, the incumbent excluded
MIN_SCORE = 0.5  # of the case

# An anchor that dies of these was cut out of its surroundings; it says nothing of the code.
_BROKEN_ANCHOR = ("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError", "FixtureError")


def to_matrix(
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
) -> PassMatrix:
    """Turn outcomes into the pass matrix: only PASS counts as passing.

    Args:
        candidates: rows.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
    """
    n, m = len(candidates), len(cases)
    passed = np.zeros((n, m), dtype=np.bool_)
    observed = np.full((n, m), -1, dtype=np.int64)
    digests: dict[str, int] = {}
    for i, row in enumerate(executions):
        for j, execution in enumerate(row):
            passed[i, j] = execution.outcome is Outcome.PASS
            if execution.digest is not None:
                observed[i, j] = digests.setdefault(execution.digest, len(digests))
    incumbents = [i for i, candidate in enumerate(candidates) if candidate.incumbent]
    return PassMatrix(
        passed,
        np.array([candidate.count for candidate in candidates], dtype=np.int64),
        np.array([case.count for case in cases], dtype=np.int64),
        observed=observed if digests else None,
        anchors=np.array([case.anchor for case in cases], dtype=np.bool_),
        incumbent=incumbents[0] if incumbents else None,
    )


def is_broken_anchor(case: Case, execution: Execution) -> bool:
    """Say whether an anchor failed for want of its surroundings, not because of the code."""
    if not case.anchor or execution.outcome in (Outcome.PASS, Outcome.FAIL):
        return False
    return execution.outcome is not Outcome.ERROR or execution.detail.startswith(_BROKEN_ANCHOR)


def without_broken_anchors(
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
) -> tuple[list[Case], list[list[Execution]], int]:
    """Leave out anchors that cannot run on the current code, and say how many those were."""
    rows = [row for c, row in zip(candidates, executions, strict=True) if c.incumbent]
    usable = [
        j for j, case in enumerate(cases) if not rows or not is_broken_anchor(case, rows[0][j])
    ]
    kept = [[row[j] for j in usable] for row in executions]
    return [cases[j] for j in usable], kept, len(cases) - len(usable)


def find(
    matrix: PassMatrix,
    ranking: Ranking,
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
    oracle: Oracle,
) -> list[Finding]:
    """List suspected bugs, most certain first.

    An anchor that the current code fails is always one. Any other case is one when the code
    is not what is trusted, the case scores `MIN_SCORE`, `MIN_SUPPORTERS` distinct candidates
    pass it, and one of them ranks above the current code and passes every anchor.
    """
    if matrix.incumbent is None:
        return []
    current = executions[matrix.incumbent]
    anchors = matrix.anchors if matrix.anchors is not None else np.zeros(len(cases), np.bool_)
    scores = ranking.candidate_scores
    better = scores > scores[matrix.incumbent]
    # an anchor that nothing passes says more about the anchor than about the candidates
    passable = anchors & matrix.passed.any(axis=0)
    better &= matrix.passed[:, passable].all(axis=1)
    findings = []
    for j, case in enumerate(cases):
        if current[j].outcome is Outcome.PASS or is_broken_anchor(case, current[j]):
            continue
        supporters = int(matrix.passed[:, j].sum())
        score = float(ranking.case_scores[j])
        observed = current[j].detail or current[j].outcome.name
        if case.anchor:
            reason = f"the {case.origin} says so"
        elif (
            oracle is not Oracle.CODE
            and score >= MIN_SCORE
            and supporters >= MIN_SUPPORTERS
            and bool((better & matrix.passed[:, j]).any())
        ):
            reason = f"{supporters} independent candidates agree and rank above the code"
        else:
            continue
        findings.append(Finding(case, score, supporters, observed, reason))
    return sorted(findings, key=lambda f: (not f.case.anchor, -f.score, f.case.source))
