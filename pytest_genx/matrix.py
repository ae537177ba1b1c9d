"""The pass matrix and the ranking made from it; arrays only, no algorithm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
_KINDS = {"b": "bool", "i": "whole numbers", "f": "floating point numbers"}


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
        erred: `[n_candidates, n_cases] bool`, failures by something else than the assertion: an
            exception, the time limit, the end of the process; None when they were not told apart.
        logprobs: `[n_candidates] float64`, nats, what the model gives each candidate; None when
            it does not tell.
        weights: `[n_cases] float64` in [0, 1], how much of a witness each case is: less than 1
            for weak cases and near-duplicates; None when all are whole ones.

    Raises:
        ValueError: shapes or types disagree, a number is NaN, or a count is below 1.
    """

    passed: Bools
    candidate_counts: Ints
    case_counts: Ints
    observed: Ints | None = None
    anchors: Bools | None = None
    incumbent: int | None = None
    erred: Bools | None = None
    logprobs: Floats | None = None
    weights: Floats | None = None

    def __post_init__(self) -> None:
        if self.passed.ndim != 2:
            raise ValueError("`passed` must be a 2d array")
        n, m = self.passed.shape
        for name, array, shape, kind in (
            ("passed", self.passed, (n, m), "b"),
            ("candidate_counts", self.candidate_counts, (n,), "i"),
            ("case_counts", self.case_counts, (m,), "i"),
            ("observed", self.observed, (n, m), "i"),
            ("anchors", self.anchors, (m,), "b"),
            ("erred", self.erred, (n, m), "b"),
            ("logprobs", self.logprobs, (n,), "f"),
            ("weights", self.weights, (m,), "f"),
        ):
            if array is None:
                continue
            if array.shape != shape:
                raise ValueError(f"`{name}` has shape {array.shape}, expected {shape}")
            if array.dtype.kind != kind:
                raise ValueError(f"`{name}` has type {array.dtype}, expected {_KINDS[kind]}")
        if (self.candidate_counts < 1).any() or (self.case_counts < 1).any():
            raise ValueError("counts must be at least 1")
        if self.logprobs is not None and not np.isfinite(self.logprobs).all():
            raise ValueError("`logprobs` must be finite")
        if self.weights is not None and not ((self.weights >= 0) & (self.weights <= 1)).all():
            raise ValueError("`weights` must be within 0 and 1")
        if self.incumbent is not None and not 0 <= self.incumbent < n:
            raise ValueError(f"`incumbent` is row {self.incumbent}, and there are {n} rows")

    def passes_only(self) -> PassMatrix:
        """Return the matrix without anything but passes and counts."""
        return PassMatrix(self.passed, self.candidate_counts, self.case_counts)

    @classmethod
    def of(cls, rows: npt.ArrayLike) -> PassMatrix:
        """Make a matrix of single samples from nested 0/1 lists (for tests and examples).

        Raises:
            ValueError: something is neither 0 nor 1.
        """
        values = np.asarray(rows)
        if not np.isin(values, (0, 1)).all():
            raise ValueError("`passed` must hold nothing but 0 and 1")
        passed = values.astype(np.bool_)
        if passed.ndim != 2:
            raise ValueError("`passed` must be a 2d array")
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
