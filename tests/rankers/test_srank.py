from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.srank import srank


def by_groups(matrix):
    """Compute r = I v over groups of equal observations, as it is published."""
    shares = matrix.candidate_counts / matrix.candidate_counts.sum()
    weights = matrix.case_counts / matrix.case_counts.sum()
    groups, of = np.unique(matrix.observed, axis=0, return_inverse=True)
    of = of.reshape(-1)
    rates = matrix.passed @ weights
    v = np.array([(shares * rates)[of == c].sum() for c in range(len(groups))])
    both = (groups[:, None] == groups[None]) & (groups[:, None] >= 0)
    return ((both @ weights) @ v)[of]


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_groups(seed):
    """Counts and cases that did not run included."""
    rng = np.random.default_rng(seed)
    observed = rng.integers(-1, 2, (8, 3))
    matrix = PassMatrix(
        observed == 1, rng.integers(1, 4, 8), rng.integers(1, 4, 3), observed=observed
    )
    assert srank(matrix).candidate_scores == pytest.approx(by_groups(matrix))


def test_partial_agreement_outweighs_a_larger_group():
    """Three alike that agree with nobody, against two pairs that share three of four inputs."""
    observed = np.array([[1] * 4] * 3 + [[2, 2, 2, 3]] * 2 + [[2, 2, 2, 4]] * 2)
    matrix = replace(PassMatrix.of([[1, 0, 0, 0]] * 7), observed=observed)
    scores = srank(matrix).candidate_scores
    assert scores[3:].min() > scores[:3].max()


def test_without_observations_passing_together_is_agreeing():
    """With v of (2/3, 1/3, 1/3) / 3 the first agrees with all on one case, with itself on two."""
    scores = srank(PassMatrix.of([[1, 1, 0], [0, 1, 0], [1, 0, 0]])).candidate_scores
    assert scores == pytest.approx([(2 * 2 + 1 + 1) / 27, (2 + 1) / 27, (2 + 1) / 27])


def test_a_case_has_the_share_of_scores_that_pass_it():
    """Of 6 + 3 + 3 the first two have 9, and the third case none."""
    scores = srank(PassMatrix.of([[1, 1, 0], [0, 1, 0], [1, 0, 0]])).case_scores
    assert scores == pytest.approx([9 / 12, 9 / 12, 0.0])


@pytest.mark.parametrize(("value", "score"), [(0, 0.0), (1, 1.0)])
def test_constant_matrices_tie(value, score):
    """All pass: all agree with all. All fail, nothing observed: nobody with anybody."""
    ranking = srank(PassMatrix.of([[value] * 3] * 2))
    assert ranking.candidate_scores.tolist() == [score] * 2
    assert ranking.case_scores.tolist() == [score] * 3
