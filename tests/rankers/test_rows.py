from __future__ import annotations

import numpy as np

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.rows import group_rows


def test_identical_rows_share_a_group():
    """Samples and members are summed over the candidates of a group."""
    matrix = PassMatrix(
        np.array([[1, 0], [0, 1], [1, 0]], bool), np.array([2, 5, 3]), np.ones(2, np.int64)
    )
    groups = group_rows(matrix)
    assert groups.of[0] == groups.of[2] != groups.of[1]
    assert groups.samples[groups.of].tolist() == [5, 5, 5]
    assert groups.members[groups.of].tolist() == [2, 1, 2]
    assert groups.rows[groups.of].tolist() == matrix.passed.tolist()


def test_without_cases_all_candidates_are_one_group():
    """Rows of no columns are identical."""
    groups = group_rows(PassMatrix.of(np.zeros((3, 0))))
    assert groups.rows.shape == (1, 0)
    assert groups.members.tolist() == [3]
    assert groups.of.tolist() == [0, 0, 0]


def test_without_candidates_there_is_no_group():
    """Nothing to group."""
    for shape in ((0, 0), (0, 4)):
        groups = group_rows(PassMatrix.of(np.zeros(shape)))
        assert groups.rows.shape == shape
        assert groups.of.shape == (0,)
