from __future__ import annotations

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.random import random


def test_everything_ties_whatever_passes():
    """The matrix has no influence."""
    ranking = random(PassMatrix.of([[1, 1, 0], [0, 0, 0]]))
    assert ranking.method == "random"
    assert set(ranking.candidate_scores) == {0.5}
    assert set(ranking.case_scores) == {0.5}
    assert ranking.case_scores.shape == (3,)
