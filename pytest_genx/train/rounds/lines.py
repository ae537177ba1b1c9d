"""What running a problem gave -> lines of the artefacts, and back to what the filter reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_genx.domain import Execution, Outcome
from pytest_genx.train.rounds.execute import Executed
from pytest_genx.train.rounds.problems import Problem
from pytest_genx.train.rounds.store import Line

CASES, CODES, OUTCOMES = "cases.parquet", "codes.parquet", "outcomes.parquet"


def executed_line(problem: Problem, done: Executed) -> Line:
    """Write one problem: cases, codes, and outcomes as letters, useful cases first."""
    return {
        "problem": problem.id,
        "cases": [
            {
                "written": j.written.source,
                "count": j.written.count,
                "outcome": j.outcome.value,
                "call": j.written.expectation.call if j.written.expectation else None,
                "corrected": j.corrected.source if j.corrected else None,
                "status": j.status,
            }
            for j in done.cases
        ],
        "codes": [{"source": code.source, "count": code.count} for code in done.codes],
        "silent": done.silent,
        "unreadable": done.unreadable,
        "useful": done.n_useful,
        "tests": done.n_tests,
        "reference": letters(done.reference),
        "mutants": [letters(row) for row in done.mutant_rows],
        "code_rows": [letters(row) for row in done.code_rows],
    }


def split(lines: Iterable[Line]) -> Iterator[tuple[Line, Line, Line]]:
    """Split each line into those of the three files."""
    for line in lines:
        head = {"problem": line["problem"]}
        cases = {**head, "cases": line["cases"], "silent": line["silent"]}
        codes = {**head, "codes": line["codes"], "unreadable": line["unreadable"]}
        rest = ("useful", "tests", "reference", "mutants", "code_rows")
        yield cases, codes, {**head, **{key: line[key] for key in rest}}


def filter_line(problem: Problem, cases: Line, codes: Line, outcomes: Line) -> Line:
    """Join a problem's lines into what `accept` takes.

    Original tests that the reference itself fails say nothing of a code and are left out.
    """
    useful = outcomes["useful"]
    end = useful + outcomes["tests"]
    stub = problem.target.is_stub
    letters_ = outcomes["reference"][:end]
    good = [j for j, letter in enumerate(letters_) if stub or letter == Outcome.PASS.value]
    found = zip(codes["codes"], outcomes["code_rows"], strict=True)
    return {
        "problem": problem.id,
        "cases": cases["cases"],
        "silent": cases["silent"],
        "unreadable": codes["unreadable"],
        "mutants": [row[:useful] for row in outcomes["mutants"] if _differs(row, outcomes)],
        "codes": [{**code, "outcomes": "".join(row[j] for j in good)} for code, row in found],
        "known": [problem.target.source],
        "trusted": not stub,
        "consensus": [row[end:] for row in outcomes["code_rows"]] if stub else [],
    }


def sound_tests(problem: Problem, outcomes: Line) -> list[str]:
    """Original tests that the reference passes."""
    row = outcomes["reference"][outcomes["useful"] :]
    return [
        case.source
        for case, letter in zip(problem.tests, row, strict=False)
        if letter == Outcome.PASS.value
    ]


def letters(row: Sequence[Execution]) -> str:
    """Outcomes of a row, a letter each."""
    return "".join(execution.outcome.value for execution in row)


def _differs(row: str, outcomes: Line) -> bool:
    """A mutant that no test and no case tells from the reference may be no fault at all."""
    return row != str(outcomes["reference"])
