"""Ranking -> suspected bugs: where the consensus contradicts the current code.

Whether a contradiction is the code's fault is a question of odds. For a case that the current
code fails and others pass they are

    best x share**3 / (current x samples x sqrt(1 + passed))

with the scores of the best candidate that passes the case and of the current code, the share of
all samples that pass it, and the number of written cases that the current code passes: whoever is
seen to do much right is less likely wrong. `current x samples` is the score of the current code
against what a single sample has that nothing speaks for. A logistic curve over the logarithm makes
a probability of it, if every second code is wrong before anything is known, and if scores are
probabilities, as those of the dual critic are. `MIN_PROBABILITY` is where, on recorded samples, at
most 5 of 100 correct codes are suspected; docs/ranking.md shows how that was measured, and on what
it does not hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pytest_genx.domain import Case, Execution, Finding, Oracle, Outcome
from pytest_genx.matrix import Bools, PassMatrix, Ranking
from pytest_genx.pipeline.score import is_broken_anchor

MIN_SUPPORTERS = 3  # distinct candidates, the incumbent excluded
MIN_PROBABILITY = 0.76
ANCHOR_PROBABILITY = 0.99  # examples are seldom wrong
OFFSET, SLOPE = 2.3, 0.45  # of the logistic curve
LEAST = 0.05  # of `current x samples`: passing nothing at all proves little


def find(
    matrix: PassMatrix,
    ranking: Ranking,
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
    voices: Bools,
    oracle: Oracle,
) -> list[Finding]:
    """List suspected bugs, most certain first.

    An anchor that the current code fails is always one. Any other case is one when the code
    is not what is trusted, `MIN_SUPPORTERS` distinct credible candidates pass it, and its
    probability is at least `MIN_PROBABILITY`.

    Args:
        matrix: the pass matrix.
        ranking: scores of both sides.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
        voices: `[n_candidates] bool`, from `credible`.
        oracle: what is trusted.
    """
    if matrix.incumbent is None:
        return []
    current = executions[matrix.incumbent]
    written = np.array([not case.corrected for case in cases], np.bool_)
    findings = []
    for j, case in enumerate(cases):
        if current[j].outcome is Outcome.PASS or is_broken_anchor(case, current[j]):
            continue
        supporters = int((matrix.passed[:, j] & voices).sum())
        if case.anchor:
            probability, reason = ANCHOR_PROBABILITY, f"the {case.origin} says so"
        elif oracle is Oracle.CODE or supporters < MIN_SUPPORTERS:
            continue
        else:
            probability = suspicion(matrix, ranking, j, written)
            reason = f"{supporters} other implementations agree"
            if probability < MIN_PROBABILITY:
                continue
        findings.append(
            Finding(
                case,
                float(ranking.case_scores[j]),
                supporters,
                current[j].detail or current[j].outcome.name,
                reason,
                probability,
                _expected(case),
                _anchors(matrix, ranking, j),
            )
        )
    return sorted(
        findings, key=lambda f: (not f.case.anchor, -f.probability, -f.score, f.case.source)
    )


def suspicion(matrix: PassMatrix, ranking: Ranking, case: int, written: Bools) -> float:
    """Return the probability that the current code is wrong on a case that it fails.

    Args:
        matrix: the pass matrix, with an incumbent.
        ranking: scores of both sides.
        case: its column.
        written: `[n_cases] bool`, cases whose value was written, not taken from running code.

    Returns:
        0 when nobody passes the case.
    """
    passing = matrix.passed[:, case]
    if not passing.any():
        return 0.0
    samples = int(matrix.candidate_counts.sum())
    share = int(matrix.candidate_counts[passing].sum()) / samples
    best = float(ranking.candidate_scores[passing].max())
    if best == 0.0:
        return 0.0
    current = float(ranking.candidate_scores[matrix.incumbent])
    n_passed = int((matrix.passed[matrix.incumbent] & written).sum())
    log_odds = (
        math.log(best)
        + 3.0 * math.log(share)
        - math.log(max(current * samples, LEAST))
        - 0.5 * math.log1p(n_passed)
    )
    return 1.0 / (1.0 + math.exp(-OFFSET - SLOPE * log_odds))


def _expected(case: Case) -> str:
    """What the consensus gives, as an expression; "" for a case that only passes or fails."""
    if case.expectation is None:
        return ""
    return case.expectation.value or f"raises {case.expectation.raises}"


def _anchors(matrix: PassMatrix, ranking: Ranking, case: int) -> int:
    """Count the anchors that the best candidate passes that passes a case."""
    passing = matrix.passed[:, case].nonzero()[0]
    if matrix.anchors is None or len(passing) == 0:
        return 0
    best = passing[ranking.candidate_scores[passing].argmax()]
    return int((matrix.passed[best] & matrix.anchors).sum())
