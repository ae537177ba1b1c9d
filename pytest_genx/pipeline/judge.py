"""Executions -> a ranking, and with the user's answers a better one.

Puts questions, and has each answer run as an anchor; decides nothing about what is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pytest_genx.domain import (
    Answered,
    Candidate,
    Case,
    Execution,
    Oracle,
    Question,
    Target,
    Weakness,
)
from pytest_genx.interfaces import Ranker
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.pipeline.answers import MAX_QUESTIONS, answer_case, with_answer
from pytest_genx.pipeline.clusters import ask_about
from pytest_genx.pipeline.score import is_broken_anchor, to_matrix
from pytest_genx.pipeline.weak import names_of, weaknesses, weights

Cross = Callable[[Sequence[Candidate], Sequence[Case]], list[list[Execution]]]
Ask = Callable[[Question], str | None]  # gives an expression, or None for no answer


@dataclass(frozen=True, slots=True)
class Judged:
    """A ranking with all that went into it, answers of the user included."""

    cases: list[Case]
    executions: list[list[Execution]]
    matrix: PassMatrix
    ranking: Ranking
    weak: list[Weakness | None]
    question: Question | None  # which is still open
    answered: tuple[Answered, ...] = ()
    notes: tuple[str, ...] = ()


def rank(
    target: Target,
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
    *,
    ranker: Ranker,
    oracle: Oracle,
) -> tuple[PassMatrix, Ranking, list[Weakness | None]]:
    """Make the pass matrix, weigh its cases, and rank.

    Args:
        target: what is under test.
        candidates: rows.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
        ranker: scores both sides.
        oracle: what is trusted.
    """
    matrix = to_matrix(candidates, cases, executions)
    echoes = matrix.incumbent is not None and oracle is not Oracle.CODE
    weak = weaknesses(cases, names_of(target), matrix.passed, echoes=echoes)
    matrix = replace(matrix, weights=weights(weak))
    return matrix, ranker(matrix), weak


def judge(
    target: Target,
    candidates: Sequence[Candidate],
    cases: list[Case],
    executions: list[list[Execution]],
    *,
    ranker: Ranker,
    oracle: Oracle,
    cross: Cross,
    ask: Ask | None = None,
) -> Judged:
    """Rank, ask the user about what that leaves open, and rank again with each answer.

    Args:
        target: what is under test.
        candidates: rows.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
        ranker: scores both sides.
        oracle: what is trusted; with `CODE` nothing is open.
        cross: runs candidates against cases.
        ask: puts a question; None where nobody is there to answer.
    """
    answered: list[Answered] = []
    notes: list[str] = []
    trusted = oracle is Oracle.CODE
    while True:
        matrix, ranking, weak = rank(
            target, candidates, cases, executions, ranker=ranker, oracle=oracle
        )
        known = (cases, executions, matrix, ranking)
        settled = {one.question.call for one in answered if one.given}
        asked = {one.question.call for one in answered}
        question = None if trusted else ask_about(candidates, *known, asked)
        if question is None or ask is None or len(answered) == MAX_QUESTIONS:
            # what the user skipped is still open
            open_ = None if trusted else ask_about(candidates, *known, settled)
            return Judged(*known, weak, open_, tuple(answered), tuple(notes))
        given = ask(question) or ""
        answered.append(Answered(question, given))
        if not given:
            notes.append(f"not answered: what {question.call} should give")
            continue
        answer = answer_case(question, given, cases)
        column = [row[0] for row in cross(candidates, [answer])]
        if all(is_broken_anchor(answer, execution) for execution in column):
            notes.append(f"your answer {given} could not be run: {column[0].detail}")
            continue
        cases, executions = with_answer(answer, column, cases, executions)
