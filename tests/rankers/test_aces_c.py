from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.aces_c import aces_c


def by_definition(matrix):
    """Compute the weights pair by pair, on a matrix in which every copy is written out."""
    rows = np.repeat(np.arange(len(matrix.passed)), matrix.candidate_counts)
    columns = np.repeat(np.arange(matrix.passed.shape[1]), matrix.case_counts)
    passed = matrix.passed[np.ix_(rows, columns)]
    weights = np.zeros(len(columns))
    for j in range(len(columns)):
        others = np.delete(passed, j, axis=1).sum(axis=1)
        wins = [
            (others[p] > others[q]) + 0.5 * (others[p] == others[q])
            for p in np.flatnonzero(passed[:, j])
            for q in np.flatnonzero(~passed[:, j])
        ]
        rate = passed[:, j].mean()
        weights[j] = max(0.0, np.mean(wins) - 0.5) * rate * (1 - rate) if wins else 0.0
    return passed, weights, rows, columns


@pytest.mark.parametrize("seed", range(8))
def test_weights_and_votes_are_those_of_the_definition(seed):
    """Counts, ties and constant columns included."""
    rng = np.random.default_rng(seed)
    passed = rng.random((7, 5)) < rng.random(5) * rng.random((7, 1)) * 2
    matrix = PassMatrix(passed, rng.integers(1, 4, 7), rng.integers(1, 4, 5))
    written, weights, rows, columns = by_definition(matrix)
    ranking = aces_c(matrix)
    votes = written @ weights
    assert ranking.candidate_scores[rows] * weights.sum() == pytest.approx(votes)
    assert ranking.case_scores[columns] * weights.max() == pytest.approx(weights)


def test_a_case_against_all_others_is_clipped():
    """It is passed by who fails the rest; it weighs nothing, and is held against nobody."""
    ranking = aces_c(PassMatrix.of([[1, 1, 1, 0]] * 3 + [[0, 0, 0, 1]] * 2))
    assert ranking.case_scores.tolist() == [1.0, 1.0, 1.0, 0.0]
    assert ranking.candidate_scores.tolist() == [1.0] * 3 + [0.0] * 2


@pytest.mark.parametrize("rows", [[[0, 0]] * 3, [[1, 1]] * 3, [[1, 0]], [[1], [0]]])
def test_nothing_weighs_anything_without_other_cases_and_both_outcomes(rows):
    """All fail, all pass, one row, one column: all tie at 0."""
    ranking = aces_c(PassMatrix.of(rows))
    assert not ranking.candidate_scores.any()
    assert not ranking.case_scores.any()
