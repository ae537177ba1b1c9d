"""Executed pools, and rankers shown more or less: what the rows of `ranking.py` share."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from common import ROOT

from pytest_genx import plugins
from pytest_genx.bench import metrics
from pytest_genx.bench import pool as pools
from pytest_genx.bench.execute import Executed, execute_pool
from pytest_genx.bench.metrics import Interval
from pytest_genx.bench.pool import Pool
from pytest_genx.bench.session import Session, known_rankers, open_rankers, open_session
from pytest_genx.bench.table import progress
from pytest_genx.config import Config
from pytest_genx.errors import GenxError
from pytest_genx.interfaces import Ranker
from pytest_genx.matrix import Floats, PassMatrix

CPU = 0.25  # seconds for one case
OWN = "dual_critic"
CONFIG = Config(rootdir=ROOT, timeout=CPU)


@dataclass(frozen=True, slots=True)
class Setting:
    """Pools, executed, and rankers by name, the dual critic's own name last."""

    pools: tuple[Pool, ...]
    executed: tuple[tuple[Executed, ...], ...]
    rankers: Mapping[str, Ranker]
    session: Session


def read_pools(paths: Sequence[Path], n_tasks: int | None) -> list[Pool]:
    """Read pools, or leave with one sentence; of each so many tasks at most."""
    try:
        return [replace(pool, tasks=pool.tasks[:n_tasks]) for pool in map(pools.read, paths)]
    except GenxError as error:
        sys.exit(f"the benchmark needs pools (--pool): {error}")


def execute(loaded: Sequence[Pool], session: Session) -> tuple[tuple[Executed, ...], ...]:
    """Run pools, their references against their cases included."""
    return tuple(
        execute_pool(
            pool,
            session.sandbox,
            cpu=CPU,
            watch=progress,
            cache=session.cache,
            judge_cases=True,
        )
        for pool in loaded
    )


def all_rankers() -> dict[str, Ranker]:
    """Make every ranker there is."""
    manager = plugins.load()
    return open_rankers(known_rankers(manager), CONFIG, manager)


def open_bench() -> AbstractContextManager[Session]:
    """Open the sandbox and the cache."""
    return open_session(CONFIG, plugins.load())


def pass_at_1(ranker: Ranker, tasks: Sequence[Executed]) -> Floats:
    """Return `[n_tasks]`, the expected pass@1 over ties of each task."""
    values = []
    for task in tasks:
        assert task.correct is not None
        scores = ranker(task.matrix).candidate_scores
        values.append(
            metrics.ranked_pass_at_k(scores, task.matrix.candidate_counts, task.correct, 1)
        )
    return np.array(values)


def mean_of_pools(values: Sequence[Floats], seed: int = 0) -> Interval:
    """Return the mean of the pools' means, tasks resampled within each pool."""
    draws = [metrics.resample(len(of_pool), (seed, i)) for i, of_pool in enumerate(values)]
    return metrics.mean_interval(values, draws)


def percent(span: Interval, sign: str = "") -> str:
    """Write an interval of fractions in percent."""
    mean, low, high = (f"{100 * x:{sign}.1f}" for x in (span.mean, span.low, span.high))
    return f"{mean} [{low}, {high}]"


def random_matrix(n: int, m: int) -> PassMatrix:
    """Make a matrix of noise, with observations."""
    generator = np.random.default_rng(0)
    passed = generator.random((n, m)) < 0.5
    observed = generator.integers(0, 50, (n, m))
    return PassMatrix(passed, np.ones(n, np.int64), np.ones(m, np.int64), observed=observed)
