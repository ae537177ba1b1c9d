"""What a second round asks, on planted matrices."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.domain import Candidate, Case, Expectation, Role, Stage
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.pipeline.second import MAX_CASES, rivals, second_round, unsolved


def planted(passed, scores=None, *, counts=None, lengths=None):
    """Candidates and cases whose outcomes are `passed`, of the form "call and compare"."""
    table = np.array(passed, dtype=np.bool_)
    n, m = table.shape
    sources = [f"def f(x): return {i}" + " " * (lengths or [0] * n)[i] for i in range(n)]
    candidates = [Candidate(source, source, "model") for source in sources]
    cases = [
        Case(f"assert f({j}) == 0", "model", Expectation(f"f({j})", "0"), count=count)
        for j, count in enumerate(counts or [2] * m)
    ]
    matrix = PassMatrix(
        table, np.ones(n, dtype=np.int64), np.array([c.count for c in cases], dtype=np.int64)
    )
    return candidates, cases, matrix, Ranking("planted", np.array(scores or [0.5] * n), np.ones(m))


def written(cases):
    return {case.source: case.count for case in cases}


def test_competing_clusters_are_shown_to_the_tester():
    """One candidate of each of the two leading clusters, the shortest one."""
    candidates, cases, matrix, ranking = planted(
        [[1, 0], [1, 0], [0, 1]], [0.4, 0.4, 0.35], lengths=[9, 0, 0]
    )
    (asked,) = [
        a
        for a in second_round(candidates, cases, matrix, ranking, written={}, n=16)
        if a.role is Role.TESTER
    ]
    assert (asked.stage, asked.n, asked.first) == (Stage.SECOND, 16, 0)
    assert dict(asked.values) == {"leader": candidates[1].source, "rival": candidates[2].source}


def test_a_sure_leader_is_not_doubted():
    """No tester is asked where the next cluster is far behind."""
    candidates, _, matrix, ranking = planted([[1, 0], [0, 1]], [0.9, 0.1])
    assert rivals(candidates, matrix, ranking) is None


def test_a_rival_too_long_to_be_shown_is_not():
    """A prompt has room for so much."""
    candidates, _, matrix, ranking = planted([[1, 0], [0, 1]], lengths=[0, 2000])
    assert rivals(candidates, matrix, ranking) is None


def test_cases_that_no_candidate_passes_together_are_shown_to_the_coder():
    """The ones with the least support first; a case that one sample wrote is not among them."""
    _, cases, matrix, _ = planted([[1, 1, 0, 0], [1, 0, 1, 0]], counts=[3, 2, 2, 1])
    assert unsolved(cases, matrix, written(cases)) == [cases[1], cases[2], cases[0]]


def test_cases_that_a_candidate_passes_together_ask_for_nothing():
    """There is code for them."""
    _, cases, matrix, _ = planted([[1, 1, 0], [0, 0, 1]], counts=[2, 2, 1])
    assert unsolved(cases, matrix, written(cases)) == []


def test_of_cases_that_contradict_each_other_the_most_written_counts():
    """A group agrees with itself."""
    candidates, cases, matrix, _ = planted([[1, 0, 1], [0, 1, 0]], counts=[3, 2, 2])
    other = Case("assert f(0) == 1", "model", Expectation("f(0)", "1"), count=2)
    group = [cases[0], other, cases[2]]
    assert unsolved(group, matrix, written(group)) == []
    assert len(candidates) == 2


def test_what_running_code_gave_is_not_counted():
    """A case that one sample wrote stays one sample's, however often it was confirmed."""
    _, cases, matrix, _ = planted([[1, 0], [0, 1]], counts=[5, 5])
    assert unsolved(cases, matrix, {cases[0].source: 1, cases[1].source: 2}) == []


@pytest.mark.parametrize("n", [0, 3])
def test_room_for_cases_is_limited(n):
    """At most so many are shown; with no candidate at all none passes."""
    _, cases, matrix, _ = planted([[0] * 20] * n or np.zeros((0, 20)))
    assert len(unsolved(cases, matrix, written(cases))) == MAX_CASES
