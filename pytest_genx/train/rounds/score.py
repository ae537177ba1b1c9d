"""What a version is worth: figures a problem, their means, and intervals over problems.

For a **tester** the samples' cases are counted as often as samples wrote them:

* pass rate: the share of sampled cases that the reference passes *as they were written*;
* pass num: how many distinct cases of a problem those are;
* runs rate, runs num: the same for cases whose *input* is of use, whatever value was written:
  the reference returns something that a test can state, in two processes with other hash seeds;
* validity: the share of distinct cases that the reference passes as written;
* mutants killed: the share of mutants of the reference that fail one of the first kept cases,
  values corrected; mutants that nothing at hand tells from the reference are left out.

For a **coder**:

* pass rate: the share of samples that pass all original tests; no code in it is a failure;
* pass num: how many distinct codes of a problem those are; codes that differ in layout, comments
  or docstring are one;
* pass@k: the unbiased estimator, for 1 and for as many as there are samples.

Score is the mean pass rate times the mean pass num, both means over problems: not the mean of
products. Ranking accuracy is the probability that the best code of the ranking is right, over
problems where some samples are right and some are wrong; cases are those of the tester as written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pytest_genx.bench.metrics import (
    Interval,
    percentiles,
    random_pass_at_k,
    ranked_pass_at_k,
    resample,
)
from pytest_genx.domain import Outcome
from pytest_genx.interfaces import Ranker
from pytest_genx.matrix import Floats, Ints
from pytest_genx.pipeline.score import to_matrix
from pytest_genx.train.rounds.execute import Executed

Figures = dict[str, float | None]

SCORES = {  # Score: the pair of figures whose means are multiplied
    "tester Score": ("tester pass rate", "tester pass num"),
    "tester Score, values corrected": ("tester runs rate", "tester runs num"),
    "coder Score": ("coder pass rate", "coder pass num"),
}
_PASS = Outcome.PASS


def figures(done: Executed, coder: int, first: int, rankers: Mapping[str, Ranker]) -> Figures:
    """Measure one problem.

    Args:
        done: executed with its cases as written as the last columns.
        coder: samples that the coder was asked for.
        first: kept cases whose kills count.
        rankers: name to ranker.

    Returns:
        Figures by name; None where a figure does not exist for this problem.
    """
    counts = [j.written.count for j in done.cases]
    valid = [j.outcome is _PASS for j in done.cases]
    runs = [j.corrected is not None and j.status in ("", "duplicate") for j in done.cases]
    total = sum(counts)
    n = done.n_useful
    tests = range(n, n + done.n_tests)
    sound = [j for j in tests if done.reference[j].outcome is _PASS]
    right = [all(row[j].outcome is _PASS for j in sound) for row in done.code_rows]
    n_right = sum(c.count for c, r in zip(done.codes, right, strict=True) if r)
    found: Figures = {
        "tester pass rate": _share(counts, valid),
        "tester pass num": float(sum(valid)),
        "tester runs rate": _share(counts, runs),
        "tester runs num": float(n),
        "tester validity": sum(valid) / len(valid) if valid else 0.0,
        "tester cases": float(total),
        "mutants killed": _killed(done, first),
        "coder pass rate": n_right / coder if sound else None,
        "coder pass num": float(sum(right)) if sound else None,
    }
    for k in sorted({1, coder}):
        found[f"coder pass@{k}"] = random_pass_at_k(coder, n_right, k) if sound else None
    mixed = any(right) and not all(right) and bool(done.cases) and bool(sound)
    for name, ranker in rankers.items():
        found[f"ranking {name}"] = _ranking(done, right, ranker) if mixed else None
    return found


def summary(
    rows: Sequence[Mapping[str, float | None]], seed: int, base: Sequence[Mapping[str, Any]] = ()
) -> dict[str, dict[str, Any]]:
    """Means over problems with 95 % intervals, and the lead over another version.

    Args:
        rows: figures, one a problem.
        seed: of the resamples; the same for all versions, which makes leads paired.
        base: the other version's figures for the same problems, in the same order.

    Returns:
        For each figure mean, low, high, problems, and `lead` with mean, low, high if `base`.
    """
    if not rows:
        return {}
    draws = resample(len(rows), seed)
    found: dict[str, dict[str, Any]] = {}
    for name in (*rows[0], *SCORES):
        own, exists = _resampled(rows, name, draws)
        if exists == 0:
            continue
        found[name] = {**_written(own), "problems": exists}
        if base:
            other, _ = _resampled(base, name, draws)
            lead = percentiles(own[0] - other[0], own[1] - other[1])
            found[name]["lead"] = _rounded(lead)
    return found


def _resampled(
    rows: Sequence[Mapping[str, Any]], name: str, draws: Ints
) -> tuple[tuple[float, Floats], int]:
    """A figure's mean and its mean in each resample; of a Score the products."""
    if name in SCORES:
        (rate, rates), exists = _resampled(rows, SCORES[name][0], draws)
        (num, nums), _ = _resampled(rows, SCORES[name][1], draws)
        return (rate * num, rates * nums), exists
    held = [row.get(name) for row in rows]
    values = np.array([0.0 if v is None else float(v) for v in held])
    there = np.array([v is not None for v in held], dtype=np.float64)
    if not there.any():
        return (0.0, np.zeros(len(draws))), 0
    sizes = there[draws].sum(axis=1)
    means = values[draws].sum(axis=1) / np.maximum(sizes, 1.0)
    return (float(values.sum() / there.sum()), means), int(there.sum())


def _written(own: tuple[float, Floats]) -> dict[str, float]:
    return _rounded(percentiles(*own))


def _rounded(interval: Interval) -> dict[str, float]:
    return {
        "mean": round(interval.mean, 6),
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
    }


def _share(counts: Sequence[int], which: Sequence[bool]) -> float:
    total = sum(counts)
    return sum(c for c, w in zip(counts, which, strict=True) if w) / total if total else 0.0


def _killed(done: Executed, first: int) -> float | None:
    """Share of the faults that the first kept cases tell from the reference."""
    whole = tuple(e.outcome for e in done.reference)
    faults = [row for row in done.mutant_rows if tuple(e.outcome for e in row) != whole]
    if not faults:
        return None
    kept = range(min(first, done.n_useful))
    killed = [any(row[j].outcome is not _PASS for j in kept) for row in faults]
    return sum(killed) / len(killed)


def _ranking(done: Executed, right: Sequence[bool], ranker: Ranker) -> float:
    """pass@1 of a ranking of the codes by the cases as written."""
    begin = done.n_useful + done.n_tests
    cases = done.columns[begin:]
    matrix = to_matrix(done.codes, cases, [row[begin:] for row in done.code_rows])
    scores = ranker(matrix).candidate_scores
    return ranked_pass_at_k(scores, matrix.candidate_counts, np.array(right, dtype=np.bool_), 1)
