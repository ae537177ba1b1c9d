from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from pytest_genx.bench.subsample import submatrix, subsample
from pytest_genx.matrix import PassMatrix


@pytest.fixture
def whole():
    """Four candidates, three cases, and everything that can be known of them."""
    return PassMatrix(
        np.arange(12).reshape(4, 3) % 2 == 0,
        np.array([5, 1, 2, 2]),
        np.array([1, 7, 2]),
        observed=np.arange(12).reshape(4, 3),
        anchors=np.array([True, False, False]),
        incumbent=2,
        erred=np.arange(12).reshape(4, 3) % 4 == 1,
        logprobs=np.array([-1.0, -2.0, -3.0, -4.0]),
        weights=np.array([1.0, 0.5, 0.25]),
    )


def test_every_field_goes_along(whole):
    """So that a field which is added to the matrix is not forgotten here."""
    every = np.arange(4), np.arange(3), whole.candidate_counts, whole.case_counts
    same = submatrix(whole, *every)
    for field in fields(PassMatrix):
        assert getattr(whole, field.name) is not None, field.name
        assert np.array_equal(getattr(same, field.name), getattr(whole, field.name)), field.name


def test_rows_and_columns_are_cut_alike(whole):
    """And the incumbent is found in its new row, or is gone."""
    some = submatrix(whole, np.array([1, 2]), np.array([0, 2]), np.ones(2, int), np.ones(2, int))
    assert some.observed.tolist() == [[3, 5], [6, 8]]
    assert some.passed.tolist() == (np.array([[3, 5], [6, 8]]) % 2 == 0).tolist()
    assert some.logprobs.tolist() == [-2.0, -3.0]
    assert some.weights.tolist() == [1.0, 0.25]
    assert some.anchors.tolist() == [True, False]
    assert some.incumbent == 1
    none = submatrix(whole, np.array([0]), np.array([0]), np.ones(1, int), np.ones(1, int))
    assert none.incumbent is None


def test_samples_are_drawn_and_not_distinct_candidates(whole):
    """One draw of ten hits the program of five samples half of the time."""
    rng = np.random.default_rng(0)
    first = [subsample(whole, 1, 1, rng).rows.tolist() == [0] for _ in range(2000)]
    assert np.mean(first) == pytest.approx(0.5, abs=0.04)


def test_counts_are_of_what_was_drawn(whole):
    """As many as asked for, never more of one than there are."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        some = subsample(whole, 6, 4, rng)
        assert some.matrix.candidate_counts.sum() == 6
        assert some.matrix.case_counts.sum() == 4
        assert (some.matrix.candidate_counts <= whole.candidate_counts[some.rows]).all()
        assert (some.matrix.passed == whole.passed[np.ix_(some.rows, some.columns)]).all()


def test_where_there_are_fewer_all_are_taken(whole):
    """The whole matrix comes back."""
    some = subsample(whole, 99, 99, np.random.default_rng(0))
    assert (some.matrix.candidate_counts == whole.candidate_counts).all()
    assert (some.matrix.case_counts == whole.case_counts).all()
