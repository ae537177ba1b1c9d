"""Independence of load: the same matrix on a quiet machine and beside four busy neighbours.

The batches are tasks of a pool, and planted programs that take given shares of the CPU limit,
sleep, or loop; the letters of all pairs must be the same in three runs of three.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from common import arguments, close
from crossing.engine import Job, add_options, jobs_of, letters, opened, read_pool, run

from pytest_genx.domain import Case
from pytest_genx.interfaces import Sandbox

NEIGHBOURS = 4
RUNS = 3
CPU = 0.5  # seconds
SHOWN = 10
# Ends by itself when its starter is gone.
BUSY = "import os\nstarter = os.getppid()\nwhile os.getppid() == starter: sum(range(100_000))"
WORKING = """
import time

def f(x):
    end = time.process_time() + {seconds}
    while time.process_time() < end:
        pass
    return x
"""
SLEEPING = "import time\n\ndef f(x):\n    time.sleep({seconds})\n    return x\n"
LOOPING = "def f(x):\n    while x % 3 == 0:\n        pass\n    return x\n"


def main() -> int:
    """Measure and print."""
    chosen = arguments(__doc__ or "", add_options)
    jobs = jobs_of(read_pool(chosen.pool[0]), 12, compare=chosen.compare)
    if chosen.quick:
        jobs = [job for job in jobs if job.n_pairs < 2_000][:1]
    jobs.append(planted())
    with opened(chosen.sandbox) as sandbox:
        quiet, seconds = matrices(jobs, sandbox)
        n_pairs, n_timeouts = len("".join(quiet)), "".join(quiet).count("T")
        print(f"quiet: {n_pairs:,} pairs, {n_timeouts} timeouts, {seconds:.1f} s")
        n_same = sum(_busy_run(jobs, sandbox, quiet) for _ in range(RUNS))
    return close(
        "load",
        f"{n_same} of {RUNS} runs beside {NEIGHBOURS} busy neighbours give the same matrix",
        f"{RUNS} of {RUNS}",
        reached=n_same == RUNS,
    )


def planted() -> Job:
    """Programs that need from a tenth of the limit to twice the limit, sleep, or loop."""
    shares = (0.1, 0.3, 0.5, 0.7, 1.5, 2.0)
    programs = [WORKING.format(seconds=CPU * share) for share in shares]
    programs += [SLEEPING.format(seconds=2 * CPU), LOOPING]
    cases = tuple(Case(f"assert f({x}) == {x}", "planted") for x in range(4))
    return Job("planted", tuple(programs), cases)


def matrices(jobs: Sequence[Job], sandbox: Sandbox) -> tuple[list[str], float]:
    """Return the rows of all jobs, one after another, and wall seconds."""
    started = time.perf_counter()
    rows = list(chain.from_iterable(letters(run(job, sandbox, CPU)) for job in jobs))
    return rows, time.perf_counter() - started


@contextmanager
def neighbours() -> Iterator[None]:
    """Keep busy processes beside us."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(NEIGHBOURS)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def _busy_run(jobs: Sequence[Job], sandbox: Sandbox, quiet: Sequence[str]) -> bool:
    """Run beside neighbours, print the pairs that differ, and say whether none does."""
    with neighbours():
        rows, seconds = matrices(jobs, sandbox)
    labels = [
        f"{job.name}, program {i}, case {j}"
        for job in jobs
        for i in range(len(job.programs))
        for j in range(len(job.cases))
    ]
    pairs = zip(labels, "".join(quiet), "".join(rows), strict=True)
    differing = [f"{label}: {a} became {b}" for label, a, b in pairs if a != b]
    print(f"busy: {seconds:.1f} s, {len(differing)} pairs differ")
    for line in differing[:SHOWN]:
        print(f"  {line}")
    return not differing


if __name__ == "__main__":
    sys.exit(main())
