"""What a worker is told to do at once, and what its frames say about it.

Bookkeeping alone: frames in, executions into rows. An order is shared, for several programs
whose cases run in one process; or for one program alone, with a process for each case; or the
import of a package, of which the result is the same for every program.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_genx.sandboxes.channel import Frame, find_frame
from pytest_genx.sandboxes.row import Row, import_failed
from pytest_genx.sandboxes.verdict import Judge, read_free
from pytest_genx.sandboxes.worker.judge import ENDLESS
from pytest_genx.sandboxes.worker.shared import FIRST_CASE, LOADING

_TOKEN_BYTES = 16
UNTOUCHED = "untouched"  # the fate of an order that was not begun, or is to be tried again


@dataclass(slots=True)
class Order:
    """Rows and their cases, and how far the worker is; `at` counts rows or, alone, cases."""

    rows: list[Row]
    cases: list[list[int]]
    kind: str  # "shared", "alone" or "import"
    judge: Judge
    name: str = ""  # of the package that is imported
    packages: Mapping[str, str] = field(default_factory=dict)  # what is known of imports
    token: bytes = field(default_factory=lambda: os.urandom(_TOKEN_BYTES))
    tokens: list[bytes] = field(default_factory=list)
    at: int = 0
    answered: int = 0  # cases of the row in flight, when shared
    imported: bool = False
    found: str = "failed"  # what came of the import
    place: list[int] = field(default_factory=list)  # row and what of it ran last, when shared

    @classmethod
    def shared_by(
        cls,
        rows: Sequence[Row],
        may_share: Sequence[bool],
        judge: Judge,
        packages: Mapping[str, str],
    ) -> Order:
        """Let rows share a process, with those of their cases that may."""
        cases = [[j for j in row.left() if may_share[j]] for row in rows]
        return cls(list(rows), cases, "shared", judge, packages=packages)

    @classmethod
    def importing(cls, name: str, judge: Judge) -> Order:
        """Have a package imported, to know whether candidates can."""
        return cls([], [], "import", judge, name)

    @classmethod
    def alone(cls, row: Row, judge: Judge, most: int | None = None) -> Order:
        """Give a row processes of its own, for so many cases at most."""
        cases = row.left()[:most]
        tokens = [os.urandom(_TOKEN_BYTES) for _ in cases]
        return cls([row], [cases], "alone", judge, tokens=tokens)

    def message(self, programs: Sequence[str]) -> dict[str, object]:
        """Say what a worker must know."""
        common: dict[str, object] = {"do": "run", "kind": self.kind, "token": self.token.hex()}
        if self.kind == "import":
            return {**common, "name": self.name}
        common["programs"] = [programs[row.program] for row in self.rows]
        if self.kind == "shared":
            timeouts = [row.timeouts for row in self.rows]
            return {
                **common, "cases": self.cases, "timeouts": timeouts, "packages": self.packages,
            }  # fmt: skip
        return {
            **common,
            "cases": self.cases[0],
            "tokens": [token.hex() for token in self.tokens],
            "timeouts": self.rows[0].timeouts,
        }

    @property
    def case_token(self) -> bytes:
        """The token of the pair in flight; none when no case has one."""
        return self.tokens[self.at] if self.at < len(self.tokens) else b""

    def take(self, frame: Frame) -> Row | None:
        """Act on what the process of a program says, of its own rows alone.

        Returns:
            The row of which more is known.
        """
        if self.kind == "import":
            if frame.fields in (["import", "ok"], ["import", "slow"]):
                self.found = frame.fields[1] or ""
            return None
        shared = self.kind == "shared"
        row = self.rows[min(self.at, len(self.rows) - 1) if shared else 0]
        match frame.fields:
            case ["row", str(number), str(how), *answers] if shared:
                if number == str(self.at) and self.at < len(self.rows):
                    self._take_row(row, how, [answer or "" for answer in answers])
            case ["imported"]:
                self.imported = True
            case ["failed", str(answer)] if not shared:
                row.put_rest(import_failed(read_free(answer)))
            case ["slow"] if not shared and not self.imported:
                row.put_rest(row.fate("timeout", "import: "))
            case ["ended", str(fate)] if self.at < len(self.tokens):
                answers = find_frame(frame.before, self.case_token)
                self._end_case(row, answers[0] if len(answers) == 1 else None, fate)
            case _:
                return None
        return row

    def stopped(self, fate: str) -> list[Row]:
        """Take that the process is gone, and return the rows of which something is left.

        A case in flight that outlived its program may have written an answer; it is not looked
        at, as its timing would decide.
        """
        if fate == UNTOUCHED:
            pass
        elif self.kind == "alone":
            self._stop_alone(fate)
        elif self.kind == "import" and fate == "timeout":
            self.found = "slow"
        elif self.at < len(self.rows) and not self._stop_in_c(fate):
            self.rows[self.at].alone = fate != "exit 0" or self.at == 0
        return [row for row in self.rows if row.left()]

    def forgive(self) -> bool:
        """Say whether its worker may have died through no fault of the program's: once a row."""
        if self.kind != "alone":
            return False  # a row that shares a process is run alone next, whatever it was
        forgiven, self.rows[0].suspect = self.rows[0].suspect, True
        return not forgiven

    def _take_row(self, row: Row, how: str, answers: list[str]) -> None:
        if how == "failed":
            row.put_rest(import_failed(read_free(answers[0] if answers else "")))
        elif how == "unknown":
            row.unknown = answers[0] if answers else ""
            row.alone = not row.unknown
        elif how == "stuck":
            row.put_rest(row.fate("timeout", "import: "))
        else:
            left = self.cases[self.at][self.answered :]
            self._put_all(row, left, answers[: len(left)])
            self.answered += len(answers)
            if how == "part":
                return
            if how == "slow" and len(answers) < len(left):
                row.put(left[len(answers)], row.fate("timeout"))
            row.alone = how != "slow"  # what is left of it, if anything
        self.at, self.answered = self.at + 1, 0

    def _put_all(self, row: Row, left: Sequence[int], answers: Sequence[str]) -> None:
        """Put what was answered; a case without an answer is to be run alone."""
        cases = left[: len(answers)]
        decide = self.judge.decide
        executions = [
            (decide(case, answer) if answer != ENDLESS else row.fate("timeout")) if answer else None
            for case, answer in zip(cases, answers, strict=True)
        ]
        for case, answer, execution in zip(cases, answers, executions, strict=True):
            if execution is None and answer:
                row.leave_open(case, answer)
        row.put_all(cases, executions)

    def _end_case(self, row: Row, answer: str | None, fate: str) -> None:
        case = self.cases[0][self.at]
        self.at += 1
        if answer is None:
            row.put(case, row.fate(fate))
        else:
            _put(row, case, answer, self.judge)

    def _stop_in_c(self, fate: str) -> bool:
        """Take that the clock killed what did not return to the interpreter, if it was that."""
        if fate != "timeout" or len(self.place) != 2:
            return False
        at, runs = self.place  # what was said of rows before it may not have been written
        if not self.at <= at < len(self.rows):
            return False
        row = self.rows[at]
        if runs == LOADING:
            row.put_rest(row.fate("timeout", "import: "))
        elif runs - FIRST_CASE in self.cases[at]:
            row.put(runs - FIRST_CASE, row.fate("timeout"))
        else:
            return False
        return True

    def _stop_alone(self, fate: str) -> None:
        row = self.rows[0]
        if not self.imported:
            row.put_rest(row.fate(fate, "import: "))
        elif self.at < len(self.tokens) and not row.hopeless:
            row.put(self.cases[0][self.at], row.fate(fate))


def _put(row: Row, case: int, answer: str, judge: Judge) -> None:
    execution = judge.decide(case, answer)
    if execution is None:
        row.leave_open(case, answer)
    else:
        row.put(case, execution)
