from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.sums import scaled, summable, support


@pytest.mark.parametrize("bound", [1.0, 3.0, 1000.0])
def test_sums_are_the_same_in_any_order(bound):
    """Whatever the bound, as long as it is one."""
    rng = np.random.default_rng(0)
    terms = rng.random(500)
    terms = summable(terms * bound / terms.sum(), bound)
    sums = {float(np.cumsum(rng.permutation(terms))[-1]) for _ in range(50)}
    assert len(sums) == 1
    assert sums.pop() == pytest.approx(bound)


def test_scores_are_divided_by_the_greatest():
    """Of nothing, and of zeros, there is no greatest to divide by."""
    assert scaled(np.array([1.0, 4.0])).tolist() == [0.25, 1.0]
    assert scaled(np.zeros(2)).tolist() == [0.0, 0.0]
    assert scaled(np.zeros(0)).tolist() == []


def test_support_counts_samples():
    """Three samples of 1/4 against one of 1/4."""
    matrix = PassMatrix(np.array([[True, False], [True, True]]), np.array([3, 1]), np.array([1, 1]))
    assert support(matrix, np.array([0.25, 0.25])).tolist() == [1.0, 0.25]
    assert support(matrix, np.zeros(2)).tolist() == [0.0, 0.0]
