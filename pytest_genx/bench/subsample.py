"""What a task would have been with fewer samples: submatrices of an executed pass matrix.

Samples are drawn, not distinct candidates: a program that many samples wrote is likely to be
drawn, and more than once. Nothing is executed again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pytest_genx.matrix import Ints, PassMatrix


@dataclass(frozen=True, slots=True)
class Subsample:
    """A smaller matrix, and where it comes from.

    Args:
        matrix: of the distinct candidates and cases that were drawn, with their new counts.
        rows: `[n_candidates] int64`, the drawn candidates' rows in the whole matrix.
        columns: `[n_cases] int64`, likewise for cases.
    """

    matrix: PassMatrix
    rows: Ints
    columns: Ints


def subsample(
    matrix: PassMatrix, n_candidates: int, n_cases: int, rng: np.random.Generator
) -> Subsample:
    """Draw samples of both sides without replacement, and count the distinct ones.

    Args:
        matrix: the whole.
        n_candidates: samples of candidates to draw; where there are fewer, all are taken.
        n_cases: likewise for cases.
        rng: what draws.

    >>> whole = PassMatrix(np.eye(2, dtype=bool), np.array([3, 1]), np.array([1, 1]))
    >>> some = subsample(whole, 3, 1, np.random.default_rng(0))
    >>> int(some.matrix.candidate_counts.sum()), some.matrix.passed.shape[1]
    (3, 1)
    """
    candidate_counts = _draw(matrix.candidate_counts, n_candidates, rng)
    case_counts = _draw(matrix.case_counts, n_cases, rng)
    rows, columns = np.flatnonzero(candidate_counts), np.flatnonzero(case_counts)
    smaller = submatrix(matrix, rows, columns, candidate_counts[rows], case_counts[columns])
    return Subsample(smaller, rows, columns)


def submatrix(
    matrix: PassMatrix, rows: Ints, columns: Ints, candidate_counts: Ints, case_counts: Ints
) -> PassMatrix:
    """Cut a matrix down to some rows and columns, with everything that is known of them.

    Numbers of observations stay what they were, for they are compared within a column alone.
    Weights stay too, although a near-duplicate may have lost what it resembled.

    Args:
        matrix: `[n_candidates, n_cases]`.
        rows: `[n_rows] int64`, ascending.
        columns: `[n_columns] int64`, ascending.
        candidate_counts: `[n_rows] int64`, the new counts.
        case_counts: `[n_columns] int64`, likewise.
    """
    pairs = np.ix_(rows, columns)
    incumbent = None
    if matrix.incumbent is not None and matrix.incumbent in rows:
        incumbent = int(np.searchsorted(rows, matrix.incumbent))
    return PassMatrix(
        matrix.passed[pairs],
        candidate_counts,
        case_counts,
        observed=None if matrix.observed is None else matrix.observed[pairs],
        anchors=None if matrix.anchors is None else matrix.anchors[columns],
        incumbent=incumbent,
        erred=None if matrix.erred is None else matrix.erred[pairs],
        logprobs=None if matrix.logprobs is None else matrix.logprobs[rows],
        weights=None if matrix.weights is None else matrix.weights[columns],
    )


def _draw(counts: Ints, n: int, rng: np.random.Generator) -> Ints:
    """Draw `n` of all samples, and say how many of each kind: `[n_kinds] int64`."""
    n = min(n, int(counts.sum()))
    drawn: Ints = rng.multivariate_hypergeometric(counts, n, method="marginals")
    return drawn.astype(np.int64)
