"""Rows 4 to 6 of `crossrun.py`: endless loops, growth and memory, on planted programs."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from common import Line
from crossing import plain
from crossing.engine import CPU, Job, run
from crossing.table import Setting

from pytest_genx.domain import Case, Execution, Expectation, Outcome

BENCHMARKS = Path(__file__).resolve().parent.parent
SIZES = (10, 30, 100, 300, 1_000)
FROM = 30  # candidates from which the deviation from a straight line counts
REPEATS = 5

LOOPS = {
    "in all cases": "def f(x):\n    while True:\n        x += {k}\n",
    "in some cases": "def f(x):\n    while x % 7 == 3:\n        pass\n    return x + {k}\n",
    "in C": "import itertools\n\ndef f(x):\n    return sum(itertools.repeat({k}))\n",
    "past every handler": (
        "def f(x):\n    while True:\n        try:\n            while True:\n"
        "                x += {k}\n        except BaseException:\n            pass\n"
    ),
}
ADDERS = (
    "def f(x):\n    return x + {k}\n",
    "def f(x):\n    y = x\n    y += {k}\n    return y\n",
    "def f(x):\n    return sum([x, {k}])\n",
    "class Adder:\n    k = {k}\n\ndef f(x):\n    return x + Adder().k\n",
)


def endless_loops(setting: Setting) -> Line:
    """Row 4: wall time over the same CPU time burnt bare, right before and after."""
    n_programs = 4 if setting.quick else 16
    limits = (CPU,) if setting.quick else (CPU, 1.0)
    worst = 0.0
    for limit, (kind, source) in itertools.product(limits, LOOPS.items()):
        programs = tuple(source.format(k=k) for k in range(1, n_programs + 1))
        job = Job(kind, programs, _cases(20, lambda x: f"{x + 1}"))
        burnt = plain.burn(n_programs, limit, setting.cores)
        started = time.perf_counter()
        rows = run(job, setting.sandbox, limit)
        wall = time.perf_counter() - started
        burnt += plain.burn(n_programs, limit, setting.cores)
        n_loops = sum(map(_looped, itertools.chain(*rows)))
        if not n_loops:
            print(f"   {kind}: no loop was executed")
            return Line("time lost on endless loops", "none measured", "at most 1.3x", False)
        share = n_loops * limit / setting.cores
        burnt *= n_loops / (2 * n_programs)
        worst = max(worst, wall / burnt)
        print(
            f"   {kind}, limit {limit:g} s: {n_loops} loops in {wall:.2f} s; by the formula "
            f"{share:.2f} s, {wall / share:.2f}x; burnt bare {burnt:.2f} s, {wall / burnt:.2f}x"
        )
    return Line(
        "time lost on endless loops, the worst kind, against the same CPU time burnt bare",
        f"{worst:.2f}x",
        "at most 1.3x",
        worst <= 1.3,
    )


def growth(setting: Setting) -> Line:
    """Row 5: the deviation from a straight line T = a + b n, fitted with relative weights.

    Every size of the table is fitted, and those of 30 candidates or more count; each size's
    time is the least of up to five, taken in turns.
    """
    jobs = {n: Job(str(n), adders(n), _cases(100, lambda x: f"{x + 1}")) for n in SIZES}
    times: dict[int, list[float]] = {n: [] for n in SIZES}
    run(jobs[SIZES[0]], setting.sandbox)
    started = time.perf_counter()
    for turn in range(REPEATS):
        for n in SIZES:
            left = setting.patience if turn else setting.budget
            left -= time.perf_counter() - started
            if left > _expected(times, n):
                before = time.perf_counter()
                run(jobs[n], setting.sandbox)
                times[n].append(time.perf_counter() - before)
    sizes = np.array([n for n in SIZES if times[n]], dtype=np.float64)
    walls = np.array([min(times[n]) for n in SIZES if times[n]])
    if len(sizes) < 4:
        return Line("growth", f"{len(sizes)} sizes done in time, too few", "at most 15%", False)
    slope, fixed = np.polyfit(sizes, walls, 1, w=1 / walls)
    off = walls / (fixed + slope * sizes) - 1
    print(f"   T = {fixed * 1e3:.1f} ms + {slope * 1e3:.3f} ms x candidates, 100 cases each")
    for n, wall, deviation in zip(sizes, walls, off, strict=True):
        print(
            f"   {n:5.0f} candidates: {wall:7.3f} s, {wall / n * 1e4:6.1f} us a pair, "
            f"{deviation:+.1%}; of {len(times[int(n)])}"
        )
    worst = float(np.abs(off[sizes >= FROM]).max())
    return Line(
        f"growth to {sizes[-1]:.0f} candidates x 100 cases, off a straight line",
        f"{worst:.1%}",
        "at most 15%",
        worst <= 0.15,
    )


def memory(setting: Setting) -> Line:
    """Row 6: peak resident memory of a fresh process that holds the result of 1,000 x 1,000."""
    n, m = (200, 50) if setting.quick else (1_000, 1_000)
    command = [sys.executable, "-m", "crossing.trusted", str(n), str(m), setting.chosen or ""]
    done = subprocess.run(command, cwd=BENCHMARKS, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    grown = told["peak"] - told["before"]
    whole = told["before"] + grown * 1_000_000 / (n * m)
    print(
        f"   {n:,} x {m:,} in {told['seconds']:.1f} s: {told['before']:.0f} MB before, "
        f"{told['peak']:.0f} MB at the peak, {grown / (n * m) * 1e6:,.0f} bytes a pair"
    )
    note = ", extrapolated" if setting.quick else ""
    return Line(
        "memory of the trusted side for 1,000 x 1,000",
        f"{whole:.0f} MB{note}",
        "under 500 MB",
        whole < 500,
    )


def adders(n: int) -> tuple[str, ...]:
    """Write `n` different programs, of which a few are right."""
    return tuple(ADDERS[k % len(ADDERS)].format(k=k // len(ADDERS)) for k in range(n))


def _cases(m: int, expected: Callable[[int], str]) -> tuple[Case, ...]:
    return tuple(
        Case(f"assert f({x}) == {expected(x)}", "planted", Expectation(f"f({x})", expected(x)))
        for x in range(m)
    )


def _looped(execution: Execution) -> bool:
    """Whether a pair was executed until its limit."""
    return execution.outcome is Outcome.TIMEOUT and not execution.detail.startswith("not run")


def _expected(times: Mapping[int, Sequence[float]], n: int) -> float:
    """Guess the seconds that `n` candidates take, from what was measured."""
    if times[n]:
        return min(times[n])
    known = [k for k in times if times[k]]
    return n / known[-1] * min(times[known[-1]]) if known else 0.0
