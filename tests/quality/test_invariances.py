"""What must hold for every ranker on every matrix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_genx import builtin
from pytest_genx.config import Config
from pytest_genx.matrix import PassMatrix

NAMES = tuple(builtin.genx_rankers())
RANKERS = [builtin.genx_rankers()[name](Config(rootdir=Path())) for name in NAMES]
BY_NAME = dict(zip(NAMES, RANKERS, strict=True))


def those(*names):
    """Parametrize a test with some rankers."""
    return pytest.mark.parametrize("ranker", [BY_NAME[name] for name in names], ids=names)


every_ranker = those(*NAMES)

# A case that all pass leaves the order of candidates as it is, for what it adds is the same for
# all and weighs nothing elsewhere. It changes: for `codet` and `b4` the ratio of cases passed; for
# `mutual` (from the second step on) and `mpsc` the weight of large groups; for `srank` the ratio
# of pass rates. `mbr_exec` has it when the case was observed, and without observations by looking
# at groups alone.
INDIFFERENT = ("random", "majority", "aces_c", "aces_o", "mbr_exec", "dual_critic")

# Passing something is scoring above 0; for the others evidence may weigh nothing, or behaviour
# counts and passes do not. A case that nobody passes may be right even so: for `dual_critic` that
# has a probability, when right code may not have been written.
ZERO_FOR_NOTHING = ("majority", "codet", "b4", "dual_critic")
ZERO_FOR_NOBODY = ("majority", "codet", "b4")


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
        logprobs=draw(st.none() | arrays.arrays(np.float64, n, elements=st.floats(-9, 0))),
    )


def permuted(matrix, rows, columns):
    """Take rows and columns in another order."""
    return PassMatrix(
        matrix.passed[np.ix_(rows, columns)],
        matrix.candidate_counts[rows],
        matrix.case_counts[columns],
        observed=None if matrix.observed is None else matrix.observed[np.ix_(rows, columns)],
        anchors=None if matrix.anchors is None else matrix.anchors[columns],
        logprobs=None if matrix.logprobs is None else matrix.logprobs[rows],
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


@those(*ZERO_FOR_NOTHING)
@given(matrix=matrices(least=1))
def test_passing_nothing_scores_0(ranker, matrix):
    """And a candidate that passes anything scores above 0."""
    scores = ranker(matrix).candidate_scores
    assert ((scores > 0) == matrix.passed.any(axis=1)).all()


@those(*ZERO_FOR_NOBODY)
@given(matrix=matrices(least=1))
def test_passed_by_nobody_scores_0(ranker, matrix):
    """Of cases; those that somebody passes may score 0 too."""
    assert ((ranker(matrix).case_scores > 0) <= matrix.passed.any(axis=0)).all()


@every_ranker
@given(matrix=matrices())
def test_the_matrix_is_left_as_it_was(ranker, matrix):
    """A ranker is a pure function: the same twice, and nothing written to its argument."""
    before = replace(matrix, passed=matrix.passed.copy())
    first, second = ranker(matrix), ranker(matrix)
    assert (matrix.passed == before.passed).all()
    assert first.candidate_scores.tolist() == second.candidate_scores.tolist()
    assert first.case_scores.tolist() == second.case_scores.tolist()


@every_ranker
@given(matrix=matrices())
def test_copies_are_the_same_as_one_with_their_count(ranker, matrix):
    """A row written k times, or a column."""
    rows = np.repeat(np.arange(len(matrix.passed)), matrix.candidate_counts)
    columns = np.repeat(np.arange(matrix.passed.shape[1]), matrix.case_counts)
    copied = replace(
        permuted(matrix, rows, columns),
        candidate_counts=np.ones(len(rows), np.int64),
        case_counts=np.ones(len(columns), np.int64),
    )
    counted, written = ranker(matrix), ranker(copied)
    assert np.allclose(written.candidate_scores, counted.candidate_scores[rows], atol=1e-9)
    assert np.allclose(written.case_scores, counted.case_scores[columns], atol=1e-9)


@those(*INDIFFERENT)
@given(matrix=matrices(least=1))
def test_a_case_that_all_pass_leaves_the_order(ranker, matrix):
    """Of those that pass anything besides, ties included."""
    n, _ = matrix.passed.shape
    more = PassMatrix(
        np.hstack([matrix.passed, np.ones((n, 1), bool)]),
        matrix.candidate_counts,
        np.append(matrix.case_counts, 1),
        observed=None
        if matrix.observed is None
        else np.hstack([matrix.observed, np.full((n, 1), 3)]),
        logprobs=matrix.logprobs,
    )
    passing = matrix.passed.any(axis=1)
    if ranker is BY_NAME["mbr_exec"] and matrix.observed is not None:
        passing = (matrix.observed >= 0).any(axis=1)
    before = ranker(replace(matrix, anchors=None)).candidate_scores[passing]
    after = ranker(more).candidate_scores[passing]
    assert (
        np.sign(np.subtract.outer(before, before)) == np.sign(np.subtract.outer(after, after))
    ).all()
