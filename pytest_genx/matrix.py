"""The pass matrix and the ranking made from it; arrays only, no algorithm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PassMatrix:
    """Who passes what, how often each was sampled, and what else is known.

    Args:
        passed: `[n_candidates, n_cases] bool`.
        candidate_counts: `[n_candidates] int64`, samples that wrote each candidate, at least 1.
        case_counts: `[n_cases] int64`, likewise for cases.
        observed: `[n_candidates, n_cases] int64`, equal numbers in a column mean equal
            observations, -1 means none; None when nothing was observed.
        anchors: `[n_cases] bool`, cases that are trusted; None when none are.
        incumbent: row of the current code, None when there is none (a stub).

    Raises:
        ValueError: shapes disagree or a count is below 1.
    """

    passed: Bools
    candidate_counts: Ints
    case_counts: Ints
    observed: Ints | None = None
    anchors: Bools | None = None
    incumbent: int | None = None

    def __post_init__(self) -> None:
        if self.passed.ndim != 2:
            raise ValueError("`passed` must be a 2d array")
        n, m = self.passed.shape
        for name, array, shape in (
            ("candidate_counts", self.candidate_counts, (n,)),
            ("case_counts", self.case_counts, (m,)),
            ("observed", self.observed, (n, m)),
            ("anchors", self.anchors, (m,)),
        ):
            if array is not None and array.shape != shape:
                raise ValueError(f"`{name}` has shape {array.shape}, expected {shape}")
        if (self.candidate_counts < 1).any() or (self.case_counts < 1).any():
            raise ValueError("counts must be at least 1")

    @classmethod
    def of(cls, rows: npt.ArrayLike) -> PassMatrix:
        """Make a matrix of single samples from nested 0/1 lists (for tests and examples)."""
        passed = np.asarray(rows, dtype=np.bool_)
        n, m = passed.shape
        return cls(passed, np.ones(n, np.int64), np.ones(m, np.int64))


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scores in [0, 1] for both sides, higher is better; equal scores are ties.

    Args:
        method: name of the ranker.
        candidate_scores: `[n_candidates] float64`.
        case_scores: `[n_cases] float64`.
    """

    method: str
    candidate_scores: Floats
    case_scores: Floats
