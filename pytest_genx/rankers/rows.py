"""Groups of candidates with identical rows: what several rankers reason about. No scores here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pytest_genx.matrix import Bools, Ints, PassMatrix


@dataclass(frozen=True, slots=True)
class RowGroups:
    """Candidates that pass exactly the same cases, group by group.

    Args:
        rows: `[n_groups, n_cases] bool`, each row once.
        samples: `[n_groups] int64`, samples that wrote the group's candidates.
        members: `[n_groups] int64`, distinct candidates of the group.
        of: `[n_candidates] int64`, the group of each candidate.
    """

    rows: Bools
    samples: Ints
    members: Ints
    of: Ints


def group_rows(matrix: PassMatrix) -> RowGroups:
    """Group the candidates of a matrix by their rows.

    >>> groups = group_rows(PassMatrix.of([[1, 0], [0, 0], [1, 0]]))
    >>> groups.members.tolist(), groups.of.tolist()
    ([1, 2], [1, 0, 1])
    """
    n_candidates, n_cases = matrix.passed.shape
    if n_cases == 0:  # numpy cannot sort rows without columns
        rows = np.zeros((min(n_candidates, 1), 0), np.bool_)
        of = np.zeros(n_candidates, np.int64)
    else:
        rows, inverse = np.unique(matrix.passed, axis=0, return_inverse=True)
        of = inverse.reshape(-1).astype(np.int64)
    samples = np.zeros(len(rows), np.int64)
    np.add.at(samples, of, matrix.candidate_counts)
    return RowGroups(rows, samples, np.bincount(of, minlength=len(rows)).astype(np.int64), of)
