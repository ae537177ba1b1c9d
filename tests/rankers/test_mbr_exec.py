from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.mbr_exec import mbr_exec


def seen(observed, counts=None):
    """Make a matrix where nothing passes; it is not looked at."""
    observed = np.array(observed)
    n, m = observed.shape
    counts = np.ones(n, np.int64) if counts is None else np.array(counts)
    return PassMatrix(np.zeros((n, m), bool), counts, np.ones(m, np.int64), observed=observed)


def test_agreement_is_counted_by_input():
    """The second agrees with the first on one input and with the third on the other."""
    matrix = seen([[1, 1], [1, 2], [3, 2]])
    assert mbr_exec(matrix).candidate_scores == pytest.approx([3 / 6, 4 / 6, 3 / 6])
    assert mbr_exec(matrix, whole=True).candidate_scores == pytest.approx([1 / 3] * 3)


def test_samples_count():
    """Three samples of one program outnumber two programs that agree."""
    matrix = seen([[1], [2], [2]], counts=[3, 1, 1])
    assert mbr_exec(matrix).candidate_scores == pytest.approx([3 / 5, 2 / 5, 2 / 5])


def test_who_does_not_run_agrees_with_nobody():
    """Not with others that do not run either."""
    matrix = seen([[-1], [-1], [4]])
    assert mbr_exec(matrix).candidate_scores == pytest.approx([0.0, 0.0, 1 / 3])
    assert mbr_exec(matrix, whole=True).candidate_scores == pytest.approx([0.0, 0.0, 1 / 3])


@pytest.mark.parametrize("whole", [False, True])
def test_likelihood_orders_equals_and_nothing_else(whole):
    """The two that agree stay before the third, which is the most likely by far."""
    matrix = replace(seen([[1, 1], [1, 1], [2, 2]]), logprobs=np.array([-9.0, -5.0, -0.1]))
    scores = mbr_exec(matrix, whole=whole).candidate_scores
    assert scores[1] > scores[0] > scores[2] > 0.0


def test_without_observations_rows_are_what_agrees():
    """Identical rows, not the number of cases passed; who passes nothing is left out."""
    ranking = mbr_exec(PassMatrix.of([[1, 0], [1, 0], [1, 1]] + [[0, 0]] * 4))
    assert ranking.candidate_scores == pytest.approx([2 / 7, 2 / 7, 1 / 7, 0, 0, 0, 0])
    assert ranking.case_scores == pytest.approx([1.0, 1 / 5])


@pytest.mark.parametrize(("value", "score"), [(0, 0.0), (1, 1.0)])
def test_constant_matrices_tie(value, score):
    """All pass: one group. All fail, nothing observed: nothing to agree on."""
    ranking = mbr_exec(PassMatrix.of([[value] * 3] * 2))
    assert ranking.candidate_scores.tolist() == [score] * 2
    assert ranking.case_scores.tolist() == [score] * 3
