"""What must hold for every ranker on every matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.codet import codet
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.rankers.majority import majority
from pytest_genx.rankers.random import random

RANKERS = [random, majority, codet, dual_critic]
every_ranker = pytest.mark.parametrize("ranker", RANKERS, ids=lambda ranker: ranker.__name__)


@st.composite
def matrices(draw, least=0):
    """Draw a small matrix, with or without observations and anchors."""
    n, m = draw(st.integers(least, 7)), draw(st.integers(least, 7))
    counts = st.integers(1, 9)
    return PassMatrix(
        draw(arrays.arrays(bool, (n, m))),
        draw(arrays.arrays(np.int64, n, elements=counts)),
        draw(arrays.arrays(np.int64, m, elements=counts)),
        observed=draw(
            st.none() | arrays.arrays(np.int64, (n, m), elements=st.integers(-1, 2)),
        ),
        anchors=draw(st.none() | arrays.arrays(bool, m)),
    )


def permuted(matrix, rows, columns):
    """Take rows and columns in another order."""
    return PassMatrix(
        matrix.passed[np.ix_(rows, columns)],
        matrix.candidate_counts[rows],
        matrix.case_counts[columns],
        observed=None if matrix.observed is None else matrix.observed[np.ix_(rows, columns)],
        anchors=None if matrix.anchors is None else matrix.anchors[columns],
    )


@every_ranker
@given(matrix=matrices())
def test_scores_are_finite_and_within_0_and_1(ranker, matrix):
    """Empty matrices included, and shapes fit."""
    ranking = ranker(matrix)
    n, m = matrix.passed.shape
    for scores, shape in ((ranking.candidate_scores, (n,)), (ranking.case_scores, (m,))):
        assert scores.shape == shape
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()
        assert ((scores >= 0.0) & (scores <= 1.0)).all()


@every_ranker
@given(matrix=matrices(), data=st.data())
def test_order_of_rows_and_columns_has_no_influence(ranker, matrix, data):
    """Scores move with their rows and columns, and ties stay ties."""
    n, m = matrix.passed.shape
    rows = np.array(data.draw(st.permutations(range(n))), dtype=np.int64)
    columns = np.array(data.draw(st.permutations(range(m))), dtype=np.int64)
    plain, moved = ranker(matrix), ranker(permuted(matrix, rows, columns))
    assert np.allclose(moved.candidate_scores, plain.candidate_scores[rows], rtol=1e-9, atol=0)
    assert np.allclose(moved.case_scores, plain.case_scores[columns], rtol=1e-9, atol=1e-11)
    for before, after in (
        (plain.candidate_scores[rows], moved.candidate_scores),
        (plain.case_scores[columns], moved.case_scores),
    ):
        assert (np.equal.outer(before, before) == np.equal.outer(after, after)).all()


@every_ranker
@given(matrix=matrices(least=1))
def test_identical_rows_and_identical_columns_tie(ranker, matrix):
    """Nothing else distinguishes them, when nothing was observed and counts are equal."""
    n, m = matrix.passed.shape
    plain = PassMatrix(matrix.passed, np.ones(n, np.int64), np.ones(m, np.int64))
    ranking = ranker(plain)
    for i in range(n):
        same = (matrix.passed == matrix.passed[i]).all(axis=1)
        assert (ranking.candidate_scores[same] == ranking.candidate_scores[i]).all()
    for j in range(m):
        same = (matrix.passed == matrix.passed[:, [j]]).all(axis=0)
        assert (ranking.case_scores[same] == ranking.case_scores[j]).all()


@pytest.mark.parametrize("ranker", [majority, codet, dual_critic], ids=lambda r: r.__name__)
@given(matrix=matrices(least=1))
def test_passing_nothing_and_passed_by_nobody_score_0(ranker, matrix):
    """And a candidate that passes anything scores above 0."""
    ranking = ranker(matrix)
    assert ((ranking.candidate_scores > 0) == matrix.passed.any(axis=1)).all()
    assert ((ranking.case_scores > 0) <= matrix.passed.any(axis=0)).all()


@every_ranker
@given(matrix=matrices())
def test_the_matrix_is_left_as_it_was(ranker, matrix):
    """A ranker is a pure function: the same twice, and nothing written to its argument."""
    before = replace(matrix, passed=matrix.passed.copy())
    first, second = ranker(matrix), ranker(matrix)
    assert (matrix.passed == before.passed).all()
    assert first.candidate_scores.tolist() == second.candidate_scores.tolist()
    assert first.case_scores.tolist() == second.case_scores.tolist()
