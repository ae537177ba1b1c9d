from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.bench.reliability import BINS, Scored, reliability


def scored(scores, right, samples=None):
    ones = np.ones(len(scores), int) if samples is None else np.array(samples)
    return Scored(np.array(scores, float), np.array(right, bool), ones)


def test_ece_and_brier_are_those_worked_out_by_hand():
    """Bins 9, 9, 1 and 5: (2 x |0.95 - 0.5| + |0.1 - 0| + |0.5 - 1|) / 4."""
    found = reliability([[scored([0.9, 1.0], [1, 0]), scored([0.1, 0.5], [0, 1])]], seed=0)
    assert found.ece.mean == pytest.approx((0.9 + 0.1 + 0.5) / 4)
    assert found.brier.mean == pytest.approx((0.01 + 1.0 + 0.01 + 0.25) / 4)
    assert (found.n_tasks, found.number, found.share_right) == (2, 4, 0.5)
    last = found.bins[9]
    assert (last.number, last.mean_score, last.share_right.mean) == (2, 0.95, 0.5)


def test_by_samples_each_counts_as_often_as_it_was_written():
    """Three samples wrote the right one: (3 x 0.1 + 1 x 0.2) / 4."""
    found = reliability([[scored([0.9, 0.2], [1, 0], [3, 1])]], seed=0)
    assert found.ece.mean == pytest.approx((0.1 + 0.2) / 2)
    assert found.ece_by_samples.mean == pytest.approx((3 * 0.1 + 0.2) / 4)
    assert found.brier_by_samples.mean == pytest.approx((3 * 0.01 + 0.04) / 4)


def test_bins_have_equal_width_and_the_last_one_holds_1():
    """An empty bin has no means."""
    found = reliability([[scored([0.0, 0.099, 0.1, 0.7, 1.0], [0, 0, 0, 1, 1])]], seed=0)
    assert [line.number for line in found.bins] == [2, 1, 0, 0, 0, 0, 0, 1, 0, 1]
    assert (found.bins[2].low, found.bins[2].high) == (0.2, 0.3)
    assert found.bins[2].mean_score is None
    assert found.bins[2].share_right is None


def test_scores_that_are_probabilities_are_calibrated():
    """Right as often as they say, up to chance."""
    rng = np.random.default_rng(0)
    tasks = []
    for _ in range(200):
        scores = rng.random(50)
        tasks.append(scored(scores, rng.random(50) < scores))
    found = reliability([tasks], seed=0)
    assert found.ece.mean < 0.02
    assert found.brier.mean == pytest.approx(1 / 6, abs=0.01)
    assert found.brier.low < found.brier.mean < found.brier.high
    for line in found.bins:
        assert line.share_right.low < line.share_right.mean < line.share_right.high
    assert len(found.bins) == BINS


def test_tasks_are_resampled_whole():
    """Two tasks, each of one opinion: the interval reaches from one to the other."""
    certain = scored([1.0] * 5, [1] * 5)
    mistaken = scored([1.0] * 5, [0] * 5)
    found = reliability([[certain, mistaken]], seed=0)
    assert (found.ece.mean, found.ece.low, found.ece.high) == (0.5, 0.0, 1.0)


def test_tasks_are_resampled_within_their_pool():
    """With one task a pool nothing is left to chance."""
    found = reliability([[scored([1.0], [1])], [scored([1.0], [0])]], seed=0)
    assert (found.ece.mean, found.ece.low, found.ece.high) == (0.5, 0.5, 0.5)


def test_nothing_to_judge_is_none():
    """No pool, no task, or tasks without anything."""
    assert reliability([], seed=0) is None
    assert reliability([[], [scored([], [])]], seed=0) is None
