"""A user's answer -> an anchor, and that anchor among the other cases; asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_genx.domain import ANSWER, Case, Execution, Expectation, Question

MAX_QUESTIONS = 3  # for one target


def answer_case(question: Question, given: str, cases: Sequence[Case]) -> Case:
    """Make the anchor that an answer is: `assert CALL == GIVEN`.

    Args:
        question: what was asked.
        given: an expression.
        cases: those there are; one with the same call says what the call must import.
    """
    operator = "is" if given in {"None", "True", "False"} else "=="
    alike = (c for c in cases if c.expectation and c.expectation.call == question.call)
    return Case(
        f"assert {question.call} {operator} {given}",
        ANSWER,
        Expectation(question.call, value=given),
        imports=next((case.imports for case in alike), ()),
        anchor=True,
    )


def with_answer(
    answer: Case,
    column: Sequence[Execution],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
) -> tuple[list[Case], list[list[Execution]]]:
    """Put an anchor behind all other cases, and take away the one with the same text.

    Args:
        answer: the anchor.
        column: `[n_candidates]`, its executions.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
    """
    same = [j for j, case in enumerate(cases) if case.source == answer.source]
    kept = [j for j in range(len(cases)) if j not in same]
    answer = replace(answer, count=1 + sum(cases[j].count for j in same))
    rows = [
        [*(row[j] for j in kept), execution]
        for row, execution in zip(executions, column, strict=True)
    ]
    return [*(cases[j] for j in kept), answer], rows
