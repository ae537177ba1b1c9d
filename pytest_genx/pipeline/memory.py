"""What was executed for one target in this run: a cache in front of the one that lasts.

Batches of samples, and questions, come back to the same pairs. Those are not executed again, nor
looked up again. It knows what `cross_run` tells it and nothing of time: one target, one memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from pytest_genx.domain import NOT_RUN, Batch, Case, Execution
from pytest_genx.interfaces import Cache, Journal, Sandbox
from pytest_genx.pipeline.clock import TimedSandbox

_Row = dict[Hashable, Execution]


class Memory:
    """Executions of one target, by what they depend on; `behind` may be None."""

    def __init__(self, behind: Cache | None) -> None:
        self._behind = behind
        self._rows: dict[Hashable, _Row] = defaultdict(dict)

    def journal(self, batch: Batch, sandbox: Sandbox) -> Journal:
        """Say what is known of a batch here or behind, and take down the rest in both places.

        What is known here is told to the cache behind as `batch.known`.
        """
        # What a sandbox is decides what an outcome is worth, and being timed is none of that.
        sandbox = sandbox.timed if isinstance(sandbox, TimedSandbox) else sandbox
        around = replace(batch, programs=(), cases=(), known=())
        rows = [self._rows[around, program] for program in batch.programs]
        cases = [_executed_as(case) for case in batch.cases]
        known = _known(rows, cases)
        if self._behind is None or all(len(some) == len(cases) for some in known):
            return _Noted(None, rows, cases, known)
        behind = self._behind.journal(replace(batch, known=known), sandbox)
        for row, some in zip(rows, behind.known, strict=True):
            for j, execution in some.items():
                row.setdefault(cases[j], execution)
        return _Noted(behind, rows, cases, _known(rows, cases))


class _Noted:
    """The journal of one batch."""

    def __init__(
        self,
        behind: Journal | None,
        rows: Sequence[_Row],
        cases: Sequence[Hashable],
        known: tuple[Mapping[int, Execution], ...],
    ) -> None:
        self.known = known
        self._behind = behind
        self._rows = rows
        self._cases = cases

    def keep(self, program: int, case: int, execution: Execution) -> None:
        """Take down what was executed; what was cut off was not."""
        if execution != NOT_RUN:
            self._rows[program][self._cases[case]] = execution
        if self._behind is not None:
            self._behind.keep(program, case, execution)

    def close(self) -> None:
        """Return when the cache behind has all of it."""
        if self._behind is not None:
            self._behind.close()


def _known(rows: Sequence[_Row], cases: Sequence[Hashable]) -> tuple[Mapping[int, Execution], ...]:
    return tuple({j: row[c] for j, c in enumerate(cases) if c in row} for row in rows)


def _executed_as(case: Case) -> Hashable:
    """What decides how a case executes; where it was found and how often does not."""
    return case.form, case.source, case.expectation, case.imports
