from __future__ import annotations

from dataclasses import replace

import numpy as np

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.behaviours import agreeing, behaviours


def test_an_error_is_no_behaviour_when_it_is_told_apart():
    """Two candidates that raise do not agree by that."""
    matrix = replace(PassMatrix.of([[0], [0], [1]]), observed=np.array([[3], [3], [4]]))
    assert behaviours(matrix).tolist() == [[3], [3], [4]]
    erred = np.array([[True], [True], [False]])
    assert behaviours(replace(matrix, erred=erred)).tolist() == [[-1], [-1], [4]]


def test_nothing_known_agrees_with_nothing():
    """Not even with itself."""
    assert agreeing(np.array([-1, -1]), np.array([2, 3])).tolist() == [0, 0]
