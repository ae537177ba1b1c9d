"""Rankings after two batches of samples -> whether another batch is worth asking for.

The rule, after at least two batches. Where code and cases compete (consensus, tests): stop when
the last batch changed neither the leading cluster nor the best case, and the ranking is sure of
the leader. Where the code is trusted, cases are what is sought, so stop when the last batch
brought no new behaviour: no candidate and no case that differs from those before it. What it
does not do: sample, rank.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from pytest_genx.domain import Oracle
from pytest_genx.matrix import Bools, Ints, PassMatrix, Ranking
from pytest_genx.pipeline.clusters import clusters, undecided

_DIGITS = 6  # of scores that count as equal: the same on every processor


@dataclass(frozen=True, slots=True)
class Standing:
    """What a ranking comes to.

    Args:
        leaders: keys of the candidates in the leading cluster.
        best: keys of the cases with the highest score.
        sure: whether the leading cluster is ahead of the others; see `clusters.undecided`.
        behaviours: how many distinct rows and columns of outcomes there are.
    """

    leaders: frozenset[Hashable]
    best: frozenset[Hashable]
    sure: bool
    behaviours: int


def standing(
    candidates: Sequence[Hashable],
    cases: Sequence[Hashable],
    matrix: PassMatrix,
    ranking: Ranking,
) -> Standing:
    """Say who leads.

    Args:
        candidates: for each row what is the same candidate after another batch.
        cases: likewise for each column.
        matrix: the pass matrix.
        ranking: scores of both sides.
    """
    found = clusters(matrix, ranking)
    scores = ranking.case_scores.round(_DIGITS)
    best = np.flatnonzero(scores == scores.max()).tolist() if len(scores) else []
    looks = matrix.passed if matrix.observed is None else matrix.observed
    return Standing(
        frozenset(candidates[i] for i in found[0].members) if found else frozenset(),
        frozenset(cases[j] for j in best),
        bool(found) and not undecided(found),
        _distinct(looks) + _distinct(looks.T),
    )


def settled(before: Standing, now: Standing, oracle: Oracle) -> bool:
    """Say whether another batch is unlikely to change what is reported.

    The leading cluster is the same if some candidate leads both times: a cluster grows with
    candidates and splits with cases. Likewise some case must be among the best both times.

    Args:
        before: after all batches but the last.
        now: after the last batch.
        oracle: what is trusted.
    """
    if oracle is Oracle.CODE:
        return now.behaviours == before.behaviours
    return now.sure and bool(now.leaders & before.leaders) and bool(now.best & before.best)


def why(oracle: Oracle) -> str:
    """Say what `settled` found, for people."""
    if oracle is Oracle.CODE:
        return "the last ones showed no new behaviour"
    return "the last ones changed neither the best candidates nor the best case"


def _distinct(rows: Bools | Ints) -> int:
    return len({row.tobytes() for row in np.ascontiguousarray(rows)})
