from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.mpsc import mpsc


@pytest.mark.parametrize("alpha", [0.01, 0.5, 0.95])
def test_the_scores_are_the_fixed_point(alpha):
    """Solved as a linear system, with a vertex for every copy."""
    rng = np.random.default_rng(4)
    matrix = PassMatrix(rng.random((6, 4)) < 0.5, rng.integers(1, 3, 6), rng.integers(1, 3, 4))
    rows = np.repeat(np.arange(6), matrix.candidate_counts)
    columns = np.repeat(np.arange(4), matrix.case_counts)
    passed = matrix.passed[np.ix_(rows, columns)].astype(float)
    n, m = passed.shape
    edges = np.block([[np.zeros((n, n)), passed], [passed.T, np.zeros((m, m))]])
    degrees = np.maximum(edges.sum(axis=1), 1.0)
    spread = edges / np.sqrt(np.outer(degrees, degrees))
    fixed = np.linalg.solve(np.eye(n + m) - alpha * spread, np.ones(n + m))
    ranking = mpsc(matrix, alpha=alpha)
    assert ranking.candidate_scores[rows] == pytest.approx(fixed[:n] / fixed[:n].max(), abs=1e-5)
    assert ranking.case_scores[columns] == pytest.approx(fixed[n:] / fixed[n:].max(), abs=1e-5)


@pytest.mark.parametrize(("size", "alpha"), [(13, 0.01), (12, 0.95)])
def test_sparse_graphs_hardly_spread(size, alpha):
    """Two passes in 13 pairs are less than 0.16 of them, and two in 12 are more."""
    matrix = PassMatrix.of([[1, 1] + [0] * (size - 2)])
    wanted = mpsc(matrix, alpha=alpha)
    assert mpsc(matrix).case_scores.tolist() == wanted.case_scores.tolist()
    assert mpsc(matrix, alpha=0.5).case_scores.tolist() != wanted.case_scores.tolist()


@pytest.mark.parametrize("value", [0, 1])
def test_constant_matrices_tie(value):
    """All 1 when all pass, all 0 when nothing does."""
    ranking = mpsc(PassMatrix.of([[value] * 3] * 2))
    assert ranking.candidate_scores.tolist() == [value] * 2
    assert ranking.case_scores.tolist() == [value] * 3


def test_who_passes_nothing_comes_last():
    """With what the restart gives it."""
    scores = mpsc(PassMatrix.of([[1, 0], [1, 1], [0, 0]])).candidate_scores
    assert 0.0 < scores[2] < scores[:2].min()


def test_alpha_must_be_a_share_below_1():
    """At 1 there is no fixed point that is unique."""
    with pytest.raises(ValueError, match=r"`alpha` is 1\.0"):
        mpsc(PassMatrix.of([[1]]), alpha=1.0)
