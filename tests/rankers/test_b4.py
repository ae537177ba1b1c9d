from __future__ import annotations

from math import lgamma

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.b4 import b4


def log_beta(x, y):
    return lgamma(x) + lgamma(y) - lgamma(x + y)


def test_the_distance_is_that_of_the_published_formula():
    """Counts included: 5 samples, 6 written cases, two groups."""
    matrix = PassMatrix(
        np.array([[1, 1, 0], [0, 1, 1]], bool), np.array([3, 2]), np.array([2, 1, 3])
    )
    first = (
        log_beta(3 + 7, 6 - 3 + 1)
        + log_beta(3 + 7, 5 - 3 + 1)
        + log_beta(2 * 1 + 1, 2 * 3 - 2 + 1)  # the other two pass the one case written once
        + log_beta(2 * 3 + 1, 2 * 3 - 6 + 50)
    )
    second = (
        log_beta(4 + 7, 6 - 4 + 1)
        + log_beta(2 + 7, 5 - 2 + 1)
        + log_beta(3 * 1 + 1, 3 * 4 - 3 + 1)
        + log_beta(3 * 2 + 1, 3 * 2 - 6 + 50)
    )
    ranking = b4(matrix, a=7, b0=50)
    behind = abs(first - second)
    expected = [1.0, 1 / (1 + behind)] if first > second else [1 / (1 + behind), 1.0]
    assert ranking.candidate_scores == pytest.approx(expected)
    best = 1 / (1 + np.exp(-behind))
    sides = [best, 1 - best] if first > second else [1 - best, best]
    assert ranking.case_scores == pytest.approx([sides[0], 1.0, sides[1]], abs=1e-6)


def test_shyness_decides_what_outsiders_may_pass():
    """Four agree on half of the cases, and one passes all: by chance, or because it is right."""
    matrix = PassMatrix.of([[1, 1, 1, 0, 0, 0]] * 4 + [[1] * 6])
    low, high = (b4(matrix, a=1, b0=b0).candidate_scores for b0 in (1.0, 1e6))
    assert low[0] > low[4]
    assert high[0] < high[4]


def test_who_passes_nothing_is_not_ranked():
    """However many there are."""
    ranking = b4(PassMatrix.of([[0, 0]] * 9 + [[1, 0]]))
    assert ranking.candidate_scores.tolist() == [0.0] * 9 + [1.0]
    assert ranking.case_scores.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("value", "score"), [(0, 0.0), (1, 1.0)])
def test_constant_matrices_tie(value, score):
    """All that pass all are the one group."""
    ranking = b4(PassMatrix.of([[value] * 3] * 2))
    assert ranking.candidate_scores.tolist() == [score] * 2
    assert ranking.case_scores.tolist() == [score] * 3


@pytest.mark.parametrize("wrong", [{"a": 0.0}, {"b0": -1.0}])
def test_parameters_of_a_distribution_are_above_0(wrong):
    """Said with both values."""
    with pytest.raises(ValueError, match="`a` and `b0` must be above 0, and are"):
        b4(PassMatrix.of([[1]]), **wrong)
