"""Sampling until the ranking is settled, replayed on pools: what it saves and what it costs.

Samples of a task are taken in batches for each role, in an order drawn at random (the MBPP pool
is sorted by model), up to 100; after each batch the ranking is made and the rule of
`pipeline/settled.py` is asked. Tests are few in two of the pools: there all of them are taken
after some batches. Compared are pass@1 where the rule stops, pass@1 of all samples, and pass@1
of the same number of samples for every task, which costs the same on the mean. What the rule is
asked to reach: at most 1 point lost, with half the samples or fewer.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import ROOT, arguments, close
from scoring.setting import CPU, open_bench, percent, read_pools

from pytest_genx.bench import metrics
from pytest_genx.bench.execute import Executed, execute_pool
from pytest_genx.bench.metrics import Interval
from pytest_genx.bench.pool import Pool, PoolTask
from pytest_genx.bench.protocol import CASES_PER_SAMPLE, cut, extract, split_assertions
from pytest_genx.bench.subsample import submatrix
from pytest_genx.bench.table import progress
from pytest_genx.domain import Oracle
from pytest_genx.matrix import Floats, Ints
from pytest_genx.pipeline.generate import BATCH
from pytest_genx.pipeline.settled import Standing, settled, standing
from pytest_genx.rankers.dual_critic import dual_critic

POOLS = ROOT.parent / "shared" / "data" / "pools"
NAMES = ("humaneval-codegen16b-dev", "humaneval-davinci002-gpt-dev", "mbpp-mixed-dev")
MOST = 100  # samples of each role
VARIANTS = (
    (BATCH, 1),
    (8, 1),
    (8, 2),
)  # size of a batch, batches in a row that must change nothing
DRAWS = 2  # orders of each task's samples
QUICK = 6  # tasks of each HumanEval pool with --quick
LOSS, SHARE = 0.01, 0.5  # the goal


@dataclass(frozen=True, slots=True)
class Course:
    """One task in one order: pass@1 after each batch, and after which batch the rule stops."""

    sizes: tuple[int, ...]
    pass_at_1: tuple[float, ...]
    stop: int  # index


@dataclass(frozen=True, slots=True)
class Found:
    """What the rule came to on one pool; values are of tasks, means over the draws."""

    share: Floats
    rule: Floats
    every: Floats
    fixed: Floats  # the same number of samples for each task


def add_pools(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the pools."""
    default = [POOLS / f"{name}.jsonl.gz" for name in NAMES]
    parser.add_argument("--pool", type=Path, nargs="+", default=default, help="recorded samples")


def samples_of(task: PoolTask) -> tuple[list[int], list[list[int]]]:
    """Say which row each code sample is, and which columns each test sample wrote."""
    material = extract(task)
    row_of = {program: i for i, program in enumerate(material.programs)}
    column_of = {text: j for j, text in enumerate(material.asserts)}
    lead = task.prompt if task.continues else None
    rows = [row_of[s if lead is None else lead + cut(s)] for s in task.code_samples]
    if task.test_prompt is None:
        columns = [[column_of[s.strip()]] for s in task.test_samples if s.strip()]
    else:
        columns = [
            [column_of[t] for t in split_assertions(s, task.entry_point)[:CASES_PER_SAMPLE]]
            for s in task.test_samples
        ]
    return rows, columns


def course(
    task: PoolTask, executed: Executed, batch: int, quiet: int, seed: tuple[int, ...]
) -> Course:
    """Take samples batch by batch, to the end; note where the rule would have stopped."""
    rng = np.random.default_rng(seed)
    of_code, of_tests = samples_of(task)
    code = [of_code[i] for i in rng.permutation(len(of_code))[:MOST]]
    tests = [of_tests[i] for i in rng.permutation(len(of_tests))[:MOST]]
    sizes = [*range(batch, len(code), batch), len(code)]
    values: list[float] = []
    stop, before, unchanged = len(sizes) - 1, None, 0
    for at, size in enumerate(sizes):
        value, now = _after(executed, code[:size], [j for some in tests[:size] for j in some])
        values.append(value)
        if before is not None:
            unchanged = unchanged + 1 if settled(before, now, Oracle.CONSENSUS) else 0
        if unchanged >= quiet:
            stop = min(stop, at)
        before = now
    return Course(tuple(sizes), tuple(values), stop)


