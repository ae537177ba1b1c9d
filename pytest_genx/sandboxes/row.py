"""One program and what is known of it: executions, reported in the order of the cases.

Pure bookkeeping: no process is touched here, so every way a program can end is a method call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_genx.domain import HOPELESS, NOT_RUN, Execution, Limits, Outcome

Report = tuple[int, Execution]


@dataclass(slots=True)
class Row:
    """The executions of one program.

    Args:
        program: its number in the batch.
        found: executions by case, None for what is not known.
        limits: for details.
        open: answers by case that wait for a decision; they hold back the reports after them.
        alone: whether what is left must run in processes of its own.
        suspect: whether a worker has died while it was running.
        unknown: a package it imports of which nobody knows whether it can be.
    """

    program: int
    found: list[Execution | None]
    limits: Limits
    open: dict[int, str] = field(default_factory=dict)
    alone: bool = False
    unknown: str = ""
    suspect: bool = False
    timeouts: int = 0  # among the cases before `_unknown`
    _unknown: int = 0  # the first case of which nothing is known, or that is not run
    _unreported: int = 0

    @classmethod
    def of(cls, program: int, n_cases: int, limits: Limits, known: Mapping[int, Execution]) -> Row:
        """Begin a row of which some executions may be known."""
        row = cls(program, [known.get(case) for case in range(n_cases)], limits)
        row._advance()
        return row

    @property
    def hopeless(self) -> bool:
        """Whether so many cases timed out that the later ones are not run."""
        return self.timeouts >= HOPELESS

    def left(self) -> list[int]:
        """List the cases that must still be run, in order."""
        if self.hopeless:
            return []
        cases = range(self._unknown, len(self.found))
        return [j for j in cases if self.found[j] is None and j not in self.open]

    def put(self, case: int, execution: Execution) -> None:
        """Take the execution of a case, unless one is known."""
        self.open.pop(case, None)
        if self.found[case] is None:
            self.found[case] = execution
            self._advance()

    def put_all(self, cases: Sequence[int], executions: Sequence[Execution | None]) -> None:
        """Take executions of several cases of which nothing is known; None stays so."""
        for case, execution in zip(cases, executions, strict=True):
            if self.found[case] is None:
                self.found[case] = execution
        self._advance()

    def leave_open(self, case: int, answer: str) -> None:
        """Take an answer that waits for a decision."""
        if self.found[case] is None:
            self.open[case] = answer
            self._advance()

    def put_rest(self, execution: Execution) -> None:
        """Take one execution for all cases that are left, as when the import failed."""
        for case in self.left():
            self.put(case, execution)

    def reports(self) -> Iterator[Report]:
        """Yield what is known up to the first case that is not, each once."""
        found = self.found
        for case in range(self._unreported, len(found)):
            execution = NOT_RUN if self.hopeless and case >= self._unknown else found[case]
            if execution is None:
                return
            self._unreported = case + 1
            yield case, execution

    def _advance(self) -> None:
        """Pass over what is known; runs for every pair, hence plain."""
        found, at = self.found, self._unknown
        while at < len(found) and self.timeouts < HOPELESS:
            execution = found[at]
            if execution is None:
                if at not in self.open:
                    break
            elif execution.outcome is Outcome.TIMEOUT:
                self.timeouts += 1
            at += 1
        self._unknown = at

    def fate(self, fate: str, where: str = "") -> Execution:
        """Make the execution of a process that ended without an answer.

        Args:
            fate: "exit N", "timeout", "signal N" or "wall".
            where: what stands before the detail.
        """
        if fate == "timeout":
            detail = f"does not end within {self.limits.cpu:g} s of CPU time"
            return Execution(Outcome.TIMEOUT, where + detail)
        if fate == "wall":
            detail = f"nothing happened for {self.limits.wall:g} s"
            return Execution(Outcome.TIMEOUT, where + detail)
        kind, _, number = fate.partition(" ")
        how = f"with status {number}" if kind == "exit" else f"by signal {number}"
        return Execution(Outcome.CRASH, f"{where}the process ended {how} before its verdict")


def import_failed(execution: Execution) -> Execution:
    """Make of a failed import what every case of the program gets."""
    return Execution(
        Outcome.ERROR,
        f"import: {execution.detail}",
        raised=execution.raised,
        digest=execution.digest,
    )
