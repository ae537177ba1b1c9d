"""Samples that were no use, and why -> what is sent back, once, with the error.

A coder's sample that is no implementation or cannot be imported; a case of a tester's that no
candidate can run, all for the same reason. What it does not do: ask, or look whether it helped.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from pytest_genx.domain import Candidate, Case, Followup, Outcome, Role, Sample, Stage, Target
from pytest_genx.pipeline.parts import Work
from pytest_genx.syntax.definition import definition_head
from pytest_genx.syntax.source import clean, fenced, spoken

MOST = 4  # of each role, for a target
LONG = 1500  # characters of a sample that are shown
_MESSAGE = 200  # characters of an error


def repairs(
    target: Target,
    samples: Sequence[Sample],
    work: Work,
    errors: Mapping[str, str],
    *,
    extract_candidates: Callable[[Sequence[Sample], Target], Sequence[Candidate]],
    extract_cases: Callable[[Sequence[Sample], Target], Sequence[Case]],
) -> list[Followup]:
    """Pick at most `MOST` samples of each role.

    Args:
        target: what is under test.
        samples: those that may be sent back.
        work: what all samples came to.
        errors: why programs of candidates cannot be imported.
        extract_candidates: makes candidates of samples.
        extract_cases: makes cases of them.
    """
    unusable = broken_cases(work, errors)
    found: dict[tuple[Role, str, str], str] = {}
    for sample in samples:
        answer, why = sample.text[:LONG].rstrip(), ""
        if sample.role is Role.CODER:
            made = extract_candidates([sample], target)
            why = errors.get(made[0].program, "") if made else reason(sample.text, target)
        else:
            cases = [case.source for case in extract_cases([sample], target)]
            answer = next((source for source in cases if source in unusable), "")
            why = unusable.get(answer, "")
        if why and answer.strip() and len(answer) <= LONG:
            found.setdefault((sample.role, sample.backend, answer), why)
    return [
        Followup(
            role,
            Stage.REPAIR,
            {"answer": answer, "error": " ".join(why.split())[:_MESSAGE]},
            n=1,
            first=i,
            backend=backend,
        )
        for wanted in Role
        for i, ((role, backend, answer), why) in enumerate(
            [item for item in found.items() if item[0][0] is wanted][:MOST]
        )
    ]


def broken_cases(work: Work, errors: Mapping[str, str]) -> dict[str, str]:
    """Map cases that no candidate can run, all for the same reason, to that reason.

    What comes from running code, an example, or a case that expects an exception is none.

    Args:
        work: candidates, cases and executions.
        errors: by program, of candidates that cannot be imported; they say nothing of a case.
    """
    rows = [
        row
        for candidate, row in zip(work.candidates, work.executions, strict=True)
        if candidate.program not in errors
    ]
    found = {}
    for j, case in enumerate(work.cases):
        meant = case.expectation is not None and case.expectation.raises is not None
        seen = {(row[j].outcome, row[j].detail) for row in rows}
        if case.anchor or case.corrected or meant or len(seen) != 1:
            continue
        outcome, detail = seen.pop()
        if outcome is Outcome.ERROR and detail:
            found[case.source] = detail
    return found


def reason(text: str, target: Target) -> str:
    """Say why a sample is no implementation: where it does not parse, or that it is none."""
    blocks, _ = fenced(clean(spoken(text)))
    code = blocks[0] if blocks else text
    if not blocks and text[:1].isspace():
        code = f"{definition_head(target.source)}\n{text}"
    try:
        ast.parse(code)
    except SyntaxError as error:
        where = f" in {error.text.strip()!r}" if error.text and error.text.strip() else ""
        return f"SyntaxError: {error.msg}{where}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{type(error).__name__}: {error}"
    return f"it does not define {target.name}"
