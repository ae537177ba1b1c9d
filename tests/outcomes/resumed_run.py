"""A run that is killed in a test: DIRECTORY, "slow", "quick" or "process", and a log.

Each pair is logged, with the time, once it is executed and before it is reported. The matrix is
printed at the end.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from pathlib import Path

from pytest_genx.domain import Case, Execution, Outcome
from pytest_genx.outcomes.cache import OutcomeCache
from pytest_genx.pipeline.crossrun import run_programs
from pytest_genx.sandboxes.process import ProcessSandbox

PROGRAMS, CASES = 20, 40


class Logged:
    name = "logged"

    def __init__(self, kind: str, log: Path) -> None:
        self.kind = kind
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, program: str, case: str) -> None:
        os.write(self.log, f"{time.time()} {program} {case}\n".encode())

    def run(self, batch, on_pair):
        if self.kind == "process":
            self.run_processes(batch, on_pair)
            return
        for i, program in enumerate(batch.programs):
            for j, case in enumerate(batch.cases):
                if batch.known and j in batch.known[i]:
                    continue
                time.sleep(0.002 if self.kind == "slow" else 0.0001)
                number = int(program[1:]) * int(case.source[1:])
                outcome = Outcome.PASS if number % 3 else Outcome.FAIL
                self.note(program, case.source)
                on_pair(i, j, Execution(outcome, f"{number}", str(number % 7)))

    def run_processes(self, batch, on_pair):
        def noted(i, j, execution):
            if not batch.known or j not in batch.known[i]:
                self.note(batch.programs[i], batch.cases[j].source)
            on_pair(i, j, execution)

        with closing(ProcessSandbox(2)) as sandbox:
            sandbox.run(batch, noted)

    def close(self):
        os.close(self.log)


def main(directory: str, kind: str, log: str) -> None:
    cache = OutcomeCache(None if directory == "none" else Path(directory))
    programs = [f"p{i}" for i in range(PROGRAMS)]
    cases = [Case(f"c{j}", "test") for j in range(CASES)]
    if kind == "process":
        programs = [f"n=[{i}]" for i in range(6)]  # a list is state: a process for each case
        cases = [Case(f"assert(n!=[{j}%4])", "test") for j in range(20)]
    sandbox = Logged(kind, Path(log))
    matrix = run_programs("m", "m.py", programs, cases, sandbox, cache=cache)
    cache.close()
    sandbox.close()
    assert cache.notes == (), cache.notes
    sys.stdout.write("".join(f"{row}\n" for row in matrix))


if __name__ == "__main__":
    main(*sys.argv[1:])
