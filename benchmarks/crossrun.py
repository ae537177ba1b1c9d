"""The engine that runs candidates against cases, row by row against its goals.

Each ratio is measured in one run, with the sides in turns. Rows: 1 the usual harness, 2 one
pytest process for each pair, 3 a bare loop, 4 endless loops, 5 growth, 6 memory, 7 verdicts
against the true labels.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from common import Line, arguments, close_table, rows_option
from crossing.engine import add_options, opened, read_pool
from crossing.labels import verdicts
from crossing.rates import bare_loop, pytest_per_pair, usual_harness
from crossing.scale import endless_loops, growth, memory
from crossing.table import Setting

from pytest_genx.sandboxes.process import usable_cores

ROWS: dict[int, Callable[[Setting], Line]] = {
    1: usual_harness,
    2: pytest_per_pair,
    3: bare_loop,
    4: endless_loops,
    5: growth,
    6: memory,
    7: verdicts,
}
QUICK = 5.0  # seconds in which a row of `--quick` may start new tasks
PATIENCE = 120.0  # seconds in which what was measured once is measured again


def main() -> int:
    """Measure and print."""
    chosen = arguments(__doc__ or "", add_options, rows_option(ROWS))
    pools = tuple(read_pool(path) for path in chosen.pool)
    print(f"pools: {', '.join(pool.name for pool in pools)}")
    lines = []
    with opened(chosen.sandbox) as sandbox:
        setting = Setting(
            sandbox,
            chosen.sandbox,
            pools,
            usable_cores(),
            chosen.quick,
            chosen.compare,
            budget=QUICK if chosen.quick else float("inf"),
            patience=QUICK if chosen.quick else PATIENCE,
        )
        for number in chosen.rows:
            line = ROWS[number](setting)
            lines.append(line)
            print(f"{number}. {line}", flush=True)
    return close_table("crossrun", lines)


if __name__ == "__main__":
    sys.exit(main())
