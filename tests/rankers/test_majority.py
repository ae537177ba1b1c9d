from __future__ import annotations

import numpy as np

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.majority import majority


def test_votes_count_as_often_as_they_were_written():
    """A case written three times weighs three, and so does a candidate."""
    matrix = PassMatrix(np.array([[1, 0], [0, 1]], bool), np.array([1, 3]), np.array([3, 1]))
    ranking = majority(matrix)
    assert ranking.candidate_scores.tolist() == [0.75, 0.25]
    assert ranking.case_scores.tolist() == [0.25, 0.75]


def test_more_passed_cases_score_higher_whoever_agrees():
    """Agreement among candidates has no influence."""
    ranking = majority(PassMatrix.of([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 1]]))
    assert ranking.candidate_scores.argmax() == 2
