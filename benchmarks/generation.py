"""Samples from the embedded model, row by row against its goals.

Each ratio is measured in one run, with the sides in turns. Rows: 1 speed against
`Llama.create_completion`, 2 batched against unbatched at temperature 0, 3 memory, 4 cold start,
5 time outside of model and execution, 6 speed against servers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from common import Line, arguments, close_table, rows_option
from generating.run import cold_start, outside
from generating.served import served
from generating.setting import Setting
from generating.single import agreement, memory, speed

ROWS: dict[int, Callable[[Setting], Line | None]] = {
    1: speed,
    2: agreement,
    3: memory,
    4: cold_start,
    5: outside,
    6: served,
}


def main() -> int:
    """Measure and print."""
    chosen = arguments(__doc__ or "", rows_option(ROWS))
    lines = []
    for number in chosen.rows:
        line = ROWS[number](Setting(chosen.quick))
        if line is not None:
            lines.append(line)
            print(f"{number}. {line}", flush=True)
    return close_table("generation", lines)


if __name__ == "__main__":
    sys.exit(main())
