from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.codet import codet


def test_the_score_is_the_published_product_scaled():
    """sqrt(samples) x cases, with multiplicities, over the most that could be."""
    matrix = PassMatrix(
        np.array([[1, 0, 1], [1, 0, 1], [0, 1, 0]], bool), np.array([3, 1, 5]), np.array([2, 1, 4])
    )
    most = 9**0.5 * 7
    expected = [4**0.5 * 6 / most, 4**0.5 * 6 / most, 5**0.5 * 1 / most]
    assert codet(matrix).candidate_scores == pytest.approx(expected)


def test_agreement_outweighs_one_more_case():
    """Four candidates on two cases beat one candidate on three."""
    ranking = codet(PassMatrix.of([[1, 1, 0, 0, 0]] * 4 + [[0, 0, 1, 1, 1]]))
    assert ranking.candidate_scores[0] > ranking.candidate_scores[4]


def test_equal_products_tie_exactly():
    """sqrt(2) x 3 and sqrt(18) x 1 differ as floats; the scores must not."""
    rows = np.array([[1, 1, 1, 0], [0, 0, 0, 1]], bool)
    matrix = PassMatrix(rows, np.array([2, 18]), np.ones(4, np.int64))
    first, second = codet(matrix).candidate_scores
    assert 2**0.5 * 3 != 18**0.5
    assert first == second


def test_a_case_scores_as_its_best_group():
    """The best group among those that pass it; none gives 0."""
    ranking = codet(PassMatrix.of([[1, 0, 0], [1, 1, 0], [1, 1, 0]]))
    best, small = ranking.candidate_scores[1], ranking.candidate_scores[0]
    assert ranking.case_scores.tolist() == [best, best, 0.0]
    assert small < best
