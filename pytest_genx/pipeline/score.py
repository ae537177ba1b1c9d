"""Executions -> pass matrix, and who has a voice in it; ranking and findings are made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_genx.domain import Candidate, Case, Execution, Outcome
from pytest_genx.matrix import Bools, Ints, PassMatrix

MIN_SHARED = 2  # different values that a credible candidate returns where the code does too,
MIN_WRITTEN = 2  # or where a case as written expects them

# An anchor that dies of these was cut out of its surroundings; it says nothing of the code.
_BROKEN_ANCHOR = ("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError", "FixtureError")


def to_matrix(
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
) -> PassMatrix:
    """Turn outcomes into the pass matrix: only PASS counts as passing.

    Args:
        candidates: rows.
        cases: columns.
        executions: `[n_candidates][n_cases]`.
    """
    passed, observed, erred = to_arrays(executions, len(cases))
    incumbents = [i for i, candidate in enumerate(candidates) if candidate.incumbent]
    return PassMatrix(
        passed,
        np.array([candidate.count for candidate in candidates], dtype=np.int64),
        np.array([case.count for case in cases], dtype=np.int64),
        observed=observed,
        anchors=np.array([case.anchor for case in cases], dtype=np.bool_),
        incumbent=incumbents[0] if incumbents else None,
        erred=erred,
    )


def to_arrays(
    executions: Sequence[Sequence[Execution]], n_cases: int
) -> tuple[Bools, Ints | None, Bools]:
    """Turn executions into arrays.

    Args:
        executions: `[n_candidates][n_cases]`.
        n_cases: told apart, for there may be no candidates.

    Returns:
        `passed`, `observed` and `erred` of a `PassMatrix`; no observations at all are None.
    """
    shape = (len(executions), n_cases)
    passed, erred = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    observed = np.full(shape, -1, dtype=np.int64)
    digests: dict[str, int] = {}
    for i, row in enumerate(executions):
        for j, execution in enumerate(row):
            passed[i, j] = execution.outcome is Outcome.PASS
            erred[i, j] = execution.outcome not in (Outcome.PASS, Outcome.FAIL)
            if execution.digest is not None:
                observed[i, j] = digests.setdefault(execution.digest, len(digests))
    return passed, observed if digests else None, erred


def is_broken_anchor(case: Case, execution: Execution) -> bool:
    """Say whether an anchor failed for want of its surroundings, not because of the code."""
    if not case.anchor or execution.outcome in (Outcome.PASS, Outcome.FAIL):
        return False
    return execution.outcome is not Outcome.ERROR or execution.detail.startswith(_BROKEN_ANCHOR)


def without_broken_anchors(
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    executions: Sequence[Sequence[Execution]],
) -> tuple[list[Case], list[list[Execution]], int]:
    """Leave out anchors that cannot run on the current code, and say how many those were."""
    rows = [row for c, row in zip(candidates, executions, strict=True) if c.incumbent]
    usable = [
        j for j, case in enumerate(cases) if not rows or not is_broken_anchor(case, rows[0][j])
    ]
    kept = [[row[j] for j in usable] for row in executions]
    return [cases[j] for j in usable], kept, len(cases) - len(usable)


def credible(
    matrix: PassMatrix, cases: Sequence[Case], executions: Sequence[Sequence[Execution]]
) -> Bools:
    """Say which candidates have shown that they compute something that is asked for.

    A small model's candidates often share a mistake, such as refusing every input or returning
    the same for all. Who returned neither several values that the code returns as well nor
    several that the tester expected has no voice against the code. An anchor that some
    candidate passes must be passed as well.

    Args:
        matrix: the pass matrix.
        cases: columns.
        executions: `[n_candidates][n_cases]`.

    Returns:
        `[n_candidates] bool`; False for the incumbent, all False without one.
    """
    voices = np.zeros(len(executions), dtype=np.bool_)
    if matrix.incumbent is None:
        return voices
    current = executions[matrix.incumbent]
    for i, row in enumerate(executions):
        shared = {
            mine.digest
            for mine, theirs in zip(row, current, strict=True)
            if mine.digest is not None and mine.digest == theirs.digest and mine.raised is None
        }
        written = {
            case.expectation.value
            for case, mine in zip(cases, row, strict=True)
            if case.expectation and not case.corrected and mine.outcome is Outcome.PASS
        }
        enough = len(shared) >= MIN_SHARED or len(written - {None}) >= MIN_WRITTEN
        voices[i] = enough and i != matrix.incumbent
    if matrix.anchors is not None:
        # an anchor that nothing passes says more about the anchor than about the candidates
        passable = matrix.anchors & matrix.passed.any(axis=0)
        voices &= matrix.passed[:, passable].all(axis=1)
    return voices