def _after(executed: Executed, code: Sequence[int], tests: Sequence[int]) -> tuple[float, Standing]:
    """Rank what there is after some samples: pass@1 and the standing."""
    assert executed.correct is not None, "pools have labels"
    n, m = executed.matrix.passed.shape
    row_counts, column_counts = _counts(code, n), _counts(tests, m)
    rows, columns = np.flatnonzero(row_counts), np.flatnonzero(column_counts)
    matrix = submatrix(executed.matrix, rows, columns, row_counts[rows], column_counts[columns])
    ranking = dual_critic(matrix)
    value = metrics.ranked_pass_at_k(
        ranking.candidate_scores, matrix.candidate_counts, executed.correct[rows], 1
    )
    return value, standing(rows.tolist(), columns.tolist(), matrix, ranking)


def _counts(found: Sequence[int], n: int) -> Ints:
    return np.bincount(np.array(found, np.int64), minlength=n).astype(np.int64)


def judge(courses: Sequence[Sequence[Course]]) -> Found:
    """Compare the rule with all samples and with a fixed number: `[n_tasks][n_draws]` courses."""
    every = [one for of_task in courses for one in of_task]
    mean_size = float(np.mean([one.sizes[one.stop] for one in every]))

    def mean(values: Iterator[float]) -> Floats:
        return np.array(list(values)).reshape(len(courses), -1).mean(axis=1)

    return Found(
        mean(one.sizes[one.stop] / one.sizes[-1] for one in every),
        mean(one.pass_at_1[one.stop] for one in every),
        mean(one.pass_at_1[-1] for one in every),
        # between two sizes a task gets the one or the other, in proportion
        mean(float(np.interp(mean_size, one.sizes, one.pass_at_1)) for one in every),
    )


def over_pools(values: Sequence[Floats]) -> Interval:
    """Return the mean over pools with its interval, tasks resampled."""
    draws = [metrics.resample(len(of_pool), (0, i)) for i, of_pool in enumerate(values)]
    return metrics.mean_interval(values, draws)


def show(name: str, found: Sequence[Found]) -> tuple[Interval, Interval]:
    """Print one line, and return the share of samples and the change in pass@1."""
    share = over_pools([f.share for f in found])
    change = over_pools([f.rule - f.every for f in found])
    fixed = over_pools([f.rule - f.fixed for f in found])
    rule = over_pools([f.rule for f in found])
    print(
        f"   {name:30} samples {percent(share)} %; pass@1 {100 * rule.mean:.1f},"
        f" against all {percent(change, '+')}, against as many for each {percent(fixed, '+')}",
        flush=True,
    )
    return share, change


def measure(pool: Pool, executed: Sequence[Executed], batch: int, quiet: int) -> Found:
    """Take the courses of all tasks of a pool."""
    return judge(
        [
            [course(task, done, batch, quiet, (i, draw)) for draw in range(DRAWS)]
            for i, (task, done) in enumerate(zip(pool.tasks, executed, strict=True))
        ]
    )


def main() -> int:
    """Measure and print."""
    chosen = arguments(__doc__ or "", add_pools)
    paths = [p for p in chosen.pool if not chosen.quick or p.name.startswith("humaneval")]
    loaded = read_pools(paths, QUICK if chosen.quick else None)
    with open_bench() as session:
        executed = [
            execute_pool(pool, session.sandbox, cpu=CPU, watch=progress, cache=session.cache)
            for pool in loaded
        ]
    results = {}
    for batch, quiet in VARIANTS:
        print(f"batches of {batch}, {quiet} in a row change nothing; {DRAWS} orders of each task")
        found = []
        for pool, done in zip(loaded, executed, strict=True):
            found.append(measure(pool, done, batch, quiet))
            show(pool.name, found[-1:])
        results[batch, quiet] = show("mean over pools", found)
    share, change = results[VARIANTS[0]]
    return close(
        "stopping",
        f"{percent(share)} % of the samples, pass@1 {percent(change, '+')}",
        f"{100 * SHARE:.0f} % or fewer, {100 * LOSS:.0f} point lost at most",
        reached=share.mean <= SHARE and change.mean >= -LOSS,
    )


if __name__ == "__main__":
    sys.exit(main())
