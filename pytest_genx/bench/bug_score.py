"""What trials are worth: how many bugs are detected, how often correct code is suspected.

Detection counts faulty codes; several mutants of one problem are not independent, so that
intervals resample problems. With one code a problem they are Wilson's, which hold at 0 and 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_genx.bench.bug_trial import CORRECT, MISSED, Trial, accept_what_passes
from pytest_genx.bench.metrics import LEVEL, resample

_Z = 1.959963984540054  # of the normal distribution, for LEVEL
RIVALS = "accept what passes"


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `total`, with an interval; all of it NaN-free only when `total` is above 0."""

    hits: int
    total: int
    low: float
    high: float

    @property
    def mean(self) -> float:
        """The share; NaN of nothing."""
        return self.hits / self.total if self.total else math.nan


@dataclass(frozen=True, slots=True)
class Line:
    """One policy on one set: detection, the same where candidates can, and false alarms."""

    policy: str
    detection: Rate
    solvable: Rate | None  # None where nothing tells which candidates are correct
    alarms: Rate


@dataclass(frozen=True, slots=True)
class Result:
    """All that was measured on one set with one source of samples.

    Args:
        name: of the pool or the set.
        samples: who wrote them.
        ranker: its name.
        trials: faulty and correct codes.
        left_out: reasons, and how many codes or problems each kept out.
        seconds: wall time.
    """

    name: str
    samples: str
    ranker: str
    trials: tuple[Trial, ...]
    left_out: Mapping[str, int]
    seconds: float


def wilson(hits: int, total: int) -> Rate:
    """Return a rate with Wilson's score interval (1927); of nothing it is all of 0 to 1.

    >>> rate = wilson(0, 10)
    >>> rate.low, round(rate.high, 3)
    (0.0, 0.278)
    """
    if total == 0:
        return Rate(0, 0, 0.0, 1.0)
    share, spread = hits / total, _Z**2 / total
    middle = share + spread / 2
    half = _Z * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    low = 0.0 if hits == 0 else (middle - half) / (1 + spread)
    high = 1.0 if hits == total else (middle + half) / (1 + spread)
    return Rate(hits, total, low, high)


def rate(trials: Sequence[Trial], hit: Callable[[Trial], bool], seed: int) -> Rate:
    """Return the share of trials that are hits, with an interval over problems."""
    totals = Counter(trial.problem for trial in trials)
    hits = Counter(trial.problem for trial in trials if hit(trial))
    found = sum(hits.values())
    if len(totals) < len(trials) and found in (0, len(trials)):
        # nothing to resample; codes of one problem tell no more than one of them
        alike = wilson(len(totals) if found else 0, len(totals))
        return Rate(found, len(trials), alike.low, alike.high)
    if len(totals) in (1, len(trials)):
        return wilson(found, len(trials))
    n = np.array([totals[problem] for problem in totals], np.float64)
    h = np.array([hits[problem] for problem in totals], np.float64)
    draws = resample(len(totals), seed)
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(h[draws].sum(axis=1) / n[draws].sum(axis=1), [tail, 1.0 - tail])
    return Rate(found, len(trials), float(low), float(high))


def lines(result: Result, seed: int) -> list[Line]:
    """Score the product and, on the same trials, the policy of its rivals."""
    rivals = [accept_what_passes(trial) for trial in result.trials]
    return [_line(result.ranker, result.trials, seed), _line(RIVALS, rivals, seed)]


def by_kind(trials: Sequence[Trial], seed: int) -> dict[str, Rate]:
    """Return the detection of each kind of fault, the most frequent kind first."""
    kinds = Counter(trial.kind for trial in trials if trial.kind != CORRECT)
    return {
        kind: rate([t for t in trials if t.kind == kind], _detected, seed)
        for kind, _ in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    }


def missed(trials: Sequence[Trial]) -> dict[str, int]:
    """Count why bugs were missed, in the order of `MISSED`."""
    counts = Counter(trial.missed for trial in trials)
    return {reason: counts[reason] for reason in MISSED}


def to_json(result: Result, seed: int) -> dict[str, Any]:
    """Say all of a result in plain types."""
    return {
        "name": result.name,
        "samples": result.samples,
        "ranker": result.ranker,
        "seconds": result.seconds,
        "left_out": dict(result.left_out),
        "policies": {
            line.policy: {
                "detection": _rate_json(line.detection),
                "detection where a candidate is correct": line.solvable
                and _rate_json(line.solvable),
                "false alarms": _rate_json(line.alarms),
            }
            for line in lines(result, seed)
        },
        "kinds": {kind: _rate_json(r) for kind, r in by_kind(result.trials, seed).items()},
        "missed": missed(result.trials),
        "trials": [_trial_json(trial) for trial in result.trials],
    }


def _line(policy: str, trials: Sequence[Trial], seed: int) -> Line:
    faulty = [trial for trial in trials if trial.kind != CORRECT]
    known = [trial for trial in faulty if trial.solvable is not None]
    return Line(
        policy,
        rate(faulty, _detected, seed),
        rate([trial for trial in known if trial.solvable], _detected, seed) if known else None,
        rate([trial for trial in trials if trial.kind == CORRECT], _alarmed, seed),
    )


def _detected(trial: Trial) -> bool:
    return trial.detected


def _alarmed(trial: Trial) -> bool:
    return trial.alarmed


def _rate_json(r: Rate) -> dict[str, Any]:
    return {
        "mean": r.mean if r.total else None,
        "low": r.low,
        "high": r.high,
        "hits": r.hits,
        "total": r.total,
    }


def _trial_json(trial: Trial) -> dict[str, Any]:
    return {
        "problem": trial.problem,
        "kind": trial.kind,
        "solvable": trial.solvable,
        "detected": trial.detected,
        "alarmed": trial.alarmed,
        "missed": trial.missed,
        "exposed": trial.exposed,
        "support": trial.support,
        "suspicions": [
            {"case": one.source, "valid": one.valid, "anchor": one.anchor}
            for one in trial.suspicions
        ],
    }
