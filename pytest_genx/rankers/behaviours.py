"""Who behaves alike on a case, as far as was observed. No scores here."""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import Ints, PassMatrix


def behaviours(matrix: PassMatrix) -> Ints:
    """Return what each candidate did on each case, so that equal numbers in a column agree.

    With observations: those, but for candidates that came to an error there, when these were told
    apart. Without: all that pass a case did alike, and nothing is known of the others.

    Returns:
        `[n_candidates, n_cases] int64`, -1 where nothing is known; that agrees with nothing.

    >>> behaviours(PassMatrix.of([[1, 0], [1, 1]])).tolist()
    [[0, -1], [0, 0]]
    """
    if matrix.observed is None:
        return np.where(matrix.passed, np.int64(0), np.int64(-1))
    if matrix.erred is None:
        return matrix.observed
    return np.where(matrix.erred, np.int64(-1), matrix.observed)


def agreeing(column: Ints, weights: Ints) -> Ints:
    """Return for each candidate the weight of those that agree with it on one case.

    Args:
        column: `[n_candidates] int64`, of `behaviours`.
        weights: `[n_candidates]`; sums of them must be exact.

    >>> agreeing(np.array([7, -1, 7, 3]), np.array([1, 1, 2, 5])).tolist()
    [3, 0, 3, 5]
    """
    _, inverse = np.unique(column, return_inverse=True)
    sums = np.zeros(len(column), weights.dtype)
    np.add.at(sums, inverse.reshape(-1), weights)
    return np.where(column >= 0, sums[inverse.reshape(-1)], 0)
