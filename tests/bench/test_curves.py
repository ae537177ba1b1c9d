from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.bench.curves import draw_curves, sizes
from pytest_genx.bench.execute import Executed
from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.majority import majority
from pytest_genx.rankers.random import random


def task(n_candidates, n_cases):
    """Half of the candidates are correct and pass everything, the others nothing."""
    correct = np.arange(n_candidates) % 2 == 0
    matrix = PassMatrix(
        np.repeat(correct[:, None], n_cases, axis=1),
        np.ones(n_candidates, int),
        np.ones(n_cases, int),
    )
    return Executed("t", matrix, correct, "", 0.0)


def drawn(executed, seed=0):
    told = []
    curves = draw_curves(
        "p",
        executed,
        {"random": random, "majority": majority},
        baseline="random",
        seed=seed,
        draws=4,
        on_ranked=told.append,
    )
    return curves, sum(told)


def test_sizes_that_no_task_has_are_left_out():
    """Both sides at once."""
    assert sizes([task(10, 4), task(4, 10)]) == [(3, 3), (5, 3), (10, 3), (3, 5), (3, 10)]


def test_points_say_how_many_tasks_are_short():
    """Of either side."""
    curves, told = drawn([task(10, 4), task(4, 4)])
    assert [(p.n_candidates, p.n_cases, p.short) for p in curves.points] == [
        (3, 3, 0),
        (5, 3, 1),
        (10, 3, 1),
    ]
    assert told == 3 * 2


def test_values_are_those_of_the_rankers():
    """Whoever passes is right, so votes reach the ceiling; a random pick is right by half."""
    curves, _ = drawn([task(10, 3)] * 40)
    for point in curves.points:
        found = point.pass_at_1
        assert list(found) == ["random", "majority", "ceiling"]
        assert found["majority"] == found["ceiling"]
        assert found["random"].mean == pytest.approx(0.5, abs=0.06)
        assert found["random"].low <= found["random"].mean <= found["random"].high
        lead = found["majority"].mean - found["random"].mean
        assert point.leads["majority"].mean == pytest.approx(lead)
    assert curves.points[-1].pass_at_1["random"].mean == 0.5  # all ten are taken


def test_draws_depend_on_the_seed_alone():
    """And on nothing that ran before."""
    executed = [task(10, 3), task(6, 3)]
    assert drawn(executed) == drawn(executed)
    assert drawn(executed) != drawn(executed, seed=1)
