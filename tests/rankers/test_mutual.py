from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.mutual import mutual


def test_one_step_sums_pass_rates():
    """Pass rates 2/3, 2/3 and 1/3: the candidates have 4/3, 1 and 2/3."""
    ranking = mutual(PassMatrix.of([[1, 1, 0], [1, 0, 1], [0, 1, 0]]), steps=1)
    assert ranking.candidate_scores == pytest.approx([1.0, 3 / 4, 1 / 2])
    assert ranking.case_scores == pytest.approx([1.0, 1.0, 0.5])


def test_the_exponent_is_of_the_cases():
    """With squares the first two have 4/9 + 4/9 and 4/9 + 1/9."""
    scores = mutual(PassMatrix.of([[1, 1, 0], [1, 0, 1], [0, 1, 0]]), steps=1, exponent=2)
    assert scores.candidate_scores == pytest.approx([1.0, 5 / 8, 1 / 2])


def test_many_steps_give_the_principal_singular_vectors():
    """With counts: of the matrix in which every copy has a row or column of its own."""
    rng = np.random.default_rng(3)
    matrix = PassMatrix(rng.random((6, 5)) < 0.6, rng.integers(1, 4, 6), rng.integers(1, 4, 5))
    rows = np.repeat(np.arange(6), matrix.candidate_counts)
    columns = np.repeat(np.arange(5), matrix.case_counts)
    left, _, right = np.linalg.svd(matrix.passed[np.ix_(rows, columns)].astype(float))
    ranking = mutual(matrix, steps=500)
    left, right = np.abs(left[:, 0]), np.abs(right[0])
    assert ranking.candidate_scores[rows] == pytest.approx(left / left.max(), abs=1e-9)
    assert ranking.case_scores[columns] == pytest.approx(right / right.max(), abs=1e-9)


def test_minmax_brings_the_least_to_0():
    """Three candidates with 4/3, 1 and 2/3 after one step; the cases had 1, 1 and 0."""
    ranking = mutual(PassMatrix.of([[1, 1, 0], [1, 0, 1], [0, 1, 0]]), norm="minmax", steps=1)
    assert ranking.case_scores.tolist() == [1.0, 1.0, 0.0]
    assert ranking.candidate_scores.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("norm", ["max", "minmax"])
@pytest.mark.parametrize("value", [0, 1])
def test_constant_matrices_tie(norm, value):
    """All 1 when all pass, all 0 when nothing does."""
    ranking = mutual(PassMatrix.of([[value] * 3] * 2), norm=norm)
    assert ranking.candidate_scores.tolist() == [value] * 2
    assert ranking.case_scores.tolist() == [value] * 3


def test_wrong_parameters_are_named():
    """With what is known."""
    matrix = PassMatrix.of([[1]])
    with pytest.raises(ValueError, match="`norm` is 'sum'; known: max, minmax"):
        mutual(matrix, norm="sum")
    with pytest.raises(ValueError, match="`steps` is 0, and must be at least 1"):
        mutual(matrix, steps=0)
