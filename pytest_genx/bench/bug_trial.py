"""One problem with one current code: what is suspected, and whether rightly.

The stages are the product's own. Samples come from elsewhere, and correct code is at hand,
which the stages never see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pytest_genx.domain import Candidate, Case, Execution, Finding, Oracle
from pytest_genx.interfaces import Ranker
from pytest_genx.pipeline.extract import merge
from pytest_genx.pipeline.score import credible, to_matrix
from pytest_genx.pipeline.suspect import find
from pytest_genx.pipeline.weak import weaknesses, weights

CORRECT = "correct"  # the kind of a trial whose current code is right
FEW = 3  # distinct candidates; fewer are not much of a consensus
MISSED = (
    "no case that is valid fails on the code",
    "only cases that are wrong are suspected",
    f"fewer than {FEW} candidates pass any case that would do",
    "candidates pass one, and the ranking does not believe it",
)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A case that a finding is about, and whether the correct code passes it."""

    source: str
    valid: bool
    anchor: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one current code.

    Args:
        problem: name of the problem.
        kind: `CORRECT`, or what is wrong with the code: an operator, or the name of a set.
        solvable: whether some candidate is correct; None when nothing tells.
        suspicions: one a finding, most certain first.
        exposed: how many cases the correct code passes and the current one fails: what there
            was to be found.
        support: distinct candidates that pass the best supported of those.
    """

    problem: str
    kind: str
    solvable: bool | None
    suspicions: tuple[Suspicion, ...]
    exposed: int
    support: int

    @property
    def detected(self) -> bool:
        """A bug is suspected, by a case that is valid."""
        return self.kind != CORRECT and any(one.valid for one in self.suspicions)

    @property
    def alarmed(self) -> bool:
        """A bug is suspected in correct code."""
        return self.kind == CORRECT and bool(self.suspicions)

    @property
    def missed(self) -> str:
        """Why a bug was not detected, one of `MISSED`; "" when it was, or there is none."""
        if self.kind == CORRECT or self.detected:
            return ""
        if self.exposed == 0:
            return MISSED[0]
        if self.suspicions:
            return MISSED[1]
        return MISSED[2] if self.support < FEW else MISSED[3]


def suspect(
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
    ranker: Ranker,
    name: str,
) -> list[Finding]:
    """Say what the product suspects of the current code, nothing being trusted.

    Args:
        candidates: rows, the incumbent among them.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
        ranker: scores both sides.
        name: of the function.
    """
    matrix = to_matrix(candidates, cases, executions)
    matrix = replace(matrix, weights=weights(weaknesses(cases, {name}, matrix.passed)))
    voices = credible(matrix, cases, executions)
    return find(matrix, ranker(matrix), cases, executions, voices, Oracle.CONSENSUS)


def rows_with(
    program: str,
    row: Sequence[Execution],
    candidates: Sequence[Candidate],
    rows: Sequence[Sequence[Execution]],
) -> tuple[list[Candidate], list[Sequence[Execution]]]:
    """Put the current code in front of the candidates; it absorbs one that equals it.

    Args:
        program: the current code.
        row: its executions, `[n_cases]`.
        candidates: distinct ones, of whole programs.
        rows: their executions.
    """
    incumbent = Candidate(program, program, "incumbent", incumbent=True)
    merged = merge([incumbent, *candidates])
    by_program = {c.program: r for c, r in zip(candidates, rows, strict=True)}
    # its count is that of the candidate it absorbed, as in a run
    return merged, [row, *(by_program[c.program] for c in merged[1:])]


def judged(
    problem: str,
    kind: str,
    suspected: Iterable[Case],
    cases: Sequence[Case],
    *,
    correct: Sequence[bool],
    current: Sequence[bool],
    agree: Sequence[int],
    solvable: bool | None,
) -> Trial:
    """Compare findings with what the correct code does on the same cases.

    Args:
        problem: name of the problem.
        kind: what is wrong with the current code.
        suspected: the cases of the findings, all of them among `cases`.
        cases: columns.
        correct: `[n_cases]`, whether the correct code passes each.
        current: `[n_cases]`, whether the current code does.
        agree: `[n_cases]`, how many distinct candidates do, the incumbent aside.
        solvable: whether some candidate is correct.
    """
    valid = {case.source: ok for case, ok in zip(cases, correct, strict=True)}
    exposed = [j for j, ok in enumerate(correct) if ok and not current[j]]
    return Trial(
        problem,
        kind,
        solvable,
        tuple(Suspicion(case.source, valid[case.source], case.anchor) for case in suspected),
        len(exposed),
        max((agree[j] for j in exposed), default=0),
    )


def accept_what_passes(trial: Trial) -> Trial:
    """The policy of others: a case that fails on the current code is thrown away.

    What is left is kept, and nothing that the current code fails is ever told to anyone.
    """
    return replace(trial, suspicions=())
