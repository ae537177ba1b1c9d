"""The trusted side alone: `-m crossing.trusted CANDIDATES CASES [SANDBOX]` tells its memory.

Values are as varied as real ones: whole numbers, strings and lists, up to a hundred different
ones for a case. The last line is JSON; sizes are MB resident.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

from crossing.engine import Job, opened, run

from pytest_genx.domain import Case, Expectation

PROGRAM = """
def f(x):
    n = x * 31 + {variant}
    if x % 3 == 0:
        return n
    if x % 3 == 1:
        return "the word " + str(n)
    return [n + i for i in range(x % 10)]
# {k}
NUMBER = {k}
"""
VARIANTS = 100


def main() -> int:
    """Run and tell."""
    n, m = int(sys.argv[1]), int(sys.argv[2])
    with opened(sys.argv[3] or None) as sandbox:
        run(planted(10, 10), sandbox, 1.0)
        job = planted(n, m)
        before, started = peak(), time.perf_counter()
        rows = run(job, sandbox, 1.0)
        seconds = time.perf_counter() - started
        assert len(rows) == n, "every candidate has a row"
        print(json.dumps({"before": before, "peak": peak(), "seconds": seconds}))
    return 0


def planted(n: int, m: int) -> Job:
    """Make `n` programs that return varied values, and `m` calls."""
    programs = tuple(PROGRAM.format(variant=k % VARIANTS, k=k) for k in range(n))
    cases = [Case(f"f({x})", "planted", Expectation(f"f({x})", f"{x * 31}")) for x in range(m)]
    return Job("planted", programs, tuple(cases))


def peak() -> float:
    """Return the most memory this process ever had, in MB.

    The kernel's own figure where there is one: `ru_maxrss` of a process that was started by a
    large one begins at what that one had.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kib = int(found[1]) if found else usage // (1024 if sys.platform == "darwin" else 1)
    return kib * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main())
