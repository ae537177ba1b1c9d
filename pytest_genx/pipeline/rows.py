"""Matrix, ranking and choice -> the record of one target; wording of values only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_genx.domain import (
    Answered,
    Candidate,
    Case,
    Execution,
    Finding,
    Prompt,
    Question,
    Sample,
    Stage,
    Target,
)
from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.records import (
    CandidateRow,
    CaseRow,
    FindingRow,
    PromptMade,
    SampleTaken,
    TargetDone,
)


def prompt_made(name: str, prompt: Prompt, stage: Stage) -> PromptMade:
    """Say what models are asked."""
    shown = (prompt.digest, prompt.text, prompt.messages)
    return PromptMade(name, prompt.role.value, stage.value, *shown)


def sample_taken(
    name: str, sample: Sample, prompt: Prompt, stage: Stage, first: int
) -> SampleTaken:
    """Say what a model gave; `first` is of the request that asked for it."""
    return SampleTaken(
        name,
        sample.role.value,
        sample.backend,
        sample.seed,
        sample.text,
        sample.tokens,
        sample.logprob,
        stage.value,
        prompt.digest,
        sample.cut,
        first,
    )


def target_done(
    name: str,
    target: Target,
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
    matrix: PassMatrix,
    ranking: Ranking,
    *,
    findings: Sequence[Finding],
    chosen: Sequence[int],
    reasons: Sequence[str],
    notes: Sequence[str],
    question: Question | None = None,
    answered: Sequence[Answered] = (),
) -> TargetDone:
    """Say all that is known of a target.

    Args:
        name: the target as records name it.
        target: what was under test.
        candidates: rows.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
        matrix: made from the three above.
        ranking: scores of both sides.
        findings: suspected bugs among the cases.
        chosen: columns that are kept.
        reasons: for each column why it was not.
        notes: sentences for people.
        question: what would settle the ranking, where it is unsure.
        answered: what was put to the user.
    """
    proposal = _proposal(target, matrix, ranking)
    nothing = ["no candidate passes every example: nothing is proposed"]
    return TargetDone(
        name,
        candidates=_candidate_rows(candidates, matrix, ranking),
        cases=_case_rows(cases, matrix, ranking, executions, chosen, reasons),
        outcomes=tuple("".join(e.outcome.value for e in row) for row in executions),
        findings=tuple(
            FindingRow(
                cases.index(f.case),
                _rounded(f.score),
                f.supporters,
                f.observed,
                f.reason,
                _rounded(f.probability),
                f.expected,
                f.anchors,
            )
            for f in findings
        ),
        proposal=proposal,
        notes=(*notes, *(nothing if target.is_stub and proposal is None else [])),
        question=question,
        answered=tuple(answered),
    )


def _proposal(target: Target, matrix: PassMatrix, ranking: Ranking) -> int | None:
    """Row of the implementation to propose for a stub: the best of those that may be.

    It passes something, and every example there is: whoever writes an example means it.
    """
    if not target.is_stub:
        return None
    may_be = matrix.passed.any(axis=1)
    if matrix.anchors is not None:
        may_be &= matrix.passed[:, matrix.anchors].all(axis=1)
    if not may_be.any():
        return None
    return int(np.where(may_be, ranking.candidate_scores, -1.0).argmax())


def _candidate_rows(
    candidates: Sequence[Candidate], matrix: PassMatrix, ranking: Ranking
) -> tuple[CandidateRow, ...]:
    return tuple(
        CandidateRow(
            candidate.source,
            candidate.origin,
            candidate.count,
            candidate.incumbent,
            _rounded(ranking.candidate_scores[i]),
            int(matrix.passed[i].sum()),
        )
        for i, candidate in enumerate(candidates)
    )


def _case_rows(
    cases: Sequence[Case],
    matrix: PassMatrix,
    ranking: Ranking,
    executions: Sequence[Sequence[Execution]],
    chosen: Sequence[int],
    reasons: Sequence[str],
) -> tuple[CaseRow, ...]:
    current = matrix.incumbent
    return tuple(
        CaseRow(
            case.source,
            case.imports,
            case.origin,
            case.count,
            case.corrected,
            case.anchor,
            _rounded(ranking.case_scores[j]),
            int(matrix.passed[:, j].sum()),
            executions[current][j].outcome.value if current is not None else "",
            j in chosen,
            "" if j in chosen else reasons[j],
        )
        for j, case in enumerate(cases)
    )


def _rounded(score: float) -> float:
    """Six places: what a person or a file needs, and the same on every processor."""
    return round(float(score), 6)
