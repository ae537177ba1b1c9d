"""What the frames of one program mean: a row of executions, reported in the order of the cases.

Pure bookkeeping: no process is touched here, so every way a program can end is a method call.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pytest_genx.domain import HOPELESS, Execution, Limits, Outcome

_TOKEN_BYTES = 16
_FIELDS = 6

Report = tuple[int, Execution]


@dataclass(slots=True)
class Row:
    """One program and how far it is; `next` is the place of the case in flight, once imported.

    `cases` are the numbers of those to run, all when none are given.
    """

    program: int
    n_cases: int
    limits: Limits
    cases: Sequence[int] = ()
    next: int = 0
    timeouts: int = 0
    imported: bool = False
    token: bytes = b""
    tokens: list[bytes] = field(default_factory=list)

    def launch(self) -> dict[str, object]:
        """Draw fresh tokens, and say what a worker must know to go on with this row."""
        self.imported = False
        self.token = os.urandom(_TOKEN_BYTES)
        self.tokens = [os.urandom(_TOKEN_BYTES) for _ in range(self.next, self.n_cases)]
        return {
            "token": self.token.hex(),
            "tokens": [token.hex() for token in self.tokens],
            "cases": list(self.cases or range(self.n_cases))[self.next :],
            "timeouts": self.timeouts,
        }

    @property
    def case_token(self) -> bytes:
        """The token of the pair in flight; none is left once all are reported."""
        left = self.n_cases - self.next
        return self.tokens[-left] if left else b""

    def ended(self, fate: str, verdict: Execution | None) -> Iterator[Report]:
        """Take that the process of the case in flight ended, and the verdict it wrote, if any."""
        if self.next < self.n_cases:
            yield self._advance(verdict or self._fate(fate))

    def failed(self, execution: Execution | None) -> Iterator[Report]:
        """Take that the import failed, which decides all cases that are left."""
        while execution is not None and self.next < self.n_cases:
            yield self._advance(execution)

    def stopped(self, fate: str) -> Iterator[Report]:
        """Take that the program's process is gone; cases may be left for another one.

        A case in flight that outlived it may have written a verdict; it is not looked at, as
        its timing would decide.

        Args:
            fate: "exit N", "timeout", "signal N" or "wall".
        """
        if not self.imported:
            yield from self.failed(self._fate(fate, "import: "))
        elif self.next < self.n_cases and self.timeouts < HOPELESS:
            yield self._advance(self._fate(fate))
        if self.timeouts >= HOPELESS:
            detail = f"not run: {HOPELESS} cases before it timed out"
            yield from self.failed(Execution(Outcome.TIMEOUT, detail))

    def _advance(self, execution: Execution) -> Report:
        self.timeouts += execution.outcome is Outcome.TIMEOUT
        self.next += 1
        place = self.next - 1
        return self.cases[place] if self.cases else place, execution

    def _fate(self, fate: str, where: str = "") -> Execution:
        """Execution of a process that ended without a verdict."""
        if fate == "timeout":
            detail = f"more than {self.limits.cpu:g} s of CPU time"
            return Execution(Outcome.TIMEOUT, where + detail)
        if fate == "wall":
            detail = f"nothing happened for {self.limits.wall:g} s"
            return Execution(Outcome.TIMEOUT, where + detail)
        kind, _, number = fate.partition(" ")
        how = f"with status {number}" if kind == "exit" else f"by signal {number}"
        return Execution(Outcome.CRASH, f"{where}the process ended {how} before its verdict")


def read_verdict(fields: Sequence[str | None]) -> Execution | None:
    """Make an execution of the fields of a frame; None if they cannot be one."""
    if len(fields) != _FIELDS or fields[0] not in {outcome.value for outcome in Outcome}:
        return None
    letter, detail, value, raised, digest, returned_type = fields
    return Execution(Outcome(letter), detail or "", value, raised, digest, returned_type)
