from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix

ONES = np.ones(2, dtype=np.int64)


def test_nested_lists_make_a_matrix_of_single_samples():
    """Rows are candidates, columns are cases, every count is 1."""
    matrix = PassMatrix.of([[1, 0, 1], [0, 0, 0]])
    assert matrix.passed.tolist() == [[True, False, True], [False, False, False]]
    assert matrix.candidate_counts.tolist() == [1, 1]
    assert matrix.case_counts.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"passed": np.ones(2, bool)}, "`passed` must be a 2d array"),
        ({"candidate_counts": np.ones(3, int)}, r"`candidate_counts` has shape \(3,\)"),
        ({"case_counts": np.ones(1, int)}, r"`case_counts` has shape \(1,\)"),
        ({"observed": np.zeros((2, 1), int)}, r"`observed` has shape \(2, 1\)"),
        ({"anchors": np.zeros(3, bool)}, r"`anchors` has shape \(3,\), expected \(2,\)"),
        ({"case_counts": np.zeros(2, int)}, "counts must be at least 1"),
        ({"candidate_counts": np.array([-1, 2])}, "counts must be at least 1"),
        ({"candidate_counts": np.array([1.5, 2.0])}, "has type float64, expected whole numbers"),
        ({"passed": np.full((2, 2), np.nan)}, "`passed` has type float64, expected bool"),
        ({"erred": np.zeros((1, 2), bool)}, r"`erred` has shape \(1, 2\), expected \(2, 2\)"),
        ({"logprobs": np.array([np.nan, -1.0])}, "`logprobs` must be finite"),
        ({"weights": np.array([np.nan, 1.0])}, "`weights` must be within 0 and 1"),
        ({"weights": np.array([0.5, 1.1])}, "`weights` must be within 0 and 1"),
        ({"incumbent": 2}, "`incumbent` is row 2, and there are 2 rows"),
    ],
)
def test_shapes_and_counts_are_checked(fields, message):
    """A wrong array is named, with the shape it has and the one it should have."""
    good = {
        "passed": np.ones((2, 2), bool),
        "candidate_counts": ONES,
        "case_counts": ONES,
    }
    with pytest.raises(ValueError, match=message):
        PassMatrix(**(good | fields))


def test_nested_lists_hold_nothing_but_0_and_1():
    """NaN would pass as true."""
    with pytest.raises(ValueError, match="nothing but 0 and 1"):
        PassMatrix.of([[1, float("nan")]])
    with pytest.raises(ValueError, match="2d"):
        PassMatrix.of([1, 0])
