from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.aces_c import aces_c
from pytest_genx.rankers.aces_o import _gradient, _on_simplex, aces_o
from pytest_genx.rankers.rows import group_rows

TEMPERATURE = 0.2


def objective(weights, matrix):
    """Compute the smooth objective pair by pair, copies of rows and columns written out."""
    rows = np.repeat(np.arange(len(matrix.passed)), matrix.candidate_counts)
    columns = np.repeat(np.arange(matrix.passed.shape[1]), matrix.case_counts)
    passed = matrix.passed[np.ix_(rows, columns)]
    each = (weights / matrix.case_counts)[columns]
    total = 0.0
    for j in range(len(columns)):
        others = passed @ each - passed[:, j] * each[j]
        yes, no = others[passed[:, j]], others[~passed[:, j]]
        if len(yes) and len(no):
            won = 1 / (1 + np.exp(-(yes[:, None] - no) / TEMPERATURE))
            total += each[j] * (won.mean() - 0.5)
    return total


def test_the_gradient_is_that_of_the_objective():
    """Against finite differences, with counts and constant columns."""
    rng = np.random.default_rng(5)
    matrix = PassMatrix(rng.random((6, 4)) < 0.5, rng.integers(1, 3, 6), rng.integers(1, 3, 4))
    weights, h = np.array([0.1, 0.4, 0.2, 0.3]), 1e-6
    slope = _gradient(weights, group_rows(matrix), matrix, TEMPERATURE)
    for j in range(4):
        moved = np.eye(4)[j] * h
        rise = objective(weights + moved, matrix) - objective(weights - moved, matrix)
        assert slope[j] == pytest.approx(rise / (2 * h), abs=1e-6)


def test_the_projection_is_the_nearest_point():
    """Two coordinates stay above 0 and lose the same; a copy counts as a coordinate."""
    one = np.ones(3, np.int64)
    assert _on_simplex(np.array([0.9, 0.5, -0.3]), one) == pytest.approx([0.7, 0.3, 0.0])
    twice = _on_simplex(np.array([0.9, 0.5]), np.array([2, 1]))
    apart = _on_simplex(np.array([0.9, 0.9, 0.5]), one)
    assert twice == pytest.approx([apart[0] + apart[1], apart[2]])


def test_no_steps_are_aces_c():
    """The start of the ascent."""
    rng = np.random.default_rng(1)
    matrix = PassMatrix(rng.random((9, 5)) < 0.5, rng.integers(1, 3, 9), rng.integers(1, 3, 5))
    start, published = aces_o(matrix, steps=0), aces_c(matrix)
    assert start.candidate_scores == pytest.approx(published.candidate_scores)
    assert start.case_scores == pytest.approx(published.case_scores)


def test_the_ascent_ascends():
    """Every few steps more, with a small step, raise the objective."""
    rng = np.random.default_rng(2)
    matrix = PassMatrix.of(rng.random((12, 6)) < rng.random((12, 1)))
    run = partial(aces_o, matrix, step=0.1, temperature=TEMPERATURE)
    heights = []
    for steps in (0, 5, 10, 20):
        scores = run(steps=steps).case_scores
        heights.append(objective(scores / scores.sum(), matrix))
    assert heights == sorted(set(heights))


@pytest.mark.parametrize("rows", [[[0, 0]] * 3, [[1, 1]] * 3, [[1, 0]]])
def test_constant_cases_weigh_nothing(rows):
    """All fail, all pass, one row: all tie at 0."""
    ranking = aces_o(PassMatrix.of(rows))
    assert not ranking.candidate_scores.any()
    assert not ranking.case_scores.any()


def test_one_case_has_all_the_weight():
    """ACES-C has nothing to say there, so the ascent starts from equal weights."""
    ranking = aces_o(PassMatrix.of([[1], [0]]))
    assert ranking.candidate_scores.tolist() == [1.0, 0.0]
    assert ranking.case_scores.tolist() == [1.0]


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"steps": -1}])
def test_wrong_parameters_are_named(wrong):
    """Said with both values."""
    with pytest.raises(ValueError, match="`temperature` must be above 0 and `steps` not negative"):
        aces_o(PassMatrix.of([[1]]), **wrong)
