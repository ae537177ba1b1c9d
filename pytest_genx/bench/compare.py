"""What rankers are worth against each other: lines and tables, on one pool or over several.

Nothing is executed or ranked here, and nothing is shown; over several pools a number is the mean
of the pools' means, so that a pool with many tasks does not outvote another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pytest_genx.bench import metrics
from pytest_genx.bench.metrics import Interval
from pytest_genx.matrix import Floats, Ints

KS = (1, 2, 10)
BASELINE = "dual_critic"
CEILING = "ceiling"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One ranker on every task of a pool.

    Args:
        ranker: its name.
        scores: `[n_tasks]` of `[n_candidates] float64`.
        pass_at: k to `[n_tasks] float64`; empty when the pool has no labels.
        seconds: wall time of ranking alone.
    """

    ranker: str
    scores: tuple[Floats, ...]
    pass_at: Mapping[int, Floats]
    seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: pass@k of a ranker, and its lead over the baseline at k = 1."""

    ranker: str
    pass_at: Mapping[int, Interval]
    lead: Interval | None
    seconds: float | None  # of ranking all tasks; the ceiling takes none


@dataclass(frozen=True, slots=True)
class Table:
    """The lines for one choice of tasks, of the pools that have such tasks."""

    tasks: str
    n_tasks: int
    lines: tuple[Line, ...]
    baseline: str | None  # None when it is not among the lines
    n_pools: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """Some of a pool's tasks, and the rankers on all of them, in the same order for each pool."""

    ranked: Sequence[Ranked]
    tasks: Ints


def tabulate(title: str, choices: Sequence[Choice], *, baseline: str, seed: int) -> Table:
    """Average over tasks, then over pools; all lines share the bootstrap's draws.

    Tasks are resampled within each pool, as which pools there are was not left to chance.

    Args:
        title: which tasks these are.
        choices: one a pool; those without tasks do not count.
        baseline: the ranker that leads are over; without it there are none.
        seed: of the bootstrap.
    """
    choices = [choice for choice in choices if len(choice.tasks)]
    if not choices:
        return Table(title, 0, (), None, 0)
    draws = [metrics.resample(len(c.tasks), (seed, i)) for i, c in enumerate(choices)]
    names = [one.ranker for one in choices[0].ranked]
    lines = []
    for at, name in enumerate(names):
        of_k = {k: [c.ranked[at].pass_at[k][c.tasks] for c in choices] for k in KS}
        lead = None
        if baseline in names and name not in (baseline, CEILING):
            base = [c.ranked[names.index(baseline)].pass_at[1][c.tasks] for c in choices]
            ahead = [own - of_base for own, of_base in zip(of_k[1], base, strict=True)]
            lead = metrics.mean_interval(ahead, draws)
        spans = {k: metrics.mean_interval(values, draws) for k, values in of_k.items()}
        seconds = sum(c.ranked[at].seconds for c in choices)
        lines.append(Line(name, spans, lead, None if name == CEILING else seconds))
    n_tasks = sum(len(c.tasks) for c in choices)
    shown = baseline if baseline in names else None
    return Table(title, n_tasks, tuple(lines), shown, len(choices))


def chosen(tasks: Sequence[int]) -> Ints:
    """Return the numbers of some tasks as an array, which may be empty."""
    return np.array(tasks, dtype=np.int64)
